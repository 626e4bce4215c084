// <maitre-modal>, <maitre-bar>, <maitre-toast>: one offer over the page, in the browser's own top layer.

import type { Lent } from './lent';
import type { Report } from './listeners';
import type { Guard } from './placements';
import type { Shown } from './types';

const OVER = `
:host { position: fixed; inset: auto 0 0; z-index: 2147483647; width: auto; margin: 0; padding: 0; overflow: visible; border: 0; background: none }
:host(maitre-modal) { display: contents }
:host(maitre-toast) { inset-inline-start: auto; width: 27rem; max-width: 100% }
[part=overlay] { padding: 0; overflow: auto; overscroll-behavior: contain; outline: 0; color: inherit;
  background: var(--maitre-surface, Canvas); border: 0 solid var(--maitre-line, color-mix(in srgb, CanvasText 18%, Canvas)) }
[part=overlay]:not([class]) { height: 0 }
.modal { width: 27rem; margin: auto; max-width: calc(100% - 2rem); max-height: calc(100% - 2rem - 2 * env(safe-area-inset-top)) }
.modal[open], .bar, .toast { display: flex; align-items: start; box-shadow: 0 0 3rem rgb(0 0 0 / .2) }
.modal[open] { flex-direction: column; align-items: stretch }
.modal, .toast { border-width: 1px; border-radius: var(--maitre-radius, .75rem) }
.bar, .toast { max-height: 50vh }
.bar { justify-content: center; border-top-width: 1px;
  padding: 0 env(safe-area-inset-right) env(safe-area-inset-bottom) env(safe-area-inset-left) }
.toast { margin: 1rem calc(1rem + env(safe-area-inset-right)) calc(1rem + env(safe-area-inset-bottom)) calc(1rem + env(safe-area-inset-left)) }
::backdrop { background: rgb(0 0 0 / .5) }
[part=offer] { flex: none; overflow: visible; border: 0; background: none }
[part=dismiss] { position: sticky; flex: none; inset: .5rem; margin: .5rem; min-width: 2.75rem; min-height: 2.75rem; font-size: 1.5rem }
.modal > [part=dismiss] { z-index: 1; align-self: end }
.card { margin-block-start: -3.75rem }
.card [part=image] { height: min(14rem, 35vh) }
.card [part=body] { gap: .75rem; padding: 1.5rem }
.card [part=body] > :first-child { padding-inline-end: 2.5rem }
.card [part=title] { font-size: 1.5em; text-wrap: balance }
.card [part=cta] { align-self: stretch; margin-block-start: .5rem; text-align: center }
.own { padding: 0 1.5rem 1.5rem }
.own:first-child { padding-block-start: 1.5rem }
.banner { flex: 0 1 80rem; min-width: 0 }
.banner [part=image] { flex: none; align-self: start; width: 4rem; margin: .75rem; margin-inline-end: 0; border-radius: calc(var(--maitre-radius, .75rem) * .6) }
.banner [part=body] { gap: .5rem 1rem }
.bar [part=text] { flex: 1 1 16rem }
.toast p { flex-basis: 100% }
@media (min-width: 40rem) { .bar { align-items: center } }
@media (prefers-reduced-motion: no-preference) {
  .modal, .bar, .toast, ::backdrop { animation: appear .25s ease-out }
  @keyframes appear { from { opacity: 0 } }
}
`;

/** How long a live region has to be there for what is put into it to be announced, in ms. */
const HEARD = 100;

/** An offer over the page, not there yet; null when its template can't be found. */
export const overlayElement = ({ id, content }: Shown, report: Report, guard: Guard, lent: Lent) => {
  const { custom, dismissButton, filled, focus, hear, labelOf, part, shadow, STYLE } = lent;
  const inside = filled(content, report, id);
  if (!inside) return null;
  const { template } = content;
  const kind = template === 'toast' ? template : template === 'bar' || template === 'banner' ? 'bar' : 'modal';
  const host = custom(`maitre-${kind}`);
  const dialog = kind === 'modal' ? part('dialog', 'overlay') : undefined;
  const box = dialog ?? part('div', 'overlay');
  let frame: HTMLElement;
  if (inside instanceof DocumentFragment) {
    host.append(inside);
    frame = part('div', 'offer', document.createElement('slot'));
    frame.className = 'own';
  } else {
    frame = inside;
    frame.className = dialog ? 'card' : 'banner';
  }
  box.append(frame);
  // Also for `dismiss: false`: what covers a page has to go when asked to, by touch, too.
  if (!host.querySelector('[data-dismiss]')) box[dialog ? 'prepend' : 'append'](dismissButton(content.dismiss));
  (dialog ?? host).setAttribute('aria-label', labelOf(content) || document.title);
  shadow(host, STYLE + OVER, box);
  host.dataset.offer = id;

  /** What had the focus before it came in here. */
  let before: EventTarget | null = null;
  hear(host, 'focusin', ({ relatedTarget }: FocusEvent) => (before = relatedTarget ?? before));

  return {
    host,
    box,
    dialog,

    /** Puts it on the page; it has `appeared` when it can be seen. */
    open(appeared: () => void): void {
      document.body.append(host);
      if (dialog) {
        const [title, text] = frame.querySelectorAll('p');
        if (title && text) {
          text.id = 'text';
          dialog.setAttribute('aria-describedby', text.id);
        }
        dialog.className = kind;
        // No control has the focus at first: a key that was meant for the page shall do nothing here.
        dialog.tabIndex = -1;
        dialog.showModal();
        dialog.focus();
        return appeared();
      }
      host.setAttribute('role', 'region');
      host.setAttribute('popover', 'manual');
      host.showPopover?.();
      const body = frame.querySelector('[part=body]') as Element;
      const words = [...body.childNodes];
      body.setAttribute('role', 'status');
      body.replaceChildren();
      setTimeout(
        guard(() => {
          body.append(...words);
          box.className = kind;
          appeared();
        }),
        HEARD,
      );
    },

    /** Takes it away; the focus, if it was in here, goes back to where it was. */
    close(): void {
      const focused = dialog || host.contains(document.activeElement);
      dialog?.close();
      host.remove();
      if (!focused || !before || document.activeElement !== document.body) return;
      (before as HTMLElement).focus({ preventScroll: true });
      if (document.activeElement === document.body) focus(document.body);
    },
  };
};
