// Journeys: stories of a visitor, as JSON, read with care: everything that is wrong with one is said in one go.

import { duration, faults, place } from './engine';
import { LADDER } from './storage';
import type { Consent } from './types';

type Fields = Record<string, unknown>;

/** What an outcome can be. */
const OUTCOMES = ['exposed', 'clicked', 'dismissed', 'converted'] as const;
const KINDS = ['phone', 'tablet', 'desktop'];

/** What happens in a step. */
export type Deed =
  | { page: Fields }
  | { event: string; with: Fields }
  | { decide: string; expect?: string[] }
  | { signal: unknown; expect: Map<string, string[]> }
  | { outcome: (typeof OUTCOMES)[number]; offer: string }
  | { user: Fields }
  | { consent: Consent };

export interface Step {
  /** As written: since the journey's start. */
  at: string;
  /** When, in ms since the epoch. */
  time: number;
  deed: Deed;
  /** What the step's `expect` says, as written. */
  expect: unknown;
}

export interface Journey {
  name: string | undefined;
  device: Fields;
  consent: Consent;
  steps: Step[];
}

/** The names that journeys can speak of. */
export interface Names {
  /** Each placement, with how many offers it takes. */
  placements: Map<string, number>;
  offers: string[];
}

/** The placements and offers of a config that has no errors. */
export const namesIn = (config: string): Names => {
  const { placements = {}, offers = [] } = JSON.parse(config) as { placements?: Record<string, Fields>; offers?: { id: string }[] };
  return {
    placements: new Map(Object.entries(placements).map(([name, { take = 1 }]) => [name, take as number])),
    offers: offers.map(({ id }) => id),
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

/** What to write instead of a name that isn't known: the nearest one, or which there are. */
const nearest = (name: string, known: Iterable<string>): string => {
  const names = [...known];
  const best = names
    .map((each) => ({ each, far: distance(name.toLowerCase(), each.toLowerCase()) }))
    .sort((a, b) => a.far - b.far)
    .find(({ each, far }) => far <= Math.max(1, Math.floor(each.length * 0.4)));
  return best ? `did you mean \`${best.each}\`?` : `known here: ${quoted(names)}`;
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

const STEP_KEYS: Record<string, string[]> = {
  page: [],
  event: ['with'],
  decide: ['expect'],
  signal: ['expect'],
  outcome: ['offer'],
  user: [],
  consent: [],
};

const PAGE_FIELDS = ['path', 'query', 'title', 'referrer', 'host', 'kind', 'item'];
const ITEM_FIELDS = ['id', 'name', 'category', 'brand', 'price'];
const DEVICE_FIELDS = ['kind', 'touch', 'language', 'saveData', 'reducedMotion'];

/** Reads a journey; `problems` has a line for each thing that is wrong with it, and then there is no use in the journey. */
export const readJourney = (file: string, text: string, names: Names): { journey: Journey; problems: string[] } => {
  const found: { line: number; column: number; text: string }[] = [];
  const journey: Journey = { name: undefined, device: {}, consent: 'memory', steps: [] };
  /** Which step it is about, as words in front. */
  let step = '';

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
    return { page };
  };

  const readEvent = (container: Fields): Deed | undefined => {
    const { event, with: params = {} } = container;
    if (typeof event !== 'string' || !event) return void wrong(container, 'event', `\`event\` is ${show(event)}`, 'write a name, as in `"add_to_cart"`');
    if (event === 'page_view') return void wrong(container, 'event', 'a page view is no `event` here', 'write `"page": { "path": "/" }`');
    const fields = object(params);
    if (!fields) return void wrong(container, 'with', `\`with\` is ${show(params)}`, 'write an object, as in `{ "price": 90 }`');
    return { event, with: fields };
  };

  /** The offers a placement is expected to show; null is none. */
  const readExpected = (container: Fields, key: string, placement: string): string[] => {
    const value = container[key];
    const ids = value === null ? [] : Array.isArray(value) ? value : [value];
    const take = names.placements.get(placement) ?? 1;
    for (const id of ids) {
      if (typeof id !== 'string') wrong(container, key, `\`${key}\` has ${show(id)}`, "write an offer's id, `null`, or a list of ids");
      else if (!names.offers.includes(id)) wrong(container, key, `\`${key}\` names the unknown offer \`${id}\``, nearest(id, names.offers));
    }
    if (ids.length > take) {
      wrong(container, key, `\`${key}\` has ${ids.length} offers, but \`${placement}\` takes ${take}`, 'leave some out, or give the placement a higher `take`');
    }
    return ids as string[];
  };
  const isPlacement = (container: Fields, key: string, name: unknown): name is string => {
    if (typeof name === 'string' && names.placements.has(name)) return true;
    const remedy = typeof name === 'string' ? nearest(name, names.placements.keys()) : 'write the name of a placement';
    wrong(container, key, typeof name === 'string' ? `there is no placement \`${name}\`` : `\`${key}\` is ${show(name)}`, remedy);
    return false;
  };

  const readDecide = (container: Fields): Deed | undefined => {
    const { decide, expect } = container;
    if (!isPlacement(container, 'decide', decide)) return undefined;
    return { decide, ...(expect !== undefined && { expect: readExpected(container, 'expect', decide) }) };
  };

  const readSignal = (container: Fields): Deed | undefined => {
    const { signal, expect = {} } = container;
    const [[kind, value] = [], ...others] = Object.entries(object(signal) ?? {});
    const isTime = typeof value === 'string' && !Number.isNaN(duration(value));
    const isShare = typeof value === 'number' && value >= 0 && value <= 1;
    if (signal !== 'exit_intent' && (others.length || !(kind === 'scroll' ? isShare : (kind === 'idle' || kind === 'dwell') && isTime))) {
      const remedy = 'write `"exit_intent"`, `{ "scroll": 0.6 }` (0 to 1), `{ "idle": "30s" }` or `{ "dwell": "40s" }`';
      wrong(container, 'signal', `\`signal\` is ${show(signal)}`, remedy);
    }
    const expected = object(expect);
    if (!expected) return void wrong(container, 'expect', `\`expect\` is ${show(expect)}`, 'write an object, as in `{ "overlay": null }`');
    const raised = Object.keys(expected).flatMap((name): [string, string[]][] =>
      isPlacement(expected, name, name) ? [[name, readExpected(expected, name, name)]] : [],
    );
    return { signal, expect: new Map(raised) };
  };

  const readOutcome = (container: Fields): Deed | undefined => {
    const outcome = oneOf(container, 'outcome', OUTCOMES);
    const { offer } = container;
    if (offer === undefined) return void wrong(container, undefined, 'the outcome has no `offer`', "write the offer's id, as in `\"offer\": \"welcome\"`");
    if (typeof offer !== 'string') return void wrong(container, 'offer', `\`offer\` is ${show(offer)}`, "write the offer's id");
    if (!names.offers.includes(offer)) return void wrong(container, 'offer', `there is no offer \`${offer}\``, nearest(offer, names.offers));
    return outcome && { outcome, offer };
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

  const readers: Record<string, (container: Fields) => Deed | undefined> = {
    page: readPage,
    event: readEvent,
    decide: readDecide,
    signal: readSignal,
    outcome: readOutcome,
    user: readUser,
    consent: readConsent,
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
      const known = ['at', ...(deed ? [...deeds, ...(STEP_KEYS[deed] ?? [])] : Object.keys(STEP_KEYS))];
      onlyKnown(container, known, deed ? `a step with \`${deed}\`` : 'a step');
      // A name that isn't known has been told: it was meant to be what happens.
      if (!deed && Object.keys(container).some((key) => !known.includes(key))) return;
      if (!deed) return wrong(container, undefined, 'nothing happens in the step', `write one of ${quoted(Object.keys(STEP_KEYS))}`);
      if (second) return wrong(container, second, `the step has both \`${deed}\` and \`${second}\``, 'make two steps of it, the second with the same `at`');
      const read = readers[deed]?.(container);
      if (read) journey.steps.push({ at: String(at), time: start + since, deed: read, expect: container.expect });
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

  onlyKnown(top, ['$schema', 'name', 'start', 'seed', 'device', 'consent', 'steps'], 'a journey');
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
  if (Array.isArray(top.steps)) readSteps(top.steps, start ?? 0);
  else wrong(top, top.steps === undefined ? undefined : 'steps', top.steps === undefined ? 'the journey has no `steps`' : `\`steps\` is ${show(top.steps)}`, 'write a list');
  return { journey, problems: problems() };
};
