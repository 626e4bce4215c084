// Maitre on a page: loads the engine and the config, and joins the page to it. Nothing is decided here.

import { Core, initSync } from './core';
import { now } from './clock';
import { listenToDataLayer, plainObject } from './datalayer';
import { hearing } from './listeners';
import { device, pageViews } from './page';
import { type Answer, type Guard, placements } from './placements';
import { erase, height, type Kept, keepVisit, LADDER } from './storage';
import { keepProfile } from './tabs';
import type { Consent, Decision, Explanation, Maitre, Options, Problem, Shown } from './types';

export type { Consent, Content, Decision, Explanation, Item, Maitre, OfferExplanation, Options, Problem, Reason, Shown } from './types';

/** A maître d' that is usable at once, and can be awaited: it resolves, always, when the first decision can be made or never will be. */
export type Started = Maitre & PromiseLike<Maitre>;

let started: Started | undefined;

/**
 * Starts Maitre on this page: fetches the engine and the config, then fills the placements, now and later.
 * Never throws and never rejects: what goes wrong is reported (`on('problem')` and the console), and the fallbacks stay.
 * A page has one maître d': starting again gives the first one.
 */
export const start = (options: Options): Started => (started ??= begin(options ?? {}));

const begin = ({ offers, consent = 'memory', wasm = new URL('./maitre.wasm', import.meta.url) }: Options): Started => {
  const isUrl = typeof offers === 'string' || offers instanceof URL;
  const { problem, report, decided, on } = hearing(isUrl ? String(offers).replace(/[?#].*$/, '').replace(/^.*\//, '') : 'offers');

  let core: Core | undefined;
  let kept: Kept | undefined;
  let isBroken = false;
  /** Whether the placements are to be decided again, all of them or just those of which nothing was seen. */
  let due: 'all' | 'unseen' | undefined;
  /** What was said before the engine was there. */
  let waiting: (() => void)[] = [];

  /** A trap leaves the engine's memory in any state: it is asked nothing more, and writes nothing more. */
  const broken = (error: unknown): void => {
    if (isBroken) return;
    isBroken = true;
    core = undefined;
    kept?.stop();
    waiting = [];
    report(`the engine has stopped: ${error}`, 'the fallbacks stay until the page is loaded again');
    refresh(true);
  };
  const guard: Guard = (work) => (...args) => {
    try {
      work(...args);
    } catch (error) {
      broken(error);
    }
  };
  const ask = <T>(question: (core: Core) => string, otherwise: T): T => {
    if (!core || level === 'off') return otherwise;
    try {
      pages.settle();
      return JSON.parse(question(core)) as T;
    } catch (error) {
      broken(error);
      return otherwise;
    }
  };

  /** Tells the core something, has it kept, and has the placements decided again. */
  const tell = (say: (core: Core, time: number) => void): void => {
    if (level === 'off' || isBroken) return;
    if (!core) {
      waiting.push(() => tell(say));
      return;
    }
    pages.settle();
    kept?.before();
    say(core, now());
    kept?.after();
    askAgain();
  };
  /** Once, however much happens in one go. */
  const askAgain = (all = false): void => {
    if (!due) {
      queueMicrotask(
        guard(() => {
          const anew = due === 'all';
          due = undefined;
          refresh(anew);
        }),
      );
    }
    if (all || !due) due = all ? 'all' : 'unseen';
  };

  const granted = (wished: Consent): Consent => {
    if (height(wished) < 0) report(`\`${String(wished)}\` is no consent level`, `write one of ${LADDER.join(', ')}`);
    const isPrivate = (navigator as { globalPrivacyControl?: boolean }).globalPrivacyControl === true;
    return height(wished) < 0 || (isPrivate && height(wished) > 1) ? 'memory' : wished;
  };
  let level = granted(consent);
  if (level === 'off' || level !== consent) erase(level);

  const pages = pageViews((view) => {
    tell((core, time) => core.page(JSON.stringify(view), time));
    // What was shown belonged to the page before.
    if (core) askAgain(true);
  }, guard);

  const decide = (placement: string): Answer & { known?: boolean } =>
    ask((core) => core.decide(String(placement), now()), { offers: [], fallback: null });

  const { refresh, showing } = placements({
    decide(placement) {
      const answer = decide(placement);
      if (answer.known === false) report(`placement \`${placement}\` is not in the config`, 'add it to `placements`, or correct `data-placement`');
      return answer;
    },
    outcome: (offer, kind) => tell((core, time) => core.outcome(offer, kind, time)),
    shown: (placement, offers) => decided(decision(placement, offers)),
    report,
    guard,
  });

  const keep = (): void => {
    kept?.stop();
    kept = undefined;
    if (!core) return;
    const keeper = { core, guard, report, changed: () => askAgain(), forgotten, lowered: (wished: Consent) => void (height(wished) < height(level) && turn(wished)) };
    if (level === 'profile') kept = keepProfile(keeper);
    if (level === 'visit') kept = keepVisit(keeper);
  };

  /** Changes the level; what lies above it is erased already. */
  const turn = (next: Consent): void => {
    const before = level;
    level = next;
    if (next === 'off') waiting = [];
    if (!core || next === before) return;
    const isDown = height(next) < height(before);
    kept?.stop();
    if (isDown) core.forget();
    keep();
    if (isDown || before === 'off') pages.again();
    askAgain();
  };

  const forgotten = (): void => {
    waiting = [];
    core?.forget();
    if (core) askAgain(true);
  };

  const maitre: Maitre = {
    track: guard((event, params = {}) => {
      const said = plainObject(params);
      if (event === 'page_view') pages.said(said);
      else tell((core, time) => core.observe(String(event), JSON.stringify(said), time));
    }),
    set: guard((user) => {
      const said = JSON.stringify(plainObject(user));
      tell((core, time) => core.user(said, time));
    }),
    decide: (placement) => decision(placement, decide(placement).offers),
    explain(placement) {
      const explanation = ask<Explanation>((core) => core.explain(String(placement), now()), { placement, take: 0, shows: [], offers: [] });
      const onPage = showing(placement);
      return onPage ? { ...explanation, onPage } : explanation;
    },
    consent: guard((wished) => {
      const next = granted(wished);
      // A slip must not erase what the visitor agreed to keep.
      if (height(wished) < 0) return;
      erase(next);
      turn(next);
    }),
    forget: guard(() => {
      kept?.stop();
      erase('off', 'forget');
      forgotten();
      keep();
    }),
    on,
  };

  listenToDataLayer(maitre.track);
  addEventListener(
    'pageshow',
    guard(({ persisted }: PageTransitionEvent) => {
      if (!persisted || !core) return;
      kept?.resume();
      pages.again();
    }),
  );

  const load = async (): Promise<void> => {
    if (!offers) throw new Failure('there is no config', 'give `offers`, or write `data-offers` on the tag');
    // Both fetches begin in the same tick.
    const [module, config] = await Promise.all([
      fetched(wasm, 'put `maitre.wasm` beside the script, or say where it is with `wasm`').then(compiled),
      isUrl ? fetched(offers, 'correct the address of the config').then(textOf) : JSON.stringify(offers),
      pageIsThere(),
    ]);
    if (isBroken) return;
    initSync({ module });
    core = new Core(config, Intl.DateTimeFormat().resolvedOptions().timeZone ?? '');
    for (const found of JSON.parse(core.problems()) as Problem[]) problem(found);
    core.device(JSON.stringify(device()));
    keep();
    pages.settle();
    for (const say of waiting.splice(0)) say();
  };
  const ready = load()
    .catch((error) => {
      core = undefined;
      const remedy = error instanceof Failure ? error.remedy : "allow `'wasm-unsafe-eval'` in the CSP's `script-src`, if it has one";
      report(`Maitre can't start: ${error instanceof Error ? error.message : error}`, remedy);
      isBroken = true;
      refresh(true);
    })
    .then(() => maitre);

  return { ...maitre, then: (...args: Parameters<typeof ready.then>) => ready.then(...args) } as Started;
};

const decision = (placement: string, offers: Shown[]): Decision => ({ placement, offer: offers[0]?.id ?? null, offers });

/** What keeps Maitre from starting, and what to do about it. */
class Failure extends Error {
  constructor(
    what: string,
    readonly remedy: string,
  ) {
    super(what);
  }
}

const fetched = async (url: string | URL, remedy: string): Promise<Response> => {
  const response = await fetch(url, { credentials: 'same-origin' }).catch(() => undefined);
  if (!response?.ok) throw new Failure(`${url} ${response ? `answered ${response.status}` : "can't be fetched"}`, remedy);
  return response;
};

const textOf = async (response: Response): Promise<string> => {
  const text = await response.text();
  // Many servers answer with a page what they don't have.
  if (text.trimStart().startsWith('<')) throw new Failure(`${response.url} is HTML, not JSON`, 'correct the address of the config');
  return text;
};

const compiled = async (response: Response): Promise<WebAssembly.Module> =>
  // Servers that don't know the type of Wasm are common.
  response.headers.get('content-type')?.startsWith('application/wasm')
    ? WebAssembly.compileStreaming(response)
    : WebAssembly.compile(await response.arrayBuffer());

/** Until the page has been parsed (its JSON-LD may come last) and is really visited, not just prerendered. */
const pageIsThere = async (): Promise<void> => {
  const until = (target: EventTarget, type: string): Promise<unknown> =>
    new Promise((resolve) => target.addEventListener(type, resolve, { once: true }));
  if ((document as { prerendering?: boolean }).prerendering) await until(document, 'prerenderingchange');
  if (document.readyState === 'loading') await until(document, 'DOMContentLoaded');
};
