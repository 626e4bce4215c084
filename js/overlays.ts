// Overlays: one offer over the page at a time. It appears, is seen, is answered, and goes. Fetched where the config has any.

import type { Lent } from './lent';
import type { Report } from './listeners';
import { overlayElement } from './overlay-element';
import type { Guard, Sight } from './placements';
import type { Shown } from './types';

/** The overlay that is to appear. */
export interface Raised extends Shown {
  placement: string;
}

/** Whom overlays tell. */
interface Engine {
  /** What became of an offer; `closed`: it went without an answer. */
  outcome(offer: string, kind: 'raised' | 'exposed' | 'clicked' | 'dismissed' | 'closed', placement: string): void;
  /** What a placement shows has changed. */
  shown(placement: string, offers: Shown[]): void;
  report: Report;
  guard: Guard;
  lent: Lent;
}

/** Whether something else of the page is open that Escape may be meant for. */
const isBusy = (host: Element): boolean =>
  [...document.querySelectorAll('dialog[open], [popover], [aria-modal=true]')].some((each) => each !== host && each.getClientRects().length);

/** Shows overlays, one at a time. */
export const overlays = ({ outcome, shown, report, guard, lent }: Engine) => {
  const { answerOf, hear, watch } = lent;
  let up: { raised: Raised; overlay: NonNullable<ReturnType<typeof overlayElement>>; sight: Sight } | undefined;

  const end = (kind: 'clicked' | 'dismissed' | 'closed'): void => {
    if (!up) return;
    const { raised, overlay, sight } = up;
    up = undefined;
    clearTimeout(sight.timer);
    overlay.close();
    outcome(raised.id, kind, raised.placement);
    shown(raised.placement, []);
  };

  const look = (): void => {
    if (up) watch(up.sight, () => up && outcome(up.raised.id, 'exposed', up.raised.placement), guard);
  };

  /** Shows an overlay; `false` when it can't be, or not now: another one is up, or a dialog of the page's own. */
  const show = (raised: Raised): boolean => {
    if (up || document.querySelector('dialog[open]')) return false;
    const { id, content, placement } = raised;
    try {
      const overlay = overlayElement(raised, report, guard, lent);
      if (!overlay) return false;
      const { host, box, dialog } = overlay;
      const sight: Sight = { element: box };
      const mine = { raised, overlay, sight };
      const when = <E extends Event>(target: HTMLElement, type: string, heard: (event: E) => void): void =>
        hear(target, type, guard((event: E) => void (up === mine && heard(event))));
      const clicked = (event: MouseEvent): void => {
        const answer = answerOf(event);
        if (answer) end(answer);
      };
      when(host, 'click', clicked);
      when(host, 'auxclick', clicked);
      if (dialog) {
        // Escape, or a phone's back gesture.
        when(dialog, 'close', () => end('dismissed'));
        // Not a click alone: a text that is marked beyond the edge is none.
        let beside = false;
        when(dialog, 'pointerdown', ({ target, clientX: x, clientY: y }: PointerEvent) => {
          const { left, right, top, bottom } = dialog.getBoundingClientRect();
          beside = target === dialog && (x < left || x > right || y < top || y > bottom);
        });
        when(dialog, 'click', ({ target }) => target === dialog && beside && end('dismissed'));
      }
      up = mine;
      overlay.open(() => {
        if (up !== mine) return;
        sight.inView = true;
        look();
      });
    } catch (error) {
      up?.overlay.host.remove();
      up = undefined;
      report(`overlay \`${placement}\` can't be shown: ${error}`, 'the page goes on without it', id);
      return false;
    }
    outcome(id, 'raised', placement);
    shown(placement, [{ id, content }]);
    return true;
  };

  hear(document, 'visibilitychange', guard(look));
  hear(
    document,
    'keydown',
    guard((event: KeyboardEvent) => {
      if (!up || up.overlay.dialog || event.key !== 'Escape' || event.defaultPrevented || event.isComposing) return;
      const { host } = up.overlay;
      if (host === document.activeElement || !isBusy(host)) end('dismissed');
    }),
  );

  return {
    show,
    /** It goes without an answer, as on a page view. */
    close: (): void => end('closed'),
    /** The offer that is over the page at this moment, if it is that placement's. */
    showing: (placement: string): string[] | undefined => (up && up.raised.placement === placement ? [up.raised.id] : undefined),
  };
};
