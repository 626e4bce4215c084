// How a profile lies in localStorage: `maitre` is the base, which all tabs share; `maitre:<tab>` is what one tab adds to it.
// No tab ever writes what is another's: read, change and write loses updates between tabs, as each caches the storage.

import { Key } from './foreseen';
import { type Area, NAME } from './storage';

/** What one tab has added, and when it last wrote it (ms since the epoch; 0: damaged). */
interface Delta {
  at: number;
  text: string;
}

/** What all tabs share. */
export interface Base {
  /** Grows with every compaction. */
  seq: number;
  /** The tabs whose deltas are in here, so that none is counted twice. */
  folded: string[];
  text: string;
}

export const keyOf = (tab: string): string => `${NAME}:${tab}`;

/** A base or a delta as far as it is whole: what was damaged before it must not cost the text, which has no spaces and comes last. */
const parted = (value: string): [number: number, between: string, text: string] => {
  const [, before = '', between = '', text = ''] = /^(\d{0,15})([^]*?)([^ ]*)$/.exec(value) ?? [];
  return [+before, between.trim(), text];
};

export const readBase = (value: string | null | undefined): Base => {
  const [seq, folded, text] = parted(value ?? '');
  return { seq, folded: folded.match(/\w+/g) ?? [], text };
};

export const writeBase = ({ seq, folded, text }: Base): string => `${seq} ${folded.join() || '-'} ${text}`;

export const readDelta = (value: string | null): Delta | undefined => {
  const [at, , text] = parted(value ?? '');
  return text ? { at, text } : undefined;
};

export const writeDelta = (at: number, text: string): string => `${at} ${text}`;

/** A profile that another version wrote after this one: it is left as it is. */
export const isNewer = (text: string): boolean => /^([2-9]|\d\d+)\./.test(text);

/** All that is stored, with the deltas by tab: those that are in the base already are left out. */
export const readAll = (local: Area) => {
  const base = readBase(local.get(NAME));
  const deltas = new Map<string, Delta>();
  for (const key of local.keys()) {
    const tab = key.slice(NAME.length + 1);
    const delta = readDelta(local.get(key));
    if (key !== NAME && key !== Key.Ahead && delta && !base.folded.includes(tab)) deltas.set(tab, delta);
  }
  return { base, deltas };
};

export type Stored = ReturnType<typeof readAll>;

/** The texts of all but one tab. */
export const textsBut = ({ base, deltas }: Stored, own: string): string[] => [
  base.text,
  ...[...deltas].flatMap(([tab, { text }]) => (tab === own ? [] : [text])),
];

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** How long since, whichever way the clock was set meanwhile. */
const silence = ({ at }: Pick<Delta, 'at'>, time: number): number => Math.abs(time - at);

/** The tabs whose deltas are to be folded: silent for half an hour, or, when there are many, for a minute. */
export const foldable = ({ deltas }: Stored, own: string, time: number): string[] => {
  const silent = (ms: number): string[] =>
    [...deltas].flatMap(([tab, delta]) => (tab !== own && silence(delta, time) > ms ? [tab] : []));
  const quiet = silent(MINUTE);
  return quiet.length > 8 ? quiet : silent(30 * MINUTE);
};

/**
 * Whether a delta written at `at` is to be left as it is, as another tab may be folding it right now.
 * Well before `foldable` says so: a delta that is written while it is being folded loses what was written.
 */
export const isToBeLeft = ({ deltas }: Stored, at: number, time: number): boolean =>
  silence({ at }, time) > (deltas.size > 4 ? 30 * SECOND : 20 * MINUTE);
