// What a page leaves for the next one to show before its first paint (written by `ahead.ts`), and how the inline snippet
// (`snippet.ts`), which shows it, hands it over to the page. Types and names alone: they cost the page nothing.

/** Keys in storage. */
export const enum Key {
  /** `Foreseen`. Another form needs another name: the snippet in a page may be older. */
  Ahead = 'maitre:ahead',
  /**
   * In sessionStorage: outcomes that wait for an engine, since none was there before the page was left. After what comes first, for
   * each a line feed and three lines: the offer, `true` if it was dismissed (or else the outcome), and the placement.
   */
  Told = 'maitre:ahead1',
}

/** An element: its name, its attributes, what is in its shadow if it has one, and what is in it. */
export type Tree = [tag: string, attributes: Record<string, string>, shadow: (Tree | string)[] | 0, ...inside: (Tree | string)[]];

/** What each placement of a page shows: its `data-maitre`, and the keys of its trees. */
export type Shows = Record<string, [state: 'offer' | 'fallback', ...keys: string[]]>;

export type Foreseen = [
  /** Until when it may be used, in ms since the epoch. */
  until: number,
  /** A hash of the config or plan that it was decided by. */
  plan: number,
  /** The style of the built-in templates. */
  style: string,
  /** What is in the shadow of a placement. */
  slots: Tree[],
  trees: Record<string, Tree>,
  /** By address, without the fragment; `0` is any other page. */
  pages: Record<string, Shows>,
];

/** What the snippet leaves in `window.maitreAhead`. */
export type Handover = [
  /** The offers that it placed, and when (ms since the epoch). */
  placed: Map<HTMLElement, number>,
  /** Places what the parser adds; `p` is the hash of the plan that was decided by. */
  added: MutationObserver & { p?: number },
];
