// Journeys: stories of a visitor, as JSON, read with care: everything that is wrong with one is said in one go.

import { duration, faults, place, problemsOf } from './engine';
import { LADDER } from './storage';
import type { Consent } from './types';

type Fields = Record<string, unknown>;

/** What an outcome can be; only what appeared over the page is `closed`. */
const OUTCOMES = ['exposed', 'clicked', 'dismissed', 'converted', 'closed'] as const;
const KINDS = ['phone', 'tablet', 'desktop'];

/** What happens in a step. */
export type Deed =
  /** Without `placements`, all of the config's are on the page. */
  | { page: Fields; placements: string[] | undefined }
  | { event: string; with: Fields }
  | { decide: string }
  /** `kind` and `value` are what the core takes; `signal` is as written. */
  | { signal: unknown; kind: string; value: number | '' }
  | { outcome: (typeof OUTCOMES)[number]; offer: string; placement?: string }
  | { user: Fields }
  | { consent: Consent }
  | { mute: string }
  | { unmute: string };

export interface Step {
  /** As written: since the journey's start. */
  at: string;
  /** When, in ms since the epoch. */
  time: number;
  deed: Deed;
  /** What is expected of placements, as written: an id, a list, or null for nothing. */
  expect: Map<string, unknown>;
}

export interface Journey {
  name: string | undefined;
  device: Fields;
  /** The visitor's own time zone. */
  zone: string;
  consent: Consent;
  steps: Step[];
}

/** The names that journeys can speak of. */
export interface Names {
  placements: Map<string, { take: number; isOverlay: boolean }>;
  /** Each offer, with its placements. */
  offers: Map<string, string[]>;
  /** The interests. */
  topics: string[];
}

/** What a config that has no errors calls its parts. */
export const namesIn = (config: string): Names => {
  const { placements = {}, offers = [], interests = {} } = JSON.parse(config) as {
    placements?: Record<string, { take?: number; kind?: string }>;
    offers?: { id: string; placement: string | string[] }[];
    interests?: object;
  };
  return {
    placements: new Map(Object.entries(placements).map(([name, { take = 1, kind }]) => [name, { take, isOverlay: kind === 'overlay' }])),
    offers: new Map(offers.map(({ id, placement }) => [id, [placement].flat()])),
    topics: Object.keys(interests),
  };
};

/** The keys and indexes that lead to each object and list of a document. */
const pathsIn = (value: unknown, steps: string[] = [], paths = new Map<unknown, string[]>()): Map<unknown, string[]> => {
  if (value && typeof value === 'object') {
    paths.set(value, steps);
    for (const [key, each] of Object.entries(value)) pathsIn(each, [...steps, key], paths);
  }
  return paths;
};

const object = (value: unknown): Fields | undefined =>
  value && typeof value === 'object' && !Array.isArray(value) ? (value as Fields) : undefined;

/** How many letters are missing, too many, other ones, or in the place of their neighbour. */
const distance = (a: string, b: string): number => {
  const rows: number[][] = [];
  const cost = (i: number, j: number): number => (i < 0 || j < 0 ? Infinity : (rows[i]?.[j] ?? 0));
  for (let i = 0; i <= a.length; i += 1) {
    const row: number[] = [];
    rows.push(row);
    for (let j = 0; j <= b.length; j += 1) {
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const other = cost(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(i + j && Math.min(cost(i - 1, j) + 1, cost(i, j - 1) + 1, other, isSwap ? cost(i - 2, j - 2) + 1 : Infinity));
    }
  }
  return cost(a.length, b.length);
};

const quoted = (names: Iterable<string>): string => [...new Set(names)].map((name) => `\`${name}\``).join(', ') || 'nothing';

/** What to write instead of a name that isn't known: the nearest one, or else which there are. */
const nearest = (name: string, known: Iterable<string>, otherwise?: string): string => {
  const names = [...known];
  // Names are short, and looking for slips in what is not takes long.
  const best = (name.length < 100 ? names : [])
    .map((each) => ({ each, far: distance(name.toLowerCase(), each.toLowerCase()) }))
    .sort((a, b) => a.far - b.far)
    .find(({ each, far }) => far <= Math.max(1, Math.floor(each.length * 0.4)));
  return best ? `did you mean \`${best.each}\`?` : (otherwise ?? `known here: ${quoted(names)}`);
};

const show = (value: unknown): string => {
  const text = JSON.stringify(value) ?? 'nothing';
  return `\`${text.length > 40 ? `${text.slice(0, 37)}...` : text}\``;
};

/** An instant with its offset from UTC; undefined when it isn't one. */
const instant = (value: unknown): number | undefined => {
  const [, day, time] = /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d))$/.exec(typeof value === 'string' ? value : '') ?? [];
  // Date takes 31 February for a day in March.
  if (!day || !time || new Date(`${day}T00:00Z`).getUTCDate() !== Number(day.slice(8))) return undefined;
  const at = Date.parse(day + time);
  return Number.isNaN(at) ? undefined : at;
};

/** Whether the engine knows a time zone. */
const isZone = (zone: string): boolean =>
  zone !== 'visitor' && !problemsOf(JSON.stringify({ site: { timezone: zone } })).some(({ path }) => path === '$.site.timezone');

/** What can happen in a step, and what is then said beside it. */
const STEP_KEYS: Record<string, string[]> = {
  page: [],
  event: ['with'],
  decide: [],
  signal: [],
  outcome: ['offer', 'placement'],
  user: [],
  consent: [],
  mute: [],
  unmute: [],
};

const PAGE_FIELDS = ['path', 'query', 'title', 'referrer', 'host', 'kind', 'item', 'placements'];
const ITEM_FIELDS = ['id', 'name', 'category', 'brand', 'price'];
const DEVICE_FIELDS = ['kind', 'touch', 'language', 'saveData', 'reducedMotion'];

/** Reads a journey; `problems` has a line for each thing that is wrong with it, and then there is no use in the journey. */
export const readJourney = (file: string, text: string, names: Names): { journey: Journey; problems: string[] } => {
  const found: { line: number; column: number; text: string }[] = [];
  const journey: Journey = { name: undefined, device: {}, zone: 'UTC', consent: 'memory', steps: [] };
  /** Which step it is about, as words in front. */
  let step = '';
  /** The placements of the page at hand, where it names them. */
  let here: string[] | undefined;

  const refuse = ({ line, column }: { line: number; column: number }, what: string, remedy: string): void =>
    void found.push({ line, column, text: `${file}:${line}:${column}: ${step}${what}; ${remedy}` });
  /** What is wrong, in the order of the text. */
  const problems = (): string[] => found.sort((a, b) => a.line - b.line || a.column - b.column).map(({ text }) => text);
  /** Something is wrong with a member, or, without one, with the whole. `atKey`: the member's name itself is what is wrong. */
  const wrong = (container: object, member: string | number | undefined, what: string, remedy: string, atKey = false): void => {
    const steps = [...(paths.get(container) ?? []), ...(member === undefined ? [] : [String(member)])];
    refuse(JSON.parse(place(text, steps, atKey)), what, remedy);
  };
  const onlyKnown = (container: Fields, known: string[], of: string): void => {
    for (const key of Object.keys(container)) if (!known.includes(key)) wrong(container, key, `${of} has no \`${key}\``, nearest(key, known), true);
  };
  const oneOf = <T extends string>(container: Fields, key: string, known: readonly T[]): T | undefined => {
    const value = container[key];
    if (known.includes(value as T)) return value as T;
    wrong(container, key, `\`${key}\` is ${show(value)}`, typeof value === 'string' ? nearest(value, known) : `write one of ${quoted(known)}`);
    return undefined;
  };
  const ofType = (container: Fields, key: string, type: 'string' | 'boolean' | 'number'): void => {
    const value = container[key];
    if (value !== undefined && typeof value !== type) wrong(container, key, `\`${key}\` is ${show(value)}`, `write a ${type}`);
  };

  const readDevice = (value: unknown): void => {
    const device = object(value);
    if (!device) return wrong(top, 'device', `\`device\` is ${show(value)}`, 'write an object, as in `{ "kind": "phone" }`');
    onlyKnown(device, DEVICE_FIELDS, 'a device');
    if (device.kind !== undefined) oneOf(device, 'kind', KINDS);
    ofType(device, 'language', 'string');
    for (const key of ['touch', 'saveData', 'reducedMotion']) ofType(device, key, 'boolean');
    journey.device = device;
  };

  const readPage = (container: Fields): Deed | undefined => {
    const page = object(container.page);
    if (!page) return void wrong(container, 'page', `\`page\` is ${show(container.page)}`, 'write an object, as in `{ "path": "/" }`');
    onlyKnown(page, PAGE_FIELDS, 'a page');
    const { path, query = {}, item } = page;
    if (path === undefined) wrong(page, undefined, 'the page has no `path`', 'write one, as in `"path": "/"`');
    else if (typeof path !== 'string' || !/^\/[^?#]*$/.test(path)) {
      wrong(page, 'path', `\`path\` is ${show(path)}`, 'write it from the first `/`, and what follows a `?` as `query`');
    }
    for (const key of ['title', 'referrer', 'host', 'kind']) ofType(page, key, 'string');
    const pairs = object(query);
    if (!pairs) wrong(page, 'query', `\`query\` is ${show(query)}`, 'write an object, as in `{ "utm_source": "mail" }`');
    for (const key of Object.keys(pairs ?? {})) ofType(pairs as Fields, key, 'string');
    const thing = item === undefined ? {} : object(item);
    if (!thing) wrong(page, 'item', `\`item\` is ${show(item)}`, 'write an object, as in `{ "id": "r1", "price": 90 }`');
    onlyKnown(thing ?? {}, ITEM_FIELDS, 'an item');
    for (const key of ITEM_FIELDS) ofType(thing ?? {}, key, key === 'price' ? 'number' : 'string');
    const { placements, ...view } = page;
    here = readPlacements(page);
    return { page: view, placements: here };
  };

  /** Which placements are on a page; undefined is all of them. */
  const readPlacements = (page: Fields): string[] | undefined => {
    const { placements: list } = page;
    if (list === undefined) return undefined;
    if (!Array.isArray(list)) return void wrong(page, 'placements', `\`placements\` is ${show(list)}`, 'write a list, as in `["hero"]`');
    const inPage = [...names.placements].flatMap(([name, { isOverlay }]) => (isOverlay ? [] : [name]));
    const strange = list.flatMap((name, index) => (inPage.includes(name) ? [] : [{ name, index }]));
    for (const { name, index } of strange) {
      if (typeof name !== 'string') wrong(list, index, `\`placements\` has ${show(name)}`, 'write the name of a placement');
      else if (names.placements.has(name)) wrong(list, index, `\`${name}\` is an overlay, which appears over every page`, 'leave it out');
      else wrong(list, index, `there is no placement \`${name}\``, nearest(name, inPage));
    }
    return strange.length ? undefined : list;
  };

  const readEvent = (container: Fields): Deed | undefined => {
    const { event, with: params = {} } = container;
    if (typeof event !== 'string' || !event) return void wrong(container, 'event', `\`event\` is ${show(event)}`, 'write a name, as in `"add_to_cart"`');
    if (event === 'page_view') return void wrong(container, 'event', 'a page view is no `event` here', 'write `"page": { "path": "/" }`');
    const fields = object(params);
    if (!fields) return void wrong(container, 'with', `\`with\` is ${show(params)}`, 'write an object, as in `{ "price": 90 }`');
    return { event, with: fields };
  };

  /** What a placement is expected to show. */
  const readExpected = (container: Fields, key: string, placement: string): void => {
    const value = container[key];
    const ids = value === null ? [] : [value].flat();
    const take = names.placements.get(placement)?.take ?? 1;
    for (const id of ids) {
      if (typeof id !== 'string') wrong(container, key, `\`${key}\` has ${show(id)}`, "write an offer's id, `null`, or a list of ids");
      else if (!names.offers.has(id)) wrong(container, key, `\`${key}\` names the unknown offer \`${id}\``, nearest(id, names.offers.keys()));
    }
    if (ids.length > take) {
      wrong(container, key, `\`${key}\` has ${ids.length} offers, but \`${placement}\` takes ${take}`, 'leave some out, or give the placement a higher `take`');
    }
  };
  /** Whether it is a placement that can be asked about now. */
  const isPlacement = (container: Fields, key: string, name: unknown): name is string => {
    if (typeof name !== 'string') wrong(container, key, `\`${key}\` is ${show(name)}`, 'write the name of a placement');
    else if (!names.placements.has(name)) wrong(container, key, `there is no placement \`${name}\``, nearest(name, names.placements.keys()));
    else if (here && !here.includes(name) && !names.placements.get(name)?.isOverlay) {
      wrong(container, key, `\`${name}\` is not on the page at hand`, "add it to the page's `placements`");
    } else return true;
    return false;
  };

  const readDecide = (container: Fields): Deed | undefined => {
    const { decide } = container;
    return isPlacement(container, 'decide', decide) ? { decide } : undefined;
  };

  /** What is expected of a step. */
  const readExpect = (container: Fields): Step['expect'] => {
    const { decide, expect } = container;
    if (expect === undefined) return new Map();
    if (typeof decide === 'string') {
      readExpected(container, 'expect', decide);
      return new Map([[decide, expect]]);
    }
    const expected = object(expect);
    if (!expected) wrong(container, 'expect', `\`expect\` is ${show(expect)}`, `write an object of placements, as in \`{ "${[...names.placements.keys()][0] ?? 'overlay'}": null }\``);
    for (const name of Object.keys(expected ?? {})) if (isPlacement(expected as Fields, name, name)) readExpected(expected as Fields, name, name);
    return new Map(Object.entries(expected ?? {}));
  };

  const readSignal = (container: Fields): Deed | undefined => {
    const { signal } = container;
    if (signal === 'exit_intent' || signal === 'return_to_tab') return { signal, kind: signal, value: '' };
    const [[kind, value] = [], ...others] = Object.entries(object(signal) ?? {});
    if (!others.length) {
      if (kind === 'scroll' && typeof value === 'number' && value >= 0 && value <= 1) return { signal, kind, value };
      const span = (kind === 'idle' || kind === 'dwell') && typeof value === 'string' ? duration(value) : NaN;
      if (kind && !Number.isNaN(span)) return { signal, kind, value: span };
    }
    const remedy = 'write `"exit_intent"`, `"return_to_tab"`, `{ "scroll": 0.6 }` (0 to 1), `{ "idle": "30s" }` or `{ "dwell": "40s" }`';
    return void wrong(container, 'signal', `\`signal\` is ${show(signal)}`, remedy);
  };

  const readOutcome = (container: Fields): Deed | undefined => {
    const outcome = oneOf(container, 'outcome', OUTCOMES);
    const { offer } = container;
    if (offer === undefined) return void wrong(container, undefined, 'the outcome has no `offer`', "write the offer's id, as in `\"offer\": \"welcome\"`");
    if (typeof offer !== 'string') return void wrong(container, 'offer', `\`offer\` is ${show(offer)}`, "write the offer's id");
    const places = names.offers.get(offer);
    if (!places) return void wrong(container, 'offer', `there is no offer \`${offer}\``, nearest(offer, names.offers.keys()));
    if (outcome === 'closed' && !places.some((name) => names.placements.get(name)?.isOverlay)) {
      return void wrong(container, 'outcome', `\`${offer}\` never appears over the page, so it is not \`closed\``, 'write `"dismissed"`');
    }
    const { placement } = container;
    if (placement === undefined) return outcome && { outcome, offer };
    if (!isPlacement(container, 'placement', placement)) return undefined;
    if (!places.includes(placement)) wrong(container, 'placement', `\`${offer}\` is not for \`${placement}\``, nearest(placement, places));
    return outcome && { outcome, offer, placement };
  };

  const readUser = (container: Fields): Deed | undefined => {
    const user = object(container.user);
    if (!user) return void wrong(container, 'user', `\`user\` is ${show(container.user)}`, 'write an object, as in `{ "plan": "pro" }`');
    return { user };
  };

  const readConsent = (container: Fields): Deed | undefined => {
    const consent = oneOf(container, 'consent', LADDER);
    return consent && { consent };
  };

  const readTopic = (container: Fields, key: string): string | undefined => {
    const { [key]: topic } = container;
    if (typeof topic !== 'string') return void wrong(container, key, `\`${key}\` is ${show(topic)}`, 'write the name of an interest');
    if (!names.topics.includes(topic)) return void wrong(container, key, `there is no interest \`${topic}\``, nearest(topic, names.topics));
    return topic;
  };
  const readMute = (container: Fields): Deed | undefined => {
    const mute = readTopic(container, 'mute');
    return mute === undefined ? undefined : { mute };
  };
  const readUnmute = (container: Fields): Deed | undefined => {
    const unmute = readTopic(container, 'unmute');
    return unmute === undefined ? undefined : { unmute };
  };

  const readers: Record<string, (container: Fields) => Deed | undefined> = {
    page: readPage,
    event: readEvent,
    decide: readDecide,
    signal: readSignal,
    outcome: readOutcome,
    user: readUser,
    consent: readConsent,
    mute: readMute,
    unmute: readUnmute,
  };

  const readSteps = (list: unknown[], start: number): void => {
    list.forEach((each, index) => {
      step = `step ${index + 1}: `;
      const container = object(each);
      if (!container) return wrong(list, index, `a step is ${show(each)}`, 'write an object, as in `{ "at": "0s", "page": { "path": "/" } }`');
      const { at } = container;
      const since = typeof at === 'string' ? duration(at) : NaN;
      if (at === undefined) wrong(container, undefined, 'the step has no `at`', 'write the time since the start, as in `"at": "10s"`');
      else if (Number.isNaN(since)) wrong(container, 'at', `\`at\` is ${show(at)}`, 'write a duration: number and unit, `s m h d w`, from large to small, as in `"2d3s"`');

      const deeds = Object.keys(STEP_KEYS).filter((key) => container[key] !== undefined);
      const [deed, second] = deeds;
      const known = ['at', ...(deed ? [...deeds, ...(STEP_KEYS[deed] ?? []), 'expect'] : Object.keys(STEP_KEYS))];
      onlyKnown(container, known, deed ? `a step with \`${deed}\`` : 'a step');
      // A name that isn't known has been told: it was meant to be what happens.
      if (!deed && Object.keys(container).some((key) => !known.includes(key))) return;
      if (!deed) return wrong(container, undefined, 'nothing happens in the step', `write one of ${quoted(Object.keys(STEP_KEYS))}`);
      if (second) return wrong(container, second, `the step has both \`${deed}\` and \`${second}\``, 'make two steps of it, the second with the same `at`');
      const read = readers[deed]?.(container);
      const expect = readExpect(container);
      if (read) journey.steps.push({ at: at as string, time: start + since, deed: read, expect });
    });
    step = '';
  };

  for (const fault of JSON.parse(faults(text)) as { line: number; column: number; what: string; remedy: string }[]) {
    refuse(fault, `not JSON: ${fault.what}`, fault.remedy);
  }
  if (found.length) return { journey, problems: problems() };
  const document: unknown = JSON.parse(text.replace(/^\ufeff/, ''));
  const paths = pathsIn(document);
  const top = object(document) ?? {};
  if (!object(document)) {
    refuse({ line: 1, column: 1 }, `a journey is ${show(document)}`, 'write an object with `start` and `steps`');
    return { journey, problems: problems() };
  }

  onlyKnown(top, ['$schema', 'name', 'start', 'timezone', 'seed', 'device', 'consent', 'steps'], 'a journey');
  ofType(top, 'name', 'string');
  ofType(top, 'seed', 'string');
  journey.name = top.name as string | undefined;
  if (top.device !== undefined) readDevice(top.device);
  if (top.consent !== undefined) journey.consent = oneOf(top, 'consent', LADDER) ?? 'memory';
  const start = instant(top.start);
  if (start === undefined) {
    const remedy = 'write when it begins, with the offset from UTC, as in `"2026-11-20T10:00:00+01:00"`';
    if (top.start === undefined) wrong(top, undefined, 'the journey has no `start`', remedy);
    else wrong(top, 'start', `\`start\` is ${show(top.start)}`, remedy);
  }
  const { timezone } = top;
  // A visitor of whom nothing is said lives where the story is told.
  if (timezone === undefined) journey.zone = /[+-]\d\d:\d\d$/.exec(typeof top.start === 'string' ? top.start : '')?.[0] ?? 'UTC';
  else if (typeof timezone === 'string' && isZone(timezone)) journey.zone = timezone;
  else {
    const remedy = 'write an IANA name, as in `"Europe/Paris"`, or an offset, as in `"+01:00"`';
    const near = typeof timezone === 'string' ? nearest(timezone, Intl.supportedValuesOf('timeZone'), remedy) : remedy;
    wrong(top, 'timezone', `\`timezone\` is ${show(timezone)}`, near);
  }
  if (Array.isArray(top.steps)) readSteps(top.steps, start ?? 0);
  else wrong(top, top.steps === undefined ? undefined : 'steps', top.steps === undefined ? 'the journey has no `steps`' : `\`steps\` is ${show(top.steps)}`, 'write a list');
  return { journey, problems: problems() };
};
