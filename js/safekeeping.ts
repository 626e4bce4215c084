// What localStorage may lose is kept safe in IndexedDB, and put in order there. A browser that is killed loses what was written to localStorage
// in its last seconds, but nothing of IndexedDB; and its transactions are the one lock all tabs share that is never held for long and never
// keeps a page out of the back/forward cache. Fetched where a profile is kept.

import type { Core } from './core';
import { now } from './clock';
import type { Guard } from './placements';
import { type Area, eraseDatabase, NAME } from './storage';
import { foldable, isNewer, keyOf, readAll, readBase, readDelta, writeBase } from './stored';

const STORE = 'profile';
/** The base; any other key is a tab, with a copy of its delta. */
const KEY = 'base';
/** How many folded tabs are remembered; their deltas are removed at once, unless the browser is killed in between. */
const REMEMBERED = 50;
/** A delta younger than this may have been written by a tab that goes on, in a process whose writes come late, in ms. */
const FRESH = 2000;

interface Safekeeping {
  core: Core;
  local: Area;
  /** The tab whose delta is in use. */
  own(): string;
  isStopped(): boolean;
  /** What is stored in localStorage has changed. */
  done(): void;
  guard: Guard;
}

/** Where IndexedDB is blocked, deltas just stay apart. */
const openDatabase = (): Partial<IDBOpenDBRequest> => {
  try {
    return indexedDB.open(NAME, 1);
  } catch {
    return {};
  }
};

/** Keeps copies of what this tab writes, and tidies up after tabs that are gone. */
export const safekeeping = ({ core, local, own, isStopped, done, guard }: Safekeeping) => {
  /** What was put back here, by key. */
  const restored = new Map<string, string>();
  let isCopying = false;
  let isToCopy = false;
  /** The page is left, perhaps to be kept for going back: WebKit would keep what is open then open, and no other tab could erase the database. */
  let isAway = false;
  let open: IDBTransaction | undefined;
  /** How often all was forgotten: what was read before is not to be put back after. */
  let forgotten = 0;

  /** Does `work` in a transaction of its own, and `end`s when that is kept, or can't be. Where there is no database, one is made only if `isNeeded`. */
  const transact = (isNeeded: () => unknown, work: (store: IDBObjectStore) => void, end: (isKept: boolean) => void): void => {
    if (isStopped() || isAway) return;
    const opening = openDatabase();
    let isUnneeded = false;
    const fail = (event: Event): void => {
      event.preventDefault();
      end(false);
    };
    opening.onerror = guard((event: Event) => {
      // WebKit keeps an empty one.
      if (isUnneeded) eraseDatabase();
      fail(event);
    });
    opening.onupgradeneeded = guard(() => {
      isUnneeded = !isNeeded();
      if (isUnneeded) opening.transaction?.abort();
      else opening.result?.createObjectStore(STORE);
    });
    opening.onsuccess = guard(() => {
      const database = opening.result as IDBDatabase;
      const close = (): void => database.close();
      // So that another tab can erase it.
      database.onversionchange = close;
      // One of the page's own that goes by the same name.
      if (isAway || !database.objectStoreNames.contains(STORE)) {
        close();
        return end(false);
      }
      const transaction = database.transaction(STORE, 'readwrite');
      open = transaction;
      transaction.onabort = guard((event: Event) => {
        close();
        fail(event);
      });
      transaction.oncomplete = guard(() => {
        open = undefined;
        close();
        end(true);
      });
      work(transaction.objectStore(STORE));
    });
  };

  /** Copies what this tab has written. */
  const copy = (): void => {
    isToCopy = isCopying;
    if (isCopying || isStopped() || isAway) return;
    isCopying = true;
    const tab = own();
    // It may have been erased meanwhile.
    const text = (): string | null => (isStopped() ? null : local.get(keyOf(tab)));
    transact(
      () => text() !== null,
      (store) => {
        const written = text();
        if (written !== null) store.put(written, tab);
      },
      () => {
        isCopying = false;
        if (isToCopy) copy();
      },
    );
  };

  /** Puts back what localStorage lost, and brings the base up to date: the newer one of both, with the deltas of silent tabs. */
  const tidy = (isForced: boolean): void => {
    let next = '';
    let tabs: string[] = [];
    let before = 0;
    let isLater = false;
    let hasRestored = false;
    const begun = forgotten;
    const isOver = (): boolean => isStopped() || begun !== forgotten;
    transact(
      // Nothing was kept yet: without something to keep, no database either.
      () => isForced || foldable(readAll(local), own(), now()).length,
      (store) => {
        const keys = store.getAllKeys();
        const values = store.getAll();
        values.onsuccess = guard(() => {
          if (isOver()) return;
          const copies = new Map(keys.result.map((key, i) => [key as string, values.result[i] as string]));
          const kept = readBase(copies.get(KEY));
          const { base, deltas } = readAll(local);
          before = base.seq;
          const isBehind = kept.seq > base.seq;
          const { seq, folded, text } = isBehind ? kept : base;
          if (isBehind) next = copies.get(KEY) as string;
          copies.delete(KEY);
          for (const [tab, value] of copies) {
            const delta = readDelta(value);
            if (folded.includes(tab)) store.delete(tab);
            else if (tab !== own() && delta && delta.at > (deltas.get(tab)?.at ?? 0)) {
              isLater ||= Math.abs(now() - delta.at) < FRESH;
              if (isLater) continue;
              local.set(keyOf(tab), value);
              restored.set(keyOf(tab), value);
              deltas.set(tab, delta);
              hasRestored = true;
            }
          }
          tabs = foldable({ base, deltas }, own(), now()).filter((tab) => !folded.includes(tab));
          const texts = [text, ...tabs.map((tab) => deltas.get(tab)?.text ?? '')];
          // What a newer version wrote is that one's to fold.
          if ((!tabs.length && !isForced) || texts.some(isNewer)) {
            tabs = [];
            return;
          }
          next = writeBase({ seq: seq + 1, folded: [...folded, ...tabs].slice(-Math.max(REMEMBERED, tabs.length)), text: core.fold(texts.join('\n'), now()) });
          store.put(next, KEY);
          for (const tab of tabs) store.delete(tab);
        });
      },
      (isKept) => {
        if (!isKept || isOver()) return;
        const here = readBase(local.get(NAME));
        const { seq, folded } = readBase(next);
        // Gone meanwhile, all of it: forgotten by another tab.
        const isGone = (tab: string): boolean => local.get(keyOf(tab)) === null;
        if (!here.seq && (before || (tabs.length && tabs.every(isGone)))) return;
        if (seq > here.seq) {
          local.set(NAME, next);
          restored.set(NAME, next);
          for (const tab of folded) local.remove(keyOf(tab));
          hasRestored = true;
        }
        if (hasRestored) done();
        if (isLater) setTimeout(guard(() => tidy(false)), FRESH);
      },
    );
  };

  return {
    copy,
    /** A page has begun. What a kill left behind is looked for once in the life of a tab (`isNew`), or when what is stored has to be written anew. */
    begin(isNew: boolean, isForced: boolean): void {
      isAway = false;
      copy();
      if (isNew || isForced || foldable(readAll(local), own(), now()).length) tidy(isForced);
    },
    /** The page is left. */
    leave(): void {
      isAway = true;
      try {
        open?.abort();
        open?.db.close();
      } catch {
        // It has ended already.
      }
    },
    /** What was put back here was being erased: it goes as well, as far as it is still that. */
    forget(): void {
      forgotten += 1;
      for (const [key, value] of restored) if (local.get(key) === value) local.remove(key);
      restored.clear();
    },
  };
};
