// Made when a page is left, or idle: what the next one will show, as far as that is sure, for the inline snippet to show before the
// first paint. Loaded only where that snippet is on the page and the visitor has agreed to something being kept.

import type { Core } from './core';
import { type Foreseen, Key, type Shows, type Tree } from './foreseen';
import type { hear } from './listeners';
import type { Guard } from './placements';
import type { area, whenIdle } from './storage';
import type { Consent, Content } from './types';

interface Page {
  core(): Core | undefined;
  level(): Consent;
  now(): number;
  area: typeof area;
  whenIdle: typeof whenIdle;
  hear: typeof hear;
  guard: Guard;
  /** A hash of the config or plan. */
  plan: number;
  /** The style of the built-in templates, and the element that an offer is; null where its template is missing. */
  style: string;
  render(content: Content, offer?: string): HTMLElement | null;
  /** The page at hand, as the core knows it, and the names of its placements. */
  view(): { path: string; query: object };
  onPage(): Record<string, unknown>;
}

const MINUTE = 60_000;
/** As much time has to be left to look at one more page, in ms. */
const ROOM = 5;
/** No answer is of use for longer; a visit may end sooner. */
const LASTS = 30 * MINUTE;
/** Of so many pages that may come next: those that the visitor reached for last, then those whose links are in view. */
const LIKELY = 4;

/** What may be put there again without another look: no code, no style, nothing that loads but images. */
const TAG = /^(?!form|style|script|i?frame|embed|object|link|base|meta|source|video|audio|track)[a-z][a-z\d-]*$/;
const ATTRIBUTE = /^(class|part|id|title|alt|role|href|src|type|slot|lang|dir|width|height|loading|decoding|target|rel|hidden|tabindex|name|(aria|data)-[a-z-]+)$/;
const LINK = /^(https?|mailto|tel):/;
/** An address that leads to the same place from every page. */
const FIXED = /^(\/|[a-z][a-z\d+.-]*:)/i;

/** What a placement has in its shadow: what is put into it, or else what the page has there. */
const SLOTS: Tree[] = [['slot', { name: 'maitre' }, 0, ['slot', {}, 0]]];

/** An element as a tree; throws where there is something in it that is not to be put there again. */
const treeOf = (element: Element): Tree => {
  const attributes: Record<string, string> = {};
  if (!TAG.test(element.localName) || element.namespaceURI !== document.documentElement.namespaceURI) throw 0;
  for (const { name, value } of element.attributes) {
    const isLink = name === 'href';
    if (!ATTRIBUTE.test(name) || ((isLink || name === 'src') && !FIXED.test(value))) throw 0;
    attributes[name] = isLink ? new URL(value, document.baseURI).href : value;
    if (isLink && !LINK.test(attributes[name])) throw 0;
  }
  const { shadowRoot } = element;
  return [element.localName, attributes, shadowRoot ? nodes(shadowRoot) : 0, ...nodes(element)];
};
const nodes = ({ childNodes }: ParentNode): (Tree | string)[] =>
  [...childNodes].flatMap<Tree | string>((node) => (node instanceof Element ? [treeOf(node)] : node instanceof Text && node.data ? node.data : []));

const addressOf = (href: string): string => href.split('#', 1)[0] as string;

export const lookAhead = ({ core, level, now, area, whenIdle, hear, guard, plan, style, render, view, onPage }: Page) => {
  /** By offer; null for what can't be kept. */
  const trees = new Map<string, Tree | null>();
  /** Addresses, the likeliest last. */
  let likely: string[] = [];
  let inView: string[] = [];
  /** What is still to be worked out and written; undefined when nothing is due. */
  let work: Generator<undefined> | undefined;
  let isWaiting = false;

  const treeFor = (key: string, content: Content, offer?: string): Tree | null => {
    if (!trees.has(key)) {
      let tree: Tree | null = null;
      try {
        const element = render(content, offer);
        tree = element && treeOf(element);
        const found = JSON.stringify(tree);
        const moves = (value: unknown): boolean =>
          typeof value === 'string' && !FIXED.test(value) && found.includes(JSON.stringify(new URL(value, document.baseURI).href));
        if (Object.values(content).some(moves)) tree = null;
      } catch {
        // The engine will place it.
      }
      trees.set(key, tree);
    }
    return trees.get(key) ?? null;
  };

  /** Looks at one page after another, with a chance to pause after each, then writes. */
  const look = function* (): Generator<undefined> {
    const engine = core();
    const isKept = level() === 'profile';
    if (!engine || (!isKept && level() !== 'visit')) return;
    const used: Record<string, Tree> = {};
    const time = now();
    let lasts = time + LASTS;
    const foresee = (page: object, placements = ''): Shows => {
      const shows: Shows = {};
      const [until, ...answers] = engine.ahead(JSON.stringify(page), placements, time);
      lasts = Math.min(lasts, until);
      for (const { placement, offers, fallback } of answers) {
        const keyed: [string, Content, string?][] = offers.map(({ id, content }) => [id, content, id]);
        if (!offers.length && fallback) keyed.push([`\n${placement}`, fallback]);
        const made = keyed.map(([key, content, offer]) => [key, treeFor(key, content, offer)] as const);
        if (!made.every(([, tree]) => tree)) continue;
        for (const [key, tree] of made) used[key] = tree as Tree;
        shows[placement] = [offers.length ? 'offer' : 'fallback', ...made.map(([key]) => key)];
      }
      return shows;
    };

    const any = foresee({});
    yield;
    const pages: Foreseen[5] = { 0: any };
    const here = addressOf(location.href);
    const add = (address: string, shows: Shows): void => {
      if (JSON.stringify(shows) !== JSON.stringify(any)) pages[address] = shows;
    };
    for (const address of [...new Set([...likely, ...inView])].slice(0, LIKELY)) {
      const { pathname: path, searchParams, host } = new URL(address);
      if (address === here) continue;
      add(address, foresee({ path, host, query: Object.fromEntries(searchParams) }));
      yield;
    }
    // Loaded again, or come back to.
    add(here, foresee(view(), JSON.stringify(Object.fromEntries(Object.keys(onPage()).map((name) => [name, null])))));

    yield;
    const foreseen: Foreseen = [lasts, plan, style, SLOTS, used, pages];
    const [keep, other] = isKept ? (['localStorage', 'sessionStorage'] as const) : (['sessionStorage', 'localStorage'] as const);
    area(other).remove(Key.Ahead);
    if (Object.keys(used).length || Object.keys(any).length) area(keep).set(Key.Ahead, JSON.stringify(foreseen));
    else area(keep).remove(Key.Ahead);
  };

  /** Goes on with what is due, for as long as there is time; without a deadline, to its end. */
  const goOn = guard((deadline?: IdleDeadline) => {
    if (deadline) isWaiting = false;
    while (work && !work.next().done) if (deadline && deadline.timeRemaining() < ROOM) return wait();
    work = undefined;
  });
  const wait = (): void => {
    if (!isWaiting) whenIdle(goOn);
    isWaiting = true;
  };
  const ask = (): void => {
    work = look();
    if (document.hidden) goOn();
    else wait();
  };

  const listen = (types: string[], heard: (event: Event) => void, target: EventTarget = document): void =>
    types.forEach((type) => hear(target, type, guard(heard), { capture: true }));
  listen(['pointerover', 'pointerdown', 'focusin'], ({ target }) => {
    const link = (target as Element).closest?.<HTMLAnchorElement>('a[href]');
    const address = link && addressOf(link.href);
    if (!address || link.origin !== location.origin || likely[0] === address) return;
    likely = [address, ...likely.filter((known) => known !== address)].slice(0, LIKELY);
    ask();
  });
  listen(['visibilitychange'], () => document.hidden && goOn());
  listen(['pagehide'], () => goOn(), window);

  return {
    /** Something may have changed what the next page shows. */
    ask,
    /** Another page view: other links are in view. */
    again: guard(() => {
      const view = new IntersectionObserver(
        guard((entries) => {
          view.disconnect();
          const links = entries.flatMap(({ isIntersecting, target }) => (isIntersecting ? addressOf((target as HTMLAnchorElement).href) : []));
          inView = [...new Set(links)].slice(0, LIKELY);
          ask();
        }),
      );
      for (const link of [...document.links].slice(0, 200)) if (link.origin === location.origin) view.observe(link);
      ask();
    }),
  };
};
