// What the browser tells of the page and the device, and when the page becomes another one.

import type { Guard } from './placements';
import type { Item } from './types';

/** A page view, as the core takes it. */
export interface PageView {
  /** Without the query. */
  path: string;
  query: Record<string, string>;
  title: string;
  /** The URL the visitor came from, "" when there is none. */
  referrer: string;
  /** This site's host. */
  host: string;
  /** `product`, `category`, `search`, `checkout`, `article`, `page`, or what the page itself says. */
  kind?: string;
  item?: Item;
}

type Json = Record<string, unknown>;

const object = (value: unknown): Json | undefined =>
  value && typeof value === 'object' && !Array.isArray(value) ? (value as Json) : undefined;
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : value == null ? [] : [value]);
const text = (value: unknown): string | undefined =>
  typeof value === 'string' || typeof value === 'number' ? String(value).trim() || undefined : undefined;
/** A name given as such, or as a thing that has one. */
const name = (value: unknown): string | undefined => list(value).map((each) => text(object(each)?.name ?? each)).find(Boolean);
/** An object without what is undefined. */
const known = <T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;

/** What is known of the device: coarse on purpose, nothing that tells one visitor from another. */
export const device = () => {
  const smaller = Math.min(screen.width, screen.height);
  return {
    kind: !matchMedia('(pointer: coarse)').matches ? 'desktop' : smaller < 600 ? 'phone' : 'tablet',
    touch: navigator.maxTouchPoints > 0,
    language: navigator.language,
    saveData: !!(navigator as { connection?: { saveData?: boolean } }).connection?.saveData,
    reducedMotion: matchMedia('(prefers-reduced-motion: reduce)').matches,
  };
};

/** What JSON-LD's types say of a page's kind. The first of them that the page has counts: those that name the page before those that name its subject. */
const KINDS = Object.entries({
  CheckoutPage: 'checkout',
  SearchResultsPage: 'search',
  CollectionPage: 'category',
  Product: 'product',
  ItemList: 'category',
  Article: 'article',
  NewsArticle: 'article',
  BlogPosting: 'article',
  WebSite: 'page',
  WebPage: 'page',
});

const types = (node: Json): string[] => list(node['@type']).map((type) => String(type).replace(/^.*[/#:]/, ''));

/** The things JSON-LD speaks of: also those in a graph, and what a page is mainly about. */
const things = (value: unknown): Json[] =>
  list(value).flatMap((each) => {
    const node = object(each);
    return node ? [node, ...things(node['@graph']), ...things(node.mainEntity)] : [];
  });

const price = (offers: unknown): number | undefined =>
  list(offers)
    .map(object)
    .flatMap((offer) => [offer?.price ?? offer?.lowPrice, ...list(offer?.priceSpecification).map((each) => object(each)?.price)])
    .map((each) => Number(text(each) ?? NaN))
    .find(Number.isFinite);

const tail = (id: string | undefined): string | undefined => {
  const [path, fragment] = id?.split('#') ?? [];
  return path?.split('/').filter(Boolean).pop() ?? fragment;
};

/** A product of JSON-LD as an item. */
const item = (product: Json): Item =>
  known({
    id: text(product.sku) ?? text(product.productID) ?? text(product.mpn) ?? tail(text(product['@id'])),
    name: text(product.name),
    category: name(product.category),
    brand: name(product.brand),
    price: price(product.offers),
  });

/** The page's kind and item from its JSON-LD; broken JSON is passed over. */
const described = (): { kind?: string; item?: Item } => {
  const nodes = [...document.querySelectorAll('script[type="application/ld+json"]')].flatMap((script) => {
    try {
      return things(JSON.parse(script.textContent ?? ''));
    } catch {
      return [];
    }
  });
  const kind = KINDS.find(([type]) => nodes.some((node) => types(node).includes(type)))?.[1];
  const product = kind === 'product' ? nodes.find((node) => types(node).includes('Product')) : undefined;
  return known({ kind, item: product && item(product) });
};

const here = (): string => location.pathname + location.search;
const arrival = (referrer: string) => ({ path: location.pathname, query: Object.fromEntries(new URLSearchParams(location.search)), referrer });

/**
 * Follows the page through its URLs. A page view is held until the task is over (the first one until `settle`), so that the
 * page can change its title, and what it says of the view itself goes with it.
 */
export const pageViews = (count: (view: PageView) => void, guard: Guard) => {
  let url = here();
  let href = location.href;
  let arrived = arrival(document.referrer);
  let own = {};
  let held = true;

  /** Counts the page view that is held, if there is one. */
  const settle = (): void => {
    if (!held) return;
    held = false;
    count({ ...arrived, title: document.title, host: location.hostname, ...described(), ...own });
  };

  /** Counts the page at hand as a page view of its own once more. */
  const again = (): void => {
    held = true;
    settle();
  };

  const moved = guard(() => {
    if (here() !== url) {
      settle();
      arrived = arrival(href);
      own = {};
      held = true;
      url = here();
      setTimeout(guard(settle));
    }
    href = location.href;
  });

  /** The page's own page view is the one of this URL: it only adds to that. */
  const said = ({ title, page_title = title, kind, page_kind = kind, item }: Record<string, unknown>): void => {
    moved();
    Object.assign(own, known({ title: text(page_title), kind: text(page_kind), item: object(item) }));
  };

  // Other ways to change the URL without a load are told by neither event in browsers without the Navigation API.
  (window as { navigation?: EventTarget }).navigation?.addEventListener('currententrychange', moved);
  addEventListener('popstate', moved);

  return { settle, again, said };
};
