// Folding the deltas of tabs that are gone into the base, under an IndexedDB transaction: the one lock all tabs share that
// is never held for long and never keeps a page out of the back/forward cache.

import type { Core } from './core';
import { now } from './clock';
import type { Guard } from './placements';
import { type Area, NAME } from './storage';
import { foldable, keyOf, readAll, readBase, writeBase } from './stored';

const STORE = 'profile';
const KEY = 'base';
/** How many folded tabs are remembered; their deltas are removed at once, unless the browser is killed in between. */
const REMEMBERED = 50;

interface Compaction {
  core: Core;
  local: Area;
  /** The tab whose delta is in use. */
  own: string;
  /** The base is to be written even when there is nothing to add. */
  isForced: boolean;
  isStopped(): boolean;
  /** The base in localStorage has changed. */
  done(): void;
  guard: Guard;
}

/** Where IndexedDB is blocked, deltas just stay apart. */
const open = (): Partial<IDBOpenDBRequest> => {
  try {
    return indexedDB.open(NAME, 1);
  } catch {
    return {};
  }
};

/** Brings the base up to date: the newer one of IndexedDB (which survives a kill) and localStorage, with the deltas of silent tabs. */
export const compact = ({ core, local, own, isForced, isStopped, done, guard }: Compaction): void => {
  const opening = open();
  opening.onerror = (event) => event.preventDefault();
  opening.onupgradeneeded = guard(() => {
    // Nothing was kept yet: without something to keep, no database either.
    if (isForced || foldable(readAll(local), own, now()).length) opening.result?.createObjectStore(STORE);
    else opening.transaction?.abort();
  });
  opening.onsuccess = guard(() => {
    const database = opening.result as IDBDatabase;
    const close = (): void => database.close();
    // So that another tab can erase it.
    database.onversionchange = close;
    // One of the page's own that goes by the same name.
    if (!database.objectStoreNames.contains(STORE)) return close();
    const transaction = database.transaction(STORE, 'readwrite');
    const store = transaction.objectStore(STORE);
    const reading = store.get(KEY);
    let next = '';
    let tabs: string[] = [];
    reading.onsuccess = guard(() => {
      if (isStopped()) return;
      const stored = readAll(local);
      const kept = readBase(reading.result as string | undefined);
      const isNewer = kept.seq > stored.base.seq;
      const { seq, folded, text } = isNewer ? kept : stored.base;
      if (isNewer) next = reading.result as string;
      tabs = foldable(stored, own, now()).filter((tab) => !folded.includes(tab));
      if (!tabs.length && !isForced) return;
      const texts = [text, ...tabs.map((tab) => stored.deltas.get(tab)?.text)].join('\n');
      next = writeBase({ seq: seq + 1, folded: [...folded, ...tabs].slice(-REMEMBERED), text: core.fold(texts, now()) });
      store.put(next, KEY);
    });
    transaction.onabort = close;
    transaction.oncomplete = guard(() => {
      close();
      const here = readBase(local.get(NAME));
      const { seq, folded } = readBase(next);
      // Gone meanwhile, all of it: forgotten by another tab.
      const isForgotten = tabs.length && !here.seq && tabs.every((tab) => local.get(keyOf(tab)) === null);
      if (isStopped() || isForgotten || seq <= here.seq) return;
      local.set(NAME, next);
      for (const tab of folded) local.remove(keyOf(tab));
      done();
    });
  });
};
