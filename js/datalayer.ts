// Google's data layer, read as it is on most sites: entries of Tag Manager and of gtag.

type Params = Record<string, unknown>;

/** A name that was pushed, with its parameters. */
type Heard = (event: string, params: Params) => void;

const DEPTH = 7;
/** A page may push anything: of texts so many letters are taken, and of objects and lists so many members. */
const MOST = 999;

/** How many values more are taken. */
let room = 0;

/** What is none has no members here: a text would have one for each letter, and so would bytes. Not by prototype: objects of another frame are some, too. */
const asObject = (value: unknown): Params | undefined => (Object.prototype.toString.call(value) === '[object Object]' ? (value as Params) : undefined);

const plain = (value: unknown, depth: number): unknown => {
  if (room-- < 0 || !depth) return undefined;
  if (typeof value === 'string') return value.slice(0, MOST);
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (Array.isArray(value)) return value.slice(0, MOST).map((each) => plain(each, depth - 1)).filter((each) => each !== undefined);
  const object = asObject(value);
  // Not by assignment: `__proto__` is a name like any other.
  return object && Object.fromEntries(Object.entries(object).slice(0, MOST).map(([key, each]) => [key.slice(0, MOST), plain(each, depth - 1)]));
};

/** A name that a page hands in; what is no text is none. */
export const named = (name: unknown): string => (typeof name === 'string' ? name : '');

/** A copy that is safe as JSON: plain data only, to a depth; what is a function, a DOM node or the like is left out. */
export const plainObject = (value: unknown): Params => {
  room = 9999;
  try {
    return { ...(plain({ ...asObject(value) }, DEPTH) as Params) };
  } catch {
    // Getters that throw: the page's business.
    return {};
  }
};

const read = (entry: unknown, heard: Heard): void => {
  if (!entry || typeof entry !== 'object') return;
  // gtag pushes its `arguments`: ['event', name, parameters].
  const call = entry as ArrayLike<unknown>;
  const { event, ecommerce, ...rest } = (call[0] === 'event' ? { ...asObject(call[2]), event: call[1] } : entry) as Params;
  if (typeof event !== 'string' || !event || event.startsWith('gtm.')) return;
  heard(event, { ...rest, ...asObject(ecommerce) });
};

/** Hands over what the data layer holds, and from then on what is pushed. Never throws into a push, and returns what the push returns. */
export const followDataLayer = (heard: (entry: unknown) => void): void => {
  const each = (entry: unknown): void => {
    try {
      heard(entry);
    } catch {
      // As above.
    }
  };
  try {
    const page = window as { dataLayer?: unknown[] };
    const layer = (page.dataLayer ??= []);
    if (Array.isArray(layer)) layer.slice(-MOST).forEach(each);
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

/** Hears the events of the data layer. */
export const listenToDataLayer = (heard: Heard): void => followDataLayer((entry) => read(entry, heard));
