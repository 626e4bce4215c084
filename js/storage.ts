// Where what is known is kept: how much of it, and for how long, is what the visitor has agreed to.

import type { Core } from './core';
import { now } from './clock';
import { hear, type Report } from './listeners';
import type { Guard } from './placements';
import { isNewer } from './stored';
import type { Consent } from './types';

/** The one name under which anything is kept: a key, a prefix of keys, a database and a channel. */
export const NAME = 'maitre';

/** Where a page leaves the name of its delta to the next page of its tab (sessionStorage). */
export const TAB = `${NAME}:tab`;

export const LADDER: readonly Consent[] = ['off', 'memory', 'visit', 'profile'];

/** How high a level is on the ladder; -1 when it isn't one. */
export const height = (level: Consent): number => LADDER.indexOf(level);

/** What is kept, and who is told of what comes from other tabs. */
export interface Keeper {
  core: Core;
  guard: Guard;
  report: Report;
  /** Something was learnt from other tabs. */
  changed(): void;
  /** What is stored was erased. */
  forgotten(): void;
  /** The visitor went down to this level while this page was away. */
  lowered(level: Consent): void;
}

/** A core that is kept. */
export interface Kept {
  /** Call after the core was told something: it is written shortly. */
  after(): void;
  /** Call when the page comes back out of the back/forward cache. */
  resume(): void;
  /** Another tab erased what is stored here, or is about to. */
  erased(): void;
  /** Keeps no more. What was written stays. */
  stop(): void;
}

/** A storage of the browser, as far as it works: what is blocked holds nothing, and the first failing write is told. */
export const area = (name: 'localStorage' | 'sessionStorage', failed: (error: unknown) => void = () => {}) => {
  const attempt = <T>(work: (storage: Storage) => T, otherwise: T): T => {
    try {
      return work(window[name]);
    } catch (error) {
      failed(error);
      return otherwise;
    }
  };
  return {
    get: (key: string): string | null => attempt((storage) => storage.getItem(key), null),
    set: (key: string, value: string): void => attempt((storage) => storage.setItem(key, value), undefined),
    remove: (key: string): void => attempt((storage) => storage.removeItem(key), undefined),
    /** Our own keys. */
    keys: (): string[] => attempt((storage) => Object.keys(storage).filter((key) => key === NAME || key.startsWith(`${NAME}:`)), []),
  };
};

export type Area = ReturnType<typeof area>;

/** Says once that storage fails. */
export const failing = (report: Report) => (error: unknown): void =>
  report(`nothing can be kept: ${error}`, 'what is known lasts for this page only');

/** Takes in what is stored, and tells if some of it is damaged; `true`: it should be folded and written anew. */
export const loadInto = (core: Core, report: Report, texts: readonly string[], own: string): boolean => {
  const found = core.load(texts.join('\n'), own, now());
  if (found === 'damaged') report('some of what was stored is damaged', 'nothing to do: the rest is used');
  if ([...texts, own].some(isNewer)) report('a newer version has stored something', 'it is left alone; serve one version on all pages');
  return !!found;
};

/** Erases the database; where that is blocked, it holds nothing. */
export const eraseDatabase = (): void => {
  try {
    indexedDB.deleteDatabase(NAME);
  } catch {
    // As said.
  }
};

/** How long a page may take from being left to its last write, in ms. */
const LEAVING = 1000;

/** The page's own, on which it hears what others erase, but not what it erases itself. */
let channel: BroadcastChannel | undefined;

/** Hears what other tabs erase, until the page is left: an open channel keeps it out of the back/forward cache. */
export const hearOthers = (heard: (why: Consent | 'forget') => void): void => {
  try {
    channel = new BroadcastChannel(NAME);
    // Others may use the same name.
    hear(channel, 'message', ({ data }: MessageEvent) => void ((data === 'forget' || height(data) >= 0) && heard(data)));
  } catch {
    // What is missing hears nothing.
  }
};

/** As the page is left. */
export const hearNobody = (): void => {
  channel?.close();
  channel = undefined;
};

/** Erases whatever is kept beyond `level`, and tells the other tabs `why`. */
export const erase = (level: Consent, why: Consent | 'forget' = level): void => {
  if (level === 'profile') return;
  const time = now();
  const session = area('sessionStorage');
  const local = area('localStorage');
  for (const key of session.keys()) if (key !== NAME || level !== 'visit') session.remove(key);
  local.keys().forEach(local.remove);
  eraseDatabase();
  // A tab that was just being left heard nothing of it, and may have written in its own process's copy of the storage.
  hear(window, 'storage', ({ key, newValue }: StorageEvent) => void (key?.startsWith(`${NAME}:`) && Number.parseInt(newValue ?? '') < time + LEAVING && local.remove(key)));
  try {
    (channel ?? new BroadcastChannel(NAME)).postMessage(why);
  } catch {
    // As above.
  }
};

/** `work`, done when the browser has nothing better to do, but within a second. */
export const whenIdle = (work: (deadline: IdleDeadline) => void): void =>
  void (typeof requestIdleCallback === 'function'
    ? requestIdleCallback(work, { timeout: 1000 })
    : setTimeout(() => work({ didTimeout: true, timeRemaining: () => 10 }), 300));

/** `work`, done when it is the moment, but shortly after it was first asked for; `now` does it at once if it was asked for. */
export const soon = (work: () => void, guard: Guard, moment: (work: () => void) => void) => {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const end = (): void => {
    clearTimeout(timer);
    timer = undefined;
  };
  const due = guard(() => {
    end();
    work();
  });
  // Meanwhile it may have been done, as the page was hidden, or have ended.
  const ifDue = (): void => void (timer && due());
  return {
    ask: (): void => void (timer ??= setTimeout(() => moment(ifDue), BURST)),
    now: (): void => void (timer && due()),
    end,
  };
};

/** Writes and reads are put off by this much, in ms, so that a burst of events is one. */
const BURST = 200;

/** Hears events until `stop`. */
export const hears = (guard: Guard) => {
  const ends = new AbortController();
  return {
    on: (target: EventTarget, type: string, heard: (event: never) => void): void =>
      hear(target, type, guard(heard), { signal: ends.signal }),
    stop: (): void => ends.abort(),
  };
};

/** Writes soon, and at once when the page is hidden or left: timers may come late then, or never. */
export const writing = (work: () => void, guard: Guard, on: ReturnType<typeof hears>['on']) => {
  const write = soon(work, guard, whenIdle);
  const ifHidden = (): void => void (document.hidden && write.now());
  on(document, 'visibilitychange', ifHidden);
  on(window, 'pagehide', write.now);
  return {
    ...write,
    ask(): void {
      write.ask();
      ifHidden();
    },
  };
};

/** `visit`: one text in sessionStorage, which is this tab's alone. */
export const keepVisit = ({ core, guard, report, lowered }: Keeper): Kept => {
  const session = area('sessionStorage', failing(report));
  const { on, stop } = hears(guard);
  let isWritten = false;
  const write = writing(
    () => {
      const text = core.save();
      if (text && !isNewer(session.get(NAME) ?? '')) {
        session.set(NAME, text);
        isWritten = true;
      }
    },
    guard,
    on,
  );
  const load = (): void => {
    const kept = session.get(NAME);
    isWritten ||= !!kept;
    if (kept && !core.isOver(kept, now())) loadInto(core, report, [], kept);
    write.ask();
  };
  load();
  return {
    after: write.ask,
    resume() {
      // Erased by a page that came after, which may have been told to remember less.
      if (isWritten && !session.get(NAME)) return lowered('memory');
      core.disown();
      load();
    },
    erased() {
      write.end();
      session.keys().forEach(session.remove);
      isWritten = false;
    },
    stop() {
      write.end();
      stop();
    },
  };
};
