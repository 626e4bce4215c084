// `profile`: kept between visits, and shared by all tabs of the site without any of them losing another's updates.
// Each tab writes what it adds (its delta) under a key of its own; what is known is the base with all deltas.

import { now } from './clock';
import { Key } from './foreseen';
import type { safekeeping } from './safekeeping';
import { area, eraseDatabase, failing, hears, type Keeper, type Kept, loadInto, NAME, soon, TAB, whenIdle, writing } from './storage';
import { isNewer, isToBeLeft, keyOf, readAll, readBase, textsBut, writeDelta } from './stored';

/** How long going from one page to the next may take, in ms; a delta left behind for longer may have been copied with its tab. */
const HANDOVER = 10_000;

/** A silence after which it is asked whether the delta is still this tab's to add to; well below those of `stored.ts`, in ms. */
const SILENCE = 20_000;

const newTab = (): string => [...crypto.getRandomValues(new Uint32Array(2))].map((part) => part.toString(36)).join('');

/** `from`: what the page before left in `TAB`. */
export const keepProfile = (keeper: Keeper, from: string | null): Kept => {
  const { core, guard, report, changed, forgotten, lowered } = keeper;
  const { on, stop: stopHearing } = hears(guard);
  let isStopped = false;
  let isStale = false;
  /** Between pagehide and coming back: the delta is the next page's. */
  let isAway = false;
  let tab = '';
  /** When the delta was last written; 0 when it was not. */
  let written = 0;
  let safe: ReturnType<typeof safekeeping> | undefined;

  const stop = (): void => {
    isStopped = true;
    write.end();
    read.end();
    stopHearing();
  };
  const failed = failing(report);
  const local = area('localStorage', (error) => {
    stop();
    failed(error);
  });
  const session = area('sessionStorage');

  const isFolded = (): boolean => readBase(local.get(NAME)).folded.includes(tab);
  const isGone = (): boolean => !!written && local.get(keyOf(tab)) === null;
  const isLost = (): boolean => isGone() || (!!written && isFolded());

  /** `true`: what is stored should be folded and written anew. */
  const load = (own = ''): boolean => {
    isStale = false;
    return loadInto(core, report, textsBut(readAll(local), tab), own);
  };
  const begin = (): void => {
    tab = newTab();
    written = 0;
  };
  const leave = (): void => {
    write.end();
    begin();
  };
  /** What the page erased itself is not to come back from where it is kept safe. */
  const eraseIfGone = (): void => {
    if (isGone() && !isFolded()) eraseDatabase();
  };
  /** Leaves what was written to the others, and begins a new delta, with what came since and is still to be written. */
  const renew = (): void => {
    eraseIfGone();
    begin();
    core.disown();
    load();
  };

  // Before what is written then.
  on(window, 'pagehide', () => safe?.leave());
  const write = writing(
    () => {
      if (isAway || isStopped) return;
      const time = now();
      // Whoever folds it, or did, knows what was written to it, and no more.
      if (isLost() || (written && Math.abs(time - written) > SILENCE && isToBeLeft(readAll(local), written, time))) renew();
      const text = core.save();
      if (!text) return;
      local.set(keyOf(tab), writeDelta(time, text));
      written = time;
      safe?.copy();
    },
    guard,
    on,
  );
  /** What others wrote, and, when one of them folded or erased this tab's delta, not that. */
  const reload = (): void => {
    if (isLost()) renew();
    else load();
  };
  const read = soon(
    () => {
      reload();
      changed();
    },
    guard,
    // What is shown may rest on it, and stays once it was seen.
    (work) => work(),
  );

  /** Goes on with the delta that the page before left for this one, if `from` says so and it is really that. */
  const open = (from: string | null): void => {
    const time = now();
    session.remove(NAME);
    const stored = readAll(local);
    const [handed = '', at, left] = from?.split(' ') ?? [];
    const own = stored.deltas.get(handed);
    // Storage written by another process may come late: then the delta is not the one that was left.
    const goesOn = own?.at === Number(at) && !isNewer(own.text) && Math.abs(time - Number(left)) < HANDOVER && !isToBeLeft(stored, own.at, time);
    tab = goesOn ? handed : newTab();
    written = goesOn ? own.at : 0;
    const isUntidy = load(goesOn ? own.text : '');
    write.ask();
    if (isStopped) return;
    const begin = guard(() => safe?.begin(!goesOn, isUntidy));
    whenIdle(() => {
      if (safe || isStopped) return begin();
      import('./safekeeping').then(
        guard(({ safekeeping }) => {
          safe = safekeeping({ core, local, own: () => tab, isStopped: () => isStopped, done: reload, guard });
          begin();
        }),
        () => report("`safekeeping.js` can't be fetched", 'put it beside the script'),
      );
    });
  };

  const erased = (): void => {
    // Written since, perhaps.
    local.remove(keyOf(tab));
    local.remove(Key.Ahead);
    session.keys().forEach(session.remove);
    safe?.forget();
    eraseDatabase();
    leave();
  };

  on(window, 'storage', ({ key, newValue, storageArea }: StorageEvent) => {
    if (storageArea !== localStorage || key === Key.Ahead || (key !== null && key !== NAME && !key.startsWith(`${NAME}:`))) return;
    if (key === null || (newValue === null && (key === NAME || (key === keyOf(tab) && !isFolded())))) {
      erased();
      forgotten();
    } else if (document.hidden) {
      isStale = true;
    } else {
      read.ask();
    }
  });
  on(document, 'visibilitychange', () => {
    // Back from the cache: `resume` comes after.
    if (document.hidden || isAway || (!isStale && !isLost())) return;
    reload();
    changed();
  });
  on(window, 'pagehide', () => {
    eraseIfGone();
    if (written) session.set(TAB, `${tab} ${written} ${now()}`);
    isAway = true;
  });
  open(from);

  return {
    after: write.ask,
    resume() {
      if (isStopped) return;
      isAway = false;
      // Erased by another tab, which may have been told to remember less.
      if (isGone() && !isFolded()) return lowered('memory');
      core.disown();
      // What lies in the caches of this page's process may be older than what the pages since then wrote.
      open(null);
    },
    erased,
    stop,
  };
};
