// The public types of the package: what a page hands in, and what it is handed back.

/**
 * How much may be remembered of a visitor, and where; each level includes those before it.
 *
 * - `off`: nothing is observed and nothing decided; every placement keeps its fallback.
 * - `memory`: this page only; nothing is written to the device. The default.
 * - `visit`: this tab's visit, in sessionStorage.
 * - `profile`: between visits and shared by all tabs of the site, in localStorage and IndexedDB.
 *
 * Global Privacy Control (and Do Not Track, with `doNotTrack`) caps the level at `memory`, whatever the page says. Going down erases at once what lies above.
 */
export type Consent = 'off' | 'memory' | 'visit' | 'profile';

/**
 * What an offer shows: plain data, never markup. A built-in template (`card`, `banner`, `text`; over the page `modal`, `bar`, `toast`) reads the fields named here;
 * a template of the page (`template` is then the id of its `<template>`) reads whatever fields it names.
 */
export interface Content {
  /** `card` (or `inline`), `banner`, `text`, in overlays also `modal`, `bar`, `toast`; or the id of a `<template>` of the page. */
  template: string;
  /** A short headline. */
  title?: string;
  /** A sentence or two. */
  text?: string;
  /** Where the image is: an `https:` URL or a path of this site. */
  image?: string;
  /** What the image says to those who can't see it; `""` when the image is decoration. */
  alt?: string;
  /** The words of the link. */
  cta?: string;
  /** Where the link leads: an `https:` URL, a path of this site, `mailto:` or `tel:`. */
  link?: string;
  /** The label of the close button (`Dismiss` when left out); `false` for none. */
  dismiss?: string | boolean;
  [field: string]: string | number | boolean | null | undefined;
}

/** One offer that was chosen, with what it shows. */
export interface Shown {
  /** The offer's id, as in the config. */
  id: string;
  content: Content;
}

/** Which offers a placement shows. Deciding changes nothing: a cap is used up by an exposure. */
export interface Decision {
  /** The placement's name. */
  placement: string;
  /** The id of the first offer, or null for the fallback. */
  offer: string | null;
  /** All chosen offers, best first: none for the fallback, at most as many as the placement takes. */
  offers: Shown[];
}

/** A topic the visitor may care for. */
export interface Interest {
  /** Its name, as in the config. */
  topic: string;
  /** Its name for the visitor's eyes. */
  title: string;
  /** Faded to now. */
  score: number;
  /** The visitor wants it left alone: it counts for nothing and collects nothing. */
  muted: boolean;
}

/** One thing that held, or did not, when an offer was looked at. */
export interface Reason {
  /** Which of the offer's rules this is about. */
  check: 'eligible' | 'trigger' | 'schedule' | 'cap' | 'rest' | 'pressure' | 'family' | 'page' | 'rank' | 'config';
  /** In plain words. */
  text: string;
  /** Until when it stays so if nothing else happens, in ms since the epoch. */
  until?: number;
}

/** What became of one offer of a placement, and why. */
export interface OfferExplanation {
  /** The offer's id. */
  offer: string;
  /** What it is ranked by: `fit` × `value` × `freshness`. */
  rank: number;
  /** How well it fits the visitor: the figure at its `fit`, 1 without one. */
  fit: number;
  /** What it is worth to site and visitor, weighed by `site.balance`. */
  value: number;
  /** 1 for what was never seen; just seen 0.8, and half of that is made good with each day. */
  freshness: number;
  status: 'shown' | 'outranked' | 'ineligible' | 'untriggered' | 'unscheduled' | 'capped' | 'resting' | 'pressed' | 'skipped' | 'private';
  /** What held. */
  held: Reason[];
  /** What did not. */
  failed: Reason[];
  /** What would have changed the answer, in plain words. */
  change: string;
}

/** Why a placement shows what it would show now. */
export interface Explanation {
  /** The placement's name. */
  placement: string;
  /** How many offers the placement takes; 0 before the engine is there. */
  take: number;
  /** The ids of the offers it would show if it were filled now, best first. */
  shows: string[];
  /**
   * The ids of the offers that the page shows in it at this moment; missing when the page has no such placement. It differs from
   * `shows` where the visitor has seen or closed something, which stays so until the next page view, or a template is missing.
   */
  onPage?: string[];
  /** Every offer of the placement. */
  offers: OfferExplanation[];
}

/** Something that is wrong, where, and what to do about it. */
export interface Problem {
  /** An error leaves something out (an offer, a placement, the engine); a warning doesn't. */
  severity: 'error' | 'warning';
  /** Where in the config, as in `$.offers[0].schedule`; "" when it isn't about the config. */
  path: string;
  /** Line in the config's text, from 1; 0 when it isn't about the config. */
  line: number;
  /** Column in that line, from 1; 0 when it isn't about the config. */
  column: number;
  /** What is wrong. */
  what: string;
  /** What to do instead. */
  remedy: string;
  /** The id of the offer it is about, if it is about one. */
  offer?: string;
}

/** An item of the page, named as in its JSON-LD. */
export interface Item {
  id?: string;
  name?: string;
  category?: string;
  brand?: string;
  /** In the site's currency. */
  price?: number;
}

/** What `start` needs. */
export interface Options {
  /** The config: where it is (relative to the page), or itself as an object. */
  offers: string | URL | object;
  /** The consent level to begin with, `memory` when left out; or `own`: what the visitor said last in `<maitre-privacy>`, and `memory` until then. */
  consent?: Consent | 'own';
  /**
   * What the page is about: then offers can be decided on as soon as its head has been parsed, as each placement comes. Its `kind`,
   * `item` and `title` as with `track('page_view', …)`, or `'head'` when all JSON-LD that it has is in the head. Else the whole page is waited for.
   */
  page?: 'head' | { kind?: string; item?: Item; title?: string };
  /** Where `maitre.wasm` is; beside this module when left out. */
  wasm?: string | URL;
  /** Hashes, as in the `integrity` of a script tag, that the engine (the `.wasm` file) and the config or plan have to have; else nothing starts. */
  integrity?: { wasm?: string | undefined; offers?: string | undefined };
  /** A browser that asks not to be tracked (`navigator.doNotTrack`) is treated like one with Global Privacy Control: nothing beyond `memory`. */
  doNotTrack?: boolean;
}

/** What is kept of a visitor as it is, for `maitre/privacy.js`, which says it in words. */
export interface KeptProfile {
  /** The consent level in force. */
  consent: Consent;
  /** The browser asks for privacy, so the level is `memory` at most. */
  isCapped: boolean;
  /** All that is known, in the engine's own form; "" when that is nothing. */
  profile: string;
  /** What says what it means: the `offers`, `wasm` and `integrity` of the options. */
  offers: string | URL | object;
  wasm?: string | URL | undefined;
  integrity: { wasm?: string | undefined; offers?: string | undefined };
}

/**
 * The maître d' of a page. Usable at once: until the engine is there, what it is told waits its turn and what it is asked is
 * answered with the fallback. None of its methods ever throws, and none makes a network request.
 */
export interface Maitre {
  /**
   * Something happened, named as in GA4 where GA4 has a name. Parameters are plain data; functions, DOM nodes and the like are left out.
   * `page_view` is counted by itself, once for each URL: tracking it only adds `kind`, `item` and `title` to one not counted yet.
   */
  track(event: string, params?: Record<string, unknown>): void;
  /** Which offers the placement would show now. Doesn't show them, and counts nothing. */
  decide(placement: string): Decision;
  /** Why the placement would show that. */
  explain(placement: string): Explanation;
  /** The topics that rules ask about, with what is known of the visitor's interest in them; but for those that are the visitor's own business. */
  interests(): Interest[];
  /** The visitor wants a topic left alone: its score is erased. `false`: not any more; it begins anew. */
  mute(topic: string, isMuted?: boolean): void;
  /** The visitor says how much a topic matters: a score of 0 or more, which fades as any. A muted topic is so no more. */
  correct(topic: string, score: number): void;
  /** What is kept of the visitor, as it is; `maitre/privacy.js` says it in words. */
  kept(): KeptProfile;
  /** What the page knows of the visitor, for conditions on `user.*`; added to what it said before. Stored only where the config's `site.keep` names it. */
  set(user: Record<string, unknown>): void;
  /**
   * What the visitor has agreed to. Anything kept beyond this level is erased at once, in every tab. With `isOwn` it is the visitor's own word,
   * as from `<maitre-privacy>`: no page goes beyond it from now on, until the visitor says otherwise.
   */
  consent(level: Consent, isOwn?: boolean): void;
  /** Erases all that is known of the visitor, in every tab. Consent stays as it is. */
  forget(): void;
  /** Calls `listener` whenever what a placement of the page shows has changed; returns what ends that. */
  on(name: 'decision', listener: (decision: Decision) => void): () => void;
  /** Calls `listener` with every problem; the first such listener also gets those from before. Returns what ends that. */
  on(name: 'problem', listener: (problem: Problem) => void): () => void;
}
