// The ledger: what is kept of the visitor, why, and until when. It is drawn up by the engine that reads configs (src/ledger.rs), which only
// who asks for it fetches.

import { now } from './clock';
import { Core, initSync } from './core';
import type { Consent, KeptProfile, Maitre } from './types';

/** A rule that needs something to be kept; `title` is its name for the visitor's eyes. */
export interface Why {
  /** An offer, an audience, the lifecycle, a limit on all offers together, ranking by what was seen lately, or the site's own wish (`site.keep`). */
  by: 'offer' | 'audience' | 'lifecycle' | 'pressure' | 'freshness' | 'site';
  id?: string;
  title?: string;
}

/** An event, with the parameters it is narrowed by; `values` is empty where more is asked than to be one of some. */
export interface LedgerEvent {
  event: string;
  where: { name: string; values: unknown[] }[];
}

/** What became of an offer: how often, and when last (ms since the epoch), as far as it is kept. */
export interface LedgerOutcome {
  times?: number;
  last?: number;
}

interface Outcomes {
  exposed?: LedgerOutcome;
  clicked?: LedgerOutcome;
  dismissed?: LedgerOutcome;
  converted?: LedgerOutcome;
  raised?: LedgerOutcome;
}

/** One thing that is kept. Times are in ms since the epoch, spans in ms. */
export type LedgerEntry = {
  /** Who asks for it. */
  why: Why[];
  /** When it goes by itself; else with all the rest. */
  until?: number;
} & (
  | { kind: 'visit'; number: number; first: number; last: number }
  /** How the visit began: `fact` is the path that conditions know it by. */
  | { kind: 'arrival'; fact: string; value: string }
  /**
   * What was done. `of` is the parameter that is summed or told apart; of a sequence, whose `figure` is the step reached, it is how many
   * steps there are, and `without` what must not happen in between.
   */
  | {
      kind: 'count';
      what: 'times' | 'sum' | 'max' | 'distinct' | 'sequence' | 'exit_intent' | 'return_to_tab' | 'dwell' | 'scroll' | 'idle';
      events: LedgerEvent[];
      of?: string | number;
      without?: LedgerEvent;
      figure?: number;
      window?: number;
      first?: number;
      last?: number;
    }
  | { kind: 'interest'; topic: string; title: string; score: number; muted: boolean; private: boolean; halfLife: number; events: LedgerEvent[] }
  | { kind: 'stage'; now: string; before: string; since: number }
  | ({ kind: 'offer'; offer: string; title: string } & Outcomes)
  | ({ kind: 'pressure'; placements: string[] } & Outcomes)
  | { kind: 'cart'; items: number; value: number }
  /** What the page said of the visitor. */
  | { kind: 'attribute'; name: string; value: unknown; since: number }
);

/** Everything that is kept. */
export interface Ledger {
  consent: Consent;
  /** When all of it goes unless the visitor comes back; missing when there is nothing. */
  until?: number;
  entries: LedgerEntry[];
  /** How many things are kept that no rule of this config asks for. */
  others: number;
}

class Ledgers extends Core {
  read(config: string, profile: string): Omit<Ledger, 'consent'> {
    return JSON.parse(this.call(34, config, profile, now()));
  }
}

let engine: Promise<Ledgers> | undefined;
const configs = new Map<string, Promise<string>>();

const fetched = async (url: string | URL, integrity = ''): Promise<Response> => {
  const response = await fetch(url, { credentials: 'same-origin', integrity });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response;
};

const PLAN = /\.plan($|[?#])/;

/** Work whose outcome is kept unless it failed. */
const once = <T>(work: Promise<T>, failed: () => void): Promise<T> => {
  work.catch(failed);
  return work;
};

const ledgers = (wasm: string | URL, integrity?: string): Promise<Ledgers> =>
  (engine ??= once(
    fetched(wasm, integrity)
      .then((response) => response.arrayBuffer())
      .then((bytes) => WebAssembly.compile(bytes))
      .then((module) => {
        initSync({ module });
        return new Ledgers(new Uint8Array(), '');
      }),
    () => (engine = undefined),
  ));

const configOf = (offers: KeptProfile['offers'], integrity?: string): Promise<string> => {
  if (typeof offers === 'object' && !(offers instanceof URL)) return Promise.resolve(JSON.stringify(offers));
  const url = String(offers).replace(PLAN, '.json$1');
  const known = configs.get(url);
  if (known) return known;
  const config = once(
    fetched(url, integrity).then((response) => response.text()),
    () => configs.delete(url),
  );
  configs.set(url, config);
  return config;
};

/** All of the ledger, for the visitor's own eyes. Rejects when the config, or the engine that reads it, can't be fetched. */
export const wholeLedger = async (maitre: Pick<Maitre, 'kept'>): Promise<Ledger> => {
  const { offers, wasm, integrity } = maitre.kept();
  const own = new URL('./maitre.wasm', import.meta.url);
  // Of a plan the hashes are those of other files.
  const isPlan = PLAN.test(String(offers));
  const { wasm: engine, offers: config } = isPlan ? {} : integrity;
  const [core, text] = await Promise.all([ledgers(isPlan ? own : (wasm ?? own), engine), configOf(offers, config)]);
  // What is kept may have changed meanwhile.
  const { consent, profile } = maitre.kept();
  return { consent, ...core.read(text, profile) };
};

/**
 * What is kept of the visitor, why, and until when, but for interests in what is nobody's business. Rejects when the config, or the engine
 * that reads it, can't be fetched.
 */
export const ledger = async (maitre: Pick<Maitre, 'kept'>): Promise<Ledger> => {
  const whole = await wholeLedger(maitre);
  return { ...whole, entries: whole.entries.filter((entry) => entry.kind !== 'interest' || !entry.private) };
};
