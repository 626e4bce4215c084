// Google's data layer, read as it is on most sites: entries of Tag Manager and of gtag.

type Params = Record<string, unknown>;

/** A name that was pushed, with its parameters. */
type Heard = (event: string, params: Params) => void;

const DEPTH = 6;

const plain = (value: unknown, depth: number): unknown => {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (depth === 0) return undefined;
  if (Array.isArray(value)) return value.map((each) => plain(each, depth - 1)).filter((each) => each !== undefined);
  // Not by prototype: objects of another frame are plain, too.
  if (Object.prototype.toString.call(value) !== '[object Object]') return undefined;
  const copy: Params = {};
  for (const [key, each] of Object.entries(value as Params)) copy[key] = plain(each, depth - 1);
  return copy;
};

/** A name that a page hands in; what is no text is none. */
export const named = (name: unknown): string => (typeof name === 'string' ? name : '');

/** A copy that is safe as JSON: plain data only, to a depth; what is a function, a DOM node or the like is left out. */
export const plainObject = (value: unknown): Params => {
  try {
    return { ...(plain({ ...(value as Params) }, DEPTH) as Params) };
  } catch {
    // Getters that throw: the page's business.
    return {};
  }
};

const read = (entry: unknown, heard: Heard): void => {
  if (!entry || typeof entry !== 'object') return;
  // gtag pushes its `arguments`: ['event', name, parameters].
  const call = entry as ArrayLike<unknown>;
  const { event, ecommerce, ...rest } = (call[0] === 'event' ? { ...(call[2] as Params), event: call[1] } : entry) as Params;
  if (typeof event !== 'string' || !event || event.startsWith('gtm.')) return;
  heard(event, { ...rest, ...(ecommerce as Params | undefined) });
};

/** Reads what the data layer holds and from then on what is pushed. Never throws into a push, and returns what the push returns. */
export const listenToDataLayer = (heard: Heard): void => {
  const each = (entry: unknown): void => {
    try {
      read(entry, heard);
    } catch {
      // As above.
    }
  };
  try {
    const page = window as { dataLayer?: unknown[] };
    const layer = (page.dataLayer ??= []);
    if (Array.isArray(layer)) layer.forEach(each);
    const push = layer.push;
    if (typeof push !== 'function') return;
    layer.push = function (this: unknown[], ...entries: unknown[]) {
      // Before the page's own push: what a tag manager pushes in answer comes after.
      entries.forEach(each);
      return push.apply(this, entries);
    };
  } catch {
    // One that can't be changed.
  }
};
