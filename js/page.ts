// What the browser tells of the page and the device, and when the page becomes another one.

import { hear } from './listeners';
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
/** The first, where there are several. */
const text = (value: unknown): string | undefined => {
  const [first] = list(value);
  return typeof first === 'string' || typeof first === 'number' ? String(first).trim() || undefined : undefined;
};
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

/** What schema.org's types say of a page's kind. The first of them that the page has counts: those that name the page before those that name its subject. */
const KINDS = 'CheckoutPage checkout,SearchResultsPage search,CollectionPage category,Product product,ItemList category,Article article,NewsArticle article,BlogPosting article,WebSite page,WebPage page'
  .split(',')
  .map((pair) => pair.split(' ') as [type: string, kind: string]);

const isA =
  (type: string) =>
  (node: Json): boolean =>
    list(node['@type']).some((each) => String(each).replace(/^.*[/#:]/, '') === type);

/** The things JSON-LD speaks of: also those in a graph, what a page is mainly about, and its breadcrumbs. */
const things = (value: unknown): Json[] =>
  list(value).flatMap((each) => {
    const node = object(each);
    return node ? [node, ...['@graph', 'mainEntity', 'breadcrumb'].flatMap((key) => things(node[key]))] : [];
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

/** A product as an item; `trail` are the page's breadcrumbs. */
const item = (product: Json, trail: unknown[]): Item =>
  known({
    id: text(product.sku) ?? text(product.productID) ?? text(product.mpn) ?? tail(text(product['@id'])),
    name: text(product.name),
    // Of two crumbs the first mostly is the home page.
    category: name(product.category) ?? (trail.length > 2 ? crumb(object(trail.at(-2))) : undefined),
    brand: name(product.brand),
    price: price(product.offers),
  });

const crumb = (entry: Json | undefined): string | undefined => name(entry) ?? name(list(entry?.item).map(object));

/** What the page's JSON-LD speaks of; broken JSON is passed over. */
const jsonLd = (): Json[] =>
  [...document.querySelectorAll('script[type="application/ld+json"]')].flatMap((script) => {
    try {
      return things(JSON.parse(script.textContent ?? ''));
    } catch {
      return [];
    }
  });

const words = (element: Element, attribute: string): string[] => element.getAttribute(attribute)?.split(/\s+/) ?? [];

/** A thing of the page's microdata, as JSON-LD has it. */
const thing = (scope: Element): Json => {
  // Without a prototype: a page may name a property `constructor`.
  const node: Record<string, unknown[]> = Object.create(null);
  node['@type'] = words(scope, 'itemtype');
  node['@id'] = list(scope.getAttribute('itemid'));
  for (const element of scope.querySelectorAll('[itemprop]')) {
    if (element.parentElement?.closest('[itemscope]') !== scope) continue;
    const value = element.matches('[itemscope]') ? thing(element) : (element.getAttribute('content') ?? element.getAttribute('value') ?? element.textContent);
    for (const key of words(element, 'itemprop')) (node[key] ??= []).push(value);
  }
  return node;
};

const microdata = (): Json[] => {
  const nodes = things([...document.querySelectorAll('[itemscope]:not([itemprop])')].map(thing));
  const products = nodes.filter(isA('Product'));
  // Of several, as on a page that lists them, none is the page's own.
  return products.length > 1 ? nodes.filter((node) => !products.includes(node)) : nodes;
};

/** The page's kind and item from its JSON-LD, and from its microdata. */
const described = (): { kind?: string; item?: Item } => {
  const nodes = [...jsonLd(), ...microdata()];
  const [type, kind] = KINDS.find(([type]) => nodes.some(isA(type))) ?? [];
  const product = type === 'Product' ? nodes.find(isA(type)) : undefined;
  return known({ kind, item: product && item(product, list(nodes.find(isA('BreadcrumbList'))?.itemListElement)) });
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
    count(view());
  };
  const view = (): PageView => ({ ...arrived, title: document.title, host: location.hostname, ...described(), ...own });

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

  const { navigation } = window as { navigation?: EventTarget };
  if (navigation) hear(navigation, 'currententrychange', moved);
  else {
    for (const name of ['pushState', 'replaceState'] as const) {
      const change = history[name];
      // Not by assignment, which throws where a page has made it impossible.
      Reflect.set(history, name, function (this: History, ...args: Parameters<History['pushState']>) {
        change.apply(this, args);
        moved();
      });
    }
  }
  hear(window, 'popstate', moved);

  return { settle, again, said, view };
};
