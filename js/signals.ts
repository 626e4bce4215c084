// What a visitor does on the page that may be the moment for an offer. Only what some rule waits for is watched.

import { hear } from './listeners';
import type { Guard } from './placements';

/** What the page has to watch, as the core says. All lists are ascending. */
export interface Needs {
  signals: {
    exit_intent: boolean;
    return_to_tab: boolean;
    /** Shares of the page. */
    scroll: number[];
    /** Stretches without input, in ms. */
    idle: number[];
    /** This page's active time, in ms. */
    dwell: number[];
  };
  /** Every event that some rule asks about. */
  events: string[];
  /** Whether an offer may appear over the page. */
  overlays: boolean;
}

export type Signal = keyof Needs['signals'];

/** Whom signals ask, and whom they tell. */
interface Engine {
  needs(): Needs | undefined;
  /** `dwell` and `idle` in ms, `scroll` as a share; the others have no value. */
  tell(kind: Signal, value: number | ''): void;
  /** Calls back as the page is left, before storage is closed. */
  whenLeft(heard: () => void): void;
  guard: Guard;
}

interface Navigation extends EventTarget {
  currentEntry: { index: number };
}
type NavigateEvent = Event & { navigationType: string; hashChange: boolean; destination: { index: number } };

const SECOND = 1000;
const DAY = 86_400 * SECOND;

/** After so long without input nobody is taken to be reading, and time counts no more. */
const AWAKE = 30 * SECOND;

/** What shows that somebody is there. */
const INPUT = ['pointermove', 'pointerdown', 'keydown', 'wheel', 'touchmove', 'scroll'];

/** A flick up, back to where one came in: at least so far (px) and so fast (px/ms), within so long, from at least so far down (px, or share of the page). */
const FLICK = { distance: 300, speed: 1.2, within: SECOND / 2, top: 600, share: 0.25 };

const NOTHING: Needs['signals'] = { exit_intent: false, return_to_tab: false, scroll: [], idle: [], dwell: [] };

/** Unlike Date, never set back. */
const clock = (): number => performance.now();

const next = (points: number[], told: number): number => points.find((point) => point > told) ?? Infinity;

const withoutFragment = (): string => location.href.split('#', 1)[0] as string;

/** Tells, once a frame at most, how deep (as a share, once it scrolls) and how far from the top (px) the page is scrolled. */
export const whenScrolled = (told: (share: number, top: number, height: number) => void, guard: Guard, signal?: AbortSignal): void => {
  let frame = 0;
  const look = guard(() => {
    frame = 0;
    const { scrollHeight } = document.documentElement;
    // A pixel more: with fractions of pixels the end may not be reached quite.
    if (!signal?.aborted && scrollHeight > innerHeight) told(Math.min(1, (scrollY + innerHeight + 1) / scrollHeight), scrollY, scrollHeight);
  });
  hear(document, 'scroll', () => (frame ||= requestAnimationFrame(look)), signal && { signal });
};

/**
 * Watches nothing before `again` is called first.
 */
export const signals = ({ needs, tell, whenLeft, guard }: Engine) => {
  let ends = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let points = NOTHING;

  /** When the page view, and when the last input. */
  let begun = 0;
  let last = 0;
  /** Since when the time that is not in `spent` yet counts; undefined while hidden. */
  let since: number | undefined;
  let spent = 0;
  /** What was told: the active time, the silence at hand, the depth. */
  let dwelt = 0;
  let idled = 0;
  let deepest = 0;

  let wasHidden = false;
  let isAway = false;
  /** The last drag of a finger; 0 after a mere touch, which may have asked the page to scroll. */
  let dragged = 0;

  const on = (type: string, heard: (event: never) => void, target: EventTarget = document): void =>
    // Capturing, as pages stop events; but scrolling, of the page only.
    hear(target, type, guard(heard), { capture: type !== 'scroll', signal: ends.signal });

  const active = (): number => spent + (since === undefined ? 0 : Math.min(clock(), last + AWAKE) - since);

  const dwell = (): void => {
    const time = Math.floor(active());
    if (!points.dwell.length || time <= dwelt) return;
    dwelt = time;
    tell('dwell', time);
    points = needs()?.signals ?? NOTHING;
  };

  /** Tells what is due, and comes back for what is due next. */
  const watch = (): void => {
    clearTimeout(timer);
    if (since === undefined) return;
    if (next(points.dwell, dwelt) <= active()) dwell();
    const quiet = clock() - last;
    if (next(points.idle, idled) <= quiet) {
      idled = quiet;
      tell('idle', Math.floor(quiet));
    }
    const wait = Math.min(next(points.idle, idled) - quiet, quiet < AWAKE ? next(points.dwell, dwelt) - active() : Infinity);
    if (wait < Infinity) timer = setTimeout(guard(watch), Math.min(wait, DAY));
  };

  const input = (): void => {
    const before = last;
    const counted = active();
    last = clock();
    if (since === undefined || (last - before < AWAKE && !idled)) return;
    spent = counted;
    since = last;
    idled = 0;
    watch();
  };

  const rest = (): void => {
    spent = active();
    since = undefined;
    clearTimeout(timer);
    dwell();
  };

  const resume = (): void => {
    last = since = clock();
    idled = 0;
    watch();
  };

  /** Whether the visitor has had a look at least. */
  const isIn = (): boolean => clock() - begun >= SECOND;
  const exit = (): void => tell('exit_intent', '');

  const exitByMouse = (): void =>
    on('mouseout', ({ relatedTarget, target, clientY, buttons }: MouseEvent) => {
      // A frame is a `relatedTarget`; the list of a `select` lies over all and is none.
      if (!relatedTarget && clientY <= 0 && !buttons && !(target as Element).closest?.('select') && isIn()) exit();
    });

  const exitByTouch = (): void => {
    let from = { top: 0, at: 0 };
    let before = 0;
    on('touchstart', () => (dragged = 0));
    for (const type of ['touchmove', 'wheel']) on(type, () => (dragged = clock()));
    whenScrolled(
      (_, top, height) => {
        const time = clock();
        const way = from.top - top;
        if (top > before || time - from.at > FLICK.within) {
          from = { top, at: time };
        } else if (
          way >= FLICK.distance &&
          way >= FLICK.speed * (time - from.at) &&
          from.top >= Math.min(FLICK.top, FLICK.share * height) &&
          time - dragged < SECOND &&
          isIn()
        ) {
          // Not again before it goes down.
          from = { top: 0, at: Infinity };
          exit();
        }
        before = top;
      },
      guard,
      ends.signal,
    );

    const { navigation } = window as unknown as { navigation?: Navigation };
    if (navigation) {
      // Also told before the page itself is left for the one before it, which may then show what waited for this.
      const back = ({ navigationType, hashChange, destination }: NavigateEvent): void => {
        if (navigationType === 'traverse' && !hashChange && destination.index < navigation.currentEntry.index && isIn()) exit();
      };
      on('navigate', back, navigation);
    } else {
      const url = withoutFragment();
      const back = (): void => {
        // Later: the page shall have its title first, which is counted with it.
        if (withoutFragment() !== url && isIn()) setTimeout(guard(exit));
      };
      on('popstate', back, window);
    }
  };

  whenLeft(
    guard(() => {
      isAway = true;
      wasHidden = false;
      rest();
    }),
  );

  const stop = (): void => {
    ends.abort();
    clearTimeout(timer);
    points = NOTHING;
  };

  return {
    /** Call before another page view is told: this page's active time goes with this page. */
    leave: guard(dwell),

    /** Call after a page view was told, and when there is an engine to ask: everything begins anew. */
    again: guard(() => {
      stop();
      ends = new AbortController();
      points = needs()?.signals ?? NOTHING;
      begun = last = clock();
      since = document.hidden ? undefined : begun;
      spent = dwelt = idled = deepest = 0;
      isAway = false;

      const isTimed = points.dwell.length + points.idle.length > 0;
      if (isTimed) for (const type of INPUT) on(type, input);
      if (isTimed || points.return_to_tab) {
        on('visibilitychange', () => {
          if (document.hidden) {
            wasHidden = !isAway;
            rest();
          } else {
            resume();
            if (wasHidden && points.return_to_tab) tell('return_to_tab', '');
            wasHidden = false;
          }
        });
      }
      if (points.exit_intent) (matchMedia('(pointer: coarse)').matches ? exitByTouch : exitByMouse)();
      if (points.scroll.length) {
        whenScrolled(
          (share) => {
            const isDue = next(points.scroll, deepest) <= share;
            deepest = Math.max(deepest, share);
            if (isDue) tell('scroll', share);
          },
          guard,
          ends.signal,
        );
      }
      watch();
    }),

    /** Watches no more. */
    stop,
  };
};
