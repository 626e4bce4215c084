// Maitre on a page: loads the engine and the config, and joins the page to it. Nothing is decided here.

import { type Answer, Core, initSync } from './core';
import { now } from './clock';
import { listenToDataLayer, named, plainObject } from './datalayer';
import { hear, hearing } from './listeners';
import { lent } from './lent';
import type { measure } from './measurement';
import { type Handover, Key } from './foreseen';
import { sketched, STYLE } from './offer-element';
import type { overlays } from './overlays';
import { device, pageViews } from './page';
import { type Guard, placements } from './placements';
import type { Needs, signals } from './signals';
import { area, erase, hearNobody, hearOthers, height, type Kept, keepVisit, LADDER, TAB, whenIdle } from './storage';
import { keepProfile } from './tabs';
import type { lookAhead } from './ahead';
import type { Consent, Decision, Explanation, Interest, Maitre, Options, Shown } from './types';

declare const __VERSION__: string;

export type { Consent, Content, Decision, Explanation, Interest, Item, KeptProfile, Maitre, OfferExplanation, Options, Problem, Reason, Shown } from './types';

/** A maître d' that is usable at once, and can be awaited: it resolves, always, when the first decision can be made or never will be. */
export type Started = Maitre & PromiseLike<Maitre>;

let started: Started | undefined;

/**
 * Starts Maitre on this page: fetches the engine and the config, then fills the placements, now and later.
 * Never throws and never rejects: what goes wrong is reported (`on('problem')` and the console), and the fallbacks stay.
 * A page has one maître d': starting again gives the first one.
 */
export const start = (options: Options): Started => (started ??= begin(options ?? {}));

const begin = ({ offers, consent = 'memory', doNotTrack, integrity = {}, wasm, page }: Options): Started => {
  const isUrl = typeof offers === 'string' || offers instanceof URL;
  const { problem, report, decided, on } = hearing(isUrl ? String(offers).replace(/[?#].*$/, '').replace(/^.*\//, '') : 'offers');

  let core: Core | undefined;
  let kept: Kept | undefined;
  /** Parts that are fetched only where they are needed. */
  let measured: ReturnType<typeof measure> | undefined;
  let overlay: ReturnType<typeof overlays> | undefined;
  let watching: ReturnType<typeof signals> | undefined;
  let isBroken = false;
  /** What was kept is known, so the engine may be told; and the first decision is due at once no more. */
  let isReady = false;
  let isDecided = false;
  /** What the inline snippet, where a page has it, placed before this code was there. */
  const { maitreAhead } = window as { maitreAhead?: Handover };
  // An element with that id is none.
  const early = Array.isArray(maitreAhead) ? maitreAhead : undefined;
  let ahead: ReturnType<typeof lookAhead> | undefined;
  /** A hash of what decides. */
  let plan: number | undefined;
  /** Whether the placements are to be decided again, all of them or just those of which nothing was seen. */
  let due: 'all' | 'unseen' | undefined;
  /** What was said before the engine was there. */
  let waiting: (() => void)[] = [];
  /** Outcomes of this page that wait for the engine, as `Key.Told` has them: the page may be left before it is there. */
  let unheard = '';
  const drop = (): void => {
    waiting = [];
    unheard = '';
  };

  /** A trap leaves the engine's memory in any state: it is asked nothing more, and writes nothing more. */
  const broken = (error: unknown): void => {
    if (isBroken) return;
    isBroken = true;
    core = undefined;
    if (height(level) > 1) session.set(ASIDE, `${now()}`);
    local.remove(Key.Ahead);
    kept?.stop();
    watching?.stop();
    overlay?.close();
    drop();
    report(`the engine has stopped: ${error}`, 'the fallbacks stay for this visit');
    refresh(true);
  };
  const guard: Guard = (work) => (...args) => {
    try {
      work(...args);
    } catch (error) {
      broken(error);
    }
  };
  const ask = <T>(question: (core: Core) => T, otherwise: T): T => {
    if (!core || !isReady || level === 'off') return otherwise;
    try {
      pages.settle();
      return question(core);
    } catch (error) {
      broken(error);
      return otherwise;
    }
  };

  /** Tells the core something, has it kept, and, unless it says `false`, has the placements decided again. */
  const tell = (say: (core: Core, time: number) => boolean | void): void => {
    if (level === 'off' || isBroken) return;
    if (!core || !isReady) {
      waiting.push(() => tell(say));
      return;
    }
    pages.settle();
    const isOfMatter = say(core, now()) !== false;
    kept?.after();
    if (isOfMatter) askAgain();
    // A cap is used up, say.
    else ahead?.ask();
  };
  /** Once, however much happens in one go. */
  const askAgain = (all = false): void => {
    if (!due && isDecided) queueMicrotask(decideAgain);
    if (all || !due) due = all ? 'all' : 'unseen';
  };
  const decideAgain = guard(() => {
    const anew = due === 'all';
    due = undefined;
    if (anew) overlay?.close();
    const raised = overlay && ask((core) => core.raise(JSON.stringify(onPage(anew)), now()), undefined);
    if (raised) overlay?.show(raised);
    refresh(anew);
    ahead?.ask();
  });

  const { globalPrivacyControl, doNotTrack: asked } = navigator as { globalPrivacyControl?: boolean; doNotTrack?: string | null };
  const isCapped = globalPrivacyControl === true || (!!doNotTrack && asked === '1');
  const local = area('localStorage');
  const ownWord = (): Consent | null => local.get(OWN) as Consent | null;
  const granted = (wished: Consent): Consent => {
    const wish = height(wished);
    if (wish < 0) report(`\`${named(wished)}\` is no consent level`, `write one of ${LADDER.join(', ')}`);
    const own = ownWord();
    // What can't be read may have been a no.
    const most = isCapped ? 1 : own === null ? 3 : height(own) < 0 ? 1 : height(own);
    return LADDER[wish < 0 ? 1 : Math.min(wish, most)] as Consent;
  };
  const session = area('sessionStorage');
  const own = ownWord() as Consent;
  const wished = consent !== 'own' ? consent : height(own) < 0 ? 'memory' : own;
  let level = granted(wished);
  // A window that the page opens begins with a copy of it.
  let from = session.get(TAB);
  session.remove(TAB);
  const listen = (): void =>
    hearOthers(
      guard((why: Consent | 'forget') => {
        if (why !== 'forget' && height(why) >= height(level)) return;
        kept?.erased();
        if (why === 'forget') forgotten();
        else turn(why);
      }),
    );
  listen();
  if (level === 'off' || level !== wished) erase(level);

  const pages = pageViews((view) => {
    watching?.leave();
    // What was shown belonged to the page before.
    overlay?.close();
    tell((core, time) => core.page(JSON.stringify(view), time));
    if (!core) return;
    askAgain(true);
    if (isDecided) fetchParts();
    watching?.again();
    measured?.again();
    ahead?.again();
  }, guard);

  if (page && page !== 'head') pages.said(plainObject(page));

  const unknown = (placement: string): void => report(`placement \`${named(placement)}\` is not in the config`, 'add it to `placements`, or correct its name where it is used');
  /** With those of the page before, which may be written late by a process of its own. */
  const told = (): string => (session.get(Key.Told) ?? '') + unheard;
  let isLeft = false;
  const leave = (): void => {
    isLeft = true;
    if (!unheard || isReady || height(level) < 2) return;
    session.set(Key.Told, told());
    // What was foreseen knows nothing of them.
    session.set(Key.Ahead, '0');
    unheard = '';
  };
  /** Until the page is there again, if it was left: it may run for a while yet, but what it learns then is lost. */
  const whileLeft = async (): Promise<void> => {
    while (isLeft) await new Promise((resolve) => hear(window, 'pageshow', resolve, { once: true }));
  };
  // Listeners of a window are called in the order they came, and storage closes with its own.
  let left = (): void => {};
  hear(window, 'pagehide', () => {
    left();
    leave();
    hearNobody();
  });
  const outcome = (offer: string, kind: string, placement: string): void => {
    if (isReady) tellOutcome(offer, kind, placement);
    else if (!isBroken && level !== 'off') unheard += `\n${offer}\n${kind}\n${placement}`;
  };
  const tellOutcome = (offer: string, kind: string, placement: string): void => tell((core, time) => core.outcome(offer, kind, time, placement));
  const shown = (placement: string, offers: readonly Shown[]): void => decided(decision(placement, offers));
  const { refresh, showing, onPage, adopt } = placements({
    fill(asked) {
      const answers = ask<Answer[]>((core) => core.fill(asked, now()), []);
      for (const { placement, known } of answers) {
        if (known === false) unknown(placement);
      }
      return answers;
    },
    outcome,
    shown,
    plan: () => plan,
    report,
    guard,
  });
  if (early) {
    guard(adopt)(early, told().split('\n').filter((_, i) => i && i % 3 === 0));
    if (level === 'off') refresh(true);
  }

  const keep = (): void => {
    kept?.stop();
    kept = undefined;
    if (!core) return;
    const keeper = { core, guard, report, changed: () => askAgain(), forgotten, lowered: (wished: Consent) => void (height(wished) < height(level) && turn(wished)) };
    if (level === 'profile') {
      kept = keepProfile(keeper, from);
      from = null;
    }
    if (level === 'visit') kept = keepVisit(keeper);
  };

  /** Changes the level; what lies above it is erased already. */
  const turn = (next: Consent): void => {
    const before = level;
    level = next;
    if (next === 'off') drop();
    if (!core || next === before) return;
    const isDown = height(next) < height(before);
    kept?.stop();
    if (isDown) core.forget();
    keep();
    if (next === 'off') {
      watching?.stop();
      overlay?.close();
    }
    if (isDown || before === 'off') pages.again();
    askAgain();
    foresee();
  };

  /** The visitor may have said otherwise since, in another tab. */
  const abide = (): void => turn(granted(level));

  const forgotten = (): void => {
    drop();
    core?.forget();
    if (core) askAgain(true);
  };

  /** What is on the page beside. */
  const beside = (): string => JSON.stringify(onPage());

  const amend = guard((topic: string, to: boolean | number) =>
    tell((core, time) => {
      if (!core.amend(named(topic), to, time)) report(`no rule asks about the topic \`${named(topic)}\`${typeof to === 'number' ? `, or ${to} is no score` : ''}`, 'correct its name');
    }),
  );

  const maitre: Maitre = {
    track: guard((event, params = {}) => {
      const said = plainObject(params);
      if (event === 'page_view') pages.said(said);
      else tell((core, time) => core.observe(named(event), JSON.stringify(said), time));
    }),
    set: guard((user) => {
      const said = JSON.stringify(plainObject(user));
      tell((core, time) => core.user(said, time));
    }),
    decide: (placement) => {
      const { offers, known } = ask<Pick<Answer, 'offers' | 'known'>>((core) => core.decide(named(placement), beside(), now()), { offers: [] });
      if (known === false) unknown(placement);
      return decision(placement, offers);
    },
    explain(placement) {
      const nothing = { placement, take: 0, shows: [], offers: [] };
      const found = ask<Explanation | null>((core) => core.explain(named(placement), beside(), now()), nothing);
      if (!found) report('a plan gives no explanations', 'load the config itself to ask why');
      const explanation = found ?? nothing;
      const present = overlay?.showing(placement) ?? showing(placement);
      return present ? { ...explanation, onPage: present } : explanation;
    },
    interests: () => ask<Interest[]>((core) => core.interests(now()), []),
    mute: (topic, isMuted = true) => amend(topic, !!isMuted),
    correct: (topic, score) => amend(topic, typeof score === 'number' ? score : Number.NaN),
    kept: () => ({ consent: level, isCapped, profile: ask((core) => core.known(), ''), offers, wasm, integrity }),
    consent: guard((wished, isOwn) => {
      const isKnown = height(wished) >= 0;
      if (isOwn && isKnown) local.set(OWN, wished);
      const next = granted(wished);
      // A slip must not erase what the visitor agreed to keep.
      if (!isKnown) return;
      erase(next);
      // There may be room only now.
      if (isOwn) local.set(OWN, wished);
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
  hear(
    window,
    'pageshow',
    guard(({ persisted }: PageTransitionEvent) => {
      isLeft = false;
      if (!persisted) return;
      listen();
      kept?.resume();
      abide();
      if (isReady) pages.again();
    }),
  );

  const load = async (): Promise<void> => {
    // Written by this version or an older one, on a page before.
    if (now() - Number(session.get(ASIDE)) < VISIT) throw failure('its engine stopped on a page before', 'the fallbacks stay for this visit');
    if (!offers) throw failure('there is no config', 'give `offers`, or write `data-offers` on the tag');
    const isPlan = isUrl && PLAN.test(String(offers));
    const own = isPlan ? new URL('./maitre-plan.wasm', import.meta.url) : new URL('./maitre.wasm', import.meta.url);
    let [module, source] = await Promise.all([
      engine(wasm ?? own, integrity.wasm),
      isUrl ? fetched(offers, 'correct the address of the config', integrity.offers).then(bytesOf) : new TextEncoder().encode(JSON.stringify(offers)),
    ]);
    // What is pinned is to be that, or nothing.
    if (isPlan && !integrity.offers && !HEAD.every((byte, i) => byte === source[i])) {
      const config = String(offers).replace(PLAN, '.json$1');
      report(`${offers} is not a plan of this version`, `build it anew; until then ${config} is read`);
      [module, source] = await Promise.all([
        engine(new URL('./maitre.wasm', import.meta.url)),
        fetched(config, 'put the config beside the plan').then(bytesOf),
      ]);
    }
    // Each of these is a task of its own, for the page to go on in between.
    initSync({ module });
    await pause();
    // The zone at hand: its name would cost a date format.
    const made = new Core(source, '');
    if (!made.isReadable()) throw failure(`${offers} is damaged`, 'build it anew');
    // A plan ends with its own checksum.
    if (early) plan = hashOf(isPlan ? source.slice(-8) : source);
    await pageIsThere(!!page);
    await whileLeft();
    if (isBroken) return;
    for (const found of made.problems() ?? []) problem(found);
    made.device(JSON.stringify(device()));
    abide();
    core = made;
    keep();
    await pause();
    await whileLeft();
    if (isBroken) return;
    isReady = true;
    pages.settle();
    for (const say of waiting.splice(0)) say();
    const outcomes = early ? told().split('\n') : [];
    for (let i = 1; i < outcomes.length; i += 3) {
      const [offer, kind, placement] = outcomes.slice(i) as [string, string, string];
      tellOutcome(offer, { true: 'dismissed', false: 'clicked' }[kind] ?? kind, placement);
    }
    unheard = '';
    if (early) session.remove(Key.Told);
    await pause();
    isDecided = true;
    if (due) decideAgain();
    await pause();
    if (isBroken) return;
    await fetchParts();
    foresee();
  };
  const needs = (): Needs | undefined => ask<Needs | undefined>((core) => core.needs(), undefined);
  /** What the config asks for beyond placements, if it isn't there yet. */
  const fetchParts = async (): Promise<void> => {
    const asked = needs();
    if (!asked) return;
    const { signals: points, events, overlays: isOver } = asked;
    const fetching: Promise<void>[] = [];
    const part = <T>(name: string, found: Promise<T>, begin: (part: T) => void): void =>
      void fetching.push(found.then(guard(begin), () => report(`\`${name}.js\` can't be fetched`, 'put it beside the script')));
    if (!overlay && isOver) {
      part('overlays', import('./overlays'), ({ overlays }) => {
        overlay ??= overlays({ outcome, shown, report, guard, lent });
        askAgain();
      });
    }
    if (!watching && Object.values(points).some((point) => point === true || (point as unknown[]).length)) {
      part('signals', import('./signals'), ({ signals }) => {
        watching ??= signals({ needs, tell: (kind, value) => tell((core, time) => core.signal(kind, value, time)), whenLeft: (heard) => (left = heard), guard });
        watching.again();
      });
    }
    if (!measured && events.some((event) => MEASURED.test(event))) part('measurement', import('./measurement'), ({ measure }) => void (measured ??= measure({ events, track: maitre.track, guard })));
    await Promise.all(fetching);
  };
  /** Looks ahead, where the page has the snippet, and from when something may be kept. */
  const foresee = (): void => {
    if (!early || ahead || !core || height(level) < 2) return;
    void import('./ahead').then(
      guard(({ lookAhead }) => {
        ahead = lookAhead({ core: () => core, level: () => level, now, area, whenIdle, hear, guard, plan: plan as number, style: STYLE, render: sketched, view: pages.view, onPage });
        ahead.again();
      }),
      () => report("`ahead.js` can't be fetched", 'put it beside the script'),
    );
  };
  const ready = load()
    .catch((error) => {
      core = undefined;
      const remedy = error.remedy ?? "allow `'wasm-unsafe-eval'` in the CSP's `script-src`, if it has one";
      report(`Maitre can't start: ${error instanceof Error ? error.message : error}`, remedy);
      isBroken = true;
      refresh(true);
    })
    .then(() => maitre);

  return { ...maitre, then: (...args: Parameters<typeof ready.then>) => ready.then(...args) } as Started;
};

/** What `measurement.ts` may tell. */
const MEASURED = /^(scroll|click|file_download|form_(start|submit)|video_(start|progress|complete)|view_search_results)$/;

/** Where the visitor's own word is kept, beyond which no page goes (localStorage); not among what is erased. */
const OWN = 'maitre-consent';
/** Where a page leaves it for the next ones that the engine has stopped, and when, in sessionStorage; and for how long that counts, in ms. */
const ASIDE = 'maitre:aside';
const VISIT = 18e5;

/** What a plan's address ends with. */
const PLAN = /\.plan($|[?#])/;
/** What a plan of this version begins with: its kind, and the version's length and letters. */
const HEAD = new TextEncoder().encode(`MTR${String.fromCharCode(__VERSION__.length)}${__VERSION__}`);

/** FNV-1a, of whatever decides. */
const hashOf = (bytes: Uint8Array): number => bytes.reduce((hash, byte) => Math.imul(hash ^ byte, 0x01000193), 0x811c9dc5);

/** A page may do with it what it likes: what offers say is not in there, but a copy. */
const decision = (placement: string, offers: readonly Shown[]): Decision => ({
  placement,
  offer: offers[0]?.id ?? null,
  offers: offers.map(({ id, content }) => ({ id, content: { ...content } })),
});

/** What keeps Maitre from starting, and what to do about it. */
const failure = (what: string, remedy: string): Error => Object.assign(new Error(what), { remedy });

const fetched = async (url: string | URL, remedy: string, integrity = ''): Promise<Response> => {
  // Browsers pass over what is no hash.
  if (integrity && !/^\s*(sha(256|384|512)-[\w+/=]{43,}\s*)+$/.test(integrity)) throw failure(`\`${integrity}\` is no hash`, 'write `sha384-…`');
  const response = await fetch(url, { credentials: 'same-origin', integrity }).catch(() => undefined);
  if (!response?.ok) throw failure(`${url} ${response ? `answered ${response.status}` : "can't be fetched"}`, integrity ? `${remedy}; or correct its hash` : remedy);
  return response;
};

const bytesOf = async (response: Response): Promise<Uint8Array> => {
  const bytes = new Uint8Array(await response.arrayBuffer());
  // Many servers answer with a page what they don't have.
  if (bytes.find((byte) => byte > 32) === 60) throw failure(`${response.url} is HTML, not JSON`, 'correct the address of the config');
  return bytes;
};

/** Lets the page do what is due. */
const pause = (): Promise<unknown> =>
  (window as { scheduler?: { yield?(): Promise<void> } }).scheduler?.yield?.() ?? new Promise((resolve) => setTimeout(resolve));

const engine = (url: string | URL, integrity?: string): Promise<WebAssembly.Module> =>
  fetched(url, 'put the `.wasm` files beside the script, or say where it is with `wasm`', integrity).then(compiled);

const compiled = async (response: Response): Promise<WebAssembly.Module> =>
  // Servers that don't know the type of Wasm are common.
  response.headers.get('content-type')?.startsWith('application/wasm')
    ? WebAssembly.compileStreaming(response)
    : WebAssembly.compile(await response.arrayBuffer());

/** Until the page has been parsed (its JSON-LD may come last), or just its head where that says all, and is really visited, not just prerendered. */
const pageIsThere = async (isInHead: boolean): Promise<void> => {
  const until = (type: string): Promise<unknown> => new Promise((resolve) => hear(document, type, resolve, { once: true }));
  if ((document as { prerendering?: boolean }).prerendering) await until('prerenderingchange');
  if (isInHead) {
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (!document.body) return;
        growth.disconnect();
        resolve();
      };
      const growth = new MutationObserver(look);
      growth.observe(document, { childList: true, subtree: true });
      look();
    });
  } else if (document.readyState === 'loading') await until('DOMContentLoaded');
};
