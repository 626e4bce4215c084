// Maitre on a page: loads the engine and the config, and joins the page to it. Nothing is decided here.

import { Core, initSync } from './core';
import { now } from './clock';
import { listenToDataLayer, plainObject } from './datalayer';
import { hearing } from './listeners';
import { measure } from './measurement';
import { overlays, type Raised } from './overlays';
import { device, pageViews } from './page';
import { type Answer, type Guard, placements } from './placements';
import { type Needs, signals } from './signals';
import { erase, height, type Kept, keepVisit, LADDER } from './storage';
import { keepProfile } from './tabs';
import type { Consent, Decision, Explanation, Interest, Maitre, Options, Problem, Shown } from './types';

declare const __VERSION__: string;

export type { Consent, Content, Decision, Explanation, Interest, Item, Maitre, OfferExplanation, Options, Problem, Reason, Shown } from './types';

/** A maître d' that is usable at once, and can be awaited: it resolves, always, when the first decision can be made or never will be. */
export type Started = Maitre & PromiseLike<Maitre>;

let started: Started | undefined;

/**
 * Starts Maitre on this page: fetches the engine and the config, then fills the placements, now and later.
 * Never throws and never rejects: what goes wrong is reported (`on('problem')` and the console), and the fallbacks stay.
 * A page has one maître d': starting again gives the first one.
 */
export const start = (options: Options): Started => (started ??= begin(options ?? {}));

const begin = ({ offers, consent = 'memory', wasm }: Options): Started => {
  const isUrl = typeof offers === 'string' || offers instanceof URL;
  const { problem, report, decided, on } = hearing(isUrl ? String(offers).replace(/[?#].*$/, '').replace(/^.*\//, '') : 'offers');

  let core: Core | undefined;
  let kept: Kept | undefined;
  let measured: ReturnType<typeof measure> | undefined;
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
    watching.stop();
    overlay.close();
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

  /** Tells the core something, has it kept, and, unless it says `false`, has the placements decided again. */
  const tell = (say: (core: Core, time: number) => boolean | void): void => {
    if (level === 'off' || isBroken) return;
    if (!core) {
      waiting.push(() => tell(say));
      return;
    }
    pages.settle();
    kept?.before();
    const isOfMatter = say(core, now()) !== false;
    kept?.after();
    if (isOfMatter) askAgain();
  };
  /** Once, however much happens in one go. */
  const askAgain = (all = false): void => {
    if (!due) {
      queueMicrotask(
        guard(() => {
          const anew = due === 'all';
          due = undefined;
          if (anew) overlay.close();
          const raised = ask<Raised | null>((core) => core.raise(JSON.stringify(onPage(anew)), now()), null);
          if (raised) overlay.show(raised);
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

  const watching = signals({
    needs: () => ask<Needs | undefined>((core) => core.needs(), undefined),
    tell: (kind, value) => tell((core, time) => core.signal(kind, value, time)),
    guard,
  });

  const pages = pageViews((view) => {
    watching.leave();
    // What was shown belonged to the page before.
    overlay.close();
    tell((core, time) => core.page(JSON.stringify(view), time));
    if (!core) return;
    askAgain(true);
    watching.again();
    measured?.again();
  }, guard);

  const unknown = (placement: string): void => report(`placement \`${String(placement)}\` is not in the config`, 'add it to `placements`, or correct its name where it is used');
  const outcome = (offer: string, kind: string, placement: string): void => tell((core, time) => core.outcome(offer, kind, time, placement));
  const shown = (placement: string, offers: Shown[]): void => decided(decision(placement, offers));
  const overlay = overlays({ outcome, shown, report, guard });
  const { refresh, showing, onPage } = placements({
    fill(asked) {
      const answers = ask<(Answer & { placement: string; known?: boolean })[]>((core) => core.fill(JSON.stringify(asked), now()), []);
      for (const { placement, known } of answers) {
        if (known === false) unknown(placement);
      }
      return answers;
    },
    outcome,
    shown,
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
    if (next === 'off') {
      watching.stop();
      overlay.close();
    }
    if (isDown || before === 'off') pages.again();
    askAgain();
  };

  const forgotten = (): void => {
    waiting = [];
    core?.forget();
    if (core) askAgain(true);
  };

  /** What is on the page beside. */
  const beside = (): string => JSON.stringify(onPage());

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
    decide: (placement) => {
      const { offers, known } = ask<Answer & { known?: boolean }>((core) => core.decide(String(placement), beside(), now()), { offers: [], fallback: null });
      if (known === false) unknown(placement);
      return decision(placement, offers);
    },
    explain(placement) {
      const nothing = { placement, take: 0, shows: [], offers: [] };
      const found = ask<Explanation | null>((core) => core.explain(String(placement), beside(), now()), nothing);
      if (!found) report('a plan gives no explanations', 'load the config itself to ask why');
      const explanation = found ?? nothing;
      const present = overlay.showing(placement) ?? showing(placement);
      return present ? { ...explanation, onPage: present } : explanation;
    },
    interests: () => ask<Interest[]>((core) => core.interests(now()), []),
    mute: guard((topic, isMuted = true) =>
      tell((core, time) => {
        if (!core.mute(String(topic), isMuted, time)) report(`no rule asks about the topic \`${String(topic)}\``, 'correct its name');
      }),
    ),
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
    const isPlan = isUrl && PLAN.test(String(offers));
    const own = isPlan ? new URL('./maitre-plan.wasm', import.meta.url) : new URL('./maitre.wasm', import.meta.url);
    let [module, source] = await Promise.all([
      engine(wasm ?? own),
      isUrl ? fetched(offers, 'correct the address of the config').then(bytesOf) : new TextEncoder().encode(JSON.stringify(offers)),
      pageIsThere(),
    ]);
    if (isPlan && !HEAD.every((byte, i) => byte === source[i])) {
      const config = String(offers).replace(PLAN, '.json$1');
      report(`${offers} is not a plan of this version`, `build it anew; until then ${config} is read`);
      [module, source] = await Promise.all([
        engine(new URL('./maitre.wasm', import.meta.url)),
        fetched(config, 'put the config beside the plan').then(bytesOf),
      ]);
    }
    if (isBroken) return;
    initSync({ module });
    core = new Core(source, Intl.DateTimeFormat().resolvedOptions().timeZone ?? '');
    if (!core.isReadable()) throw new Failure(`${offers} is damaged`, 'build it anew');
    for (const found of (JSON.parse(core.problems()) ?? []) as Problem[]) problem(found);
    core.device(JSON.stringify(device()));
    keep();
    pages.settle();
    for (const say of waiting.splice(0)) say();
    const events = ask<Needs | undefined>((core) => core.needs(), undefined)?.events ?? [];
    measured = measure({ events, track: maitre.track, guard });
    // Also when the first page view had to wait.
    watching.again();
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

/** What a plan's address ends with. */
const PLAN = /\.plan($|[?#])/;
/** What a plan of this version begins with: its kind, and the version's length and letters. */
const HEAD = new TextEncoder().encode(`MTR${String.fromCharCode(__VERSION__.length)}${__VERSION__}`);

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

const bytesOf = async (response: Response): Promise<Uint8Array> => {
  const bytes = new Uint8Array(await response.arrayBuffer());
  // Many servers answer with a page what they don't have.
  if (bytes.find((byte) => byte > 32) === 60) throw new Failure(`${response.url} is HTML, not JSON`, 'correct the address of the config');
  return bytes;
};

const engine = (url: string | URL): Promise<WebAssembly.Module> =>
  fetched(url, 'put the `.wasm` files beside the script, or say where it is with `wasm`').then(compiled);

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
