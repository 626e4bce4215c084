// Placements on the page: filling them, and seeing what the visitor sees of them.

import type { Report } from './listeners';
import { offerElement } from './offer-element';
import type { Content, Shown } from './types';

/** Makes a function that throws nothing into the page. */
export type Guard = <A extends unknown[]>(work: (...args: A) => void) => (...args: A) => void;

/** What a placement is to show. */
export interface Answer {
  offers: Shown[];
  /** The placement's own fallback content, if the config gives it one; else the element's children are the fallback. */
  fallback: Content | null;
}

/** Whom placements ask, and whom they tell. */
interface Engine {
  /** What the placement is to show now. */
  decide(placement: string): Answer;
  /** What the visitor did with an offer. */
  outcome(offer: string, kind: 'exposed' | 'clicked' | 'dismissed'): void;
  /** What a placement shows has changed. */
  shown(placement: string, offers: Shown[]): void;
  report: Report;
  guard: Guard;
}

/** An element of the page that is a placement. */
interface Place {
  element: HTMLElement;
  name: string;
  slot: HTMLSlotElement;
  rendered: Rendering[];
  /** What was decided for it, as text to compare; undefined when it is to be decided afresh. */
  decided?: string | undefined;
  fallback?: Content | null;
  /** The visitor has seen it, so it stays until the next page view. */
  seen?: boolean;
}

/** An offer on the page; fallback content has no id. */
interface Rendering {
  place: Place;
  element: HTMLElement;
  offer: string | undefined;
  inView?: boolean;
  exposed?: boolean;
  timer?: ReturnType<typeof setTimeout>;
}

const PLACEMENT = '[data-placement]';
// Half of it for one second is what advertising counts as viewable: https://www.iab.com/guidelines/iab-measurement-guidelines/
const HALF = 0.5;
const SECOND = 1000;

/** Fills every placement of the page, now and later. Nothing happens before the first `refresh`. */
export const placements = ({ decide, outcome, shown, report, guard }: Engine) => {
  const places = new WeakMap<Element, Place | null>();
  const renderings = new WeakMap<Element, Rendering>();
  let begun = false;

  /** Starts or stops the second after which an offer has been seen. */
  const watch = (rendering: Rendering): void => {
    clearTimeout(rendering.timer);
    if (!rendering.inView || rendering.exposed || document.hidden) return;
    rendering.timer = setTimeout(
      guard(() => {
        // In view, yet not to be seen: another slide of a carousel, say.
        if (rendering.element.checkVisibility?.({ opacityProperty: true, visibilityProperty: true }) === false) return watch(rendering);
        rendering.exposed = true;
        done(rendering, 'exposed');
      }),
      SECOND,
    );
  };

  const view = new IntersectionObserver(
    guard((entries) => {
      for (const { target, intersectionRatio, intersectionRect } of entries) {
        const rendering = renderings.get(target);
        if (!rendering) continue;
        rendering.inView = intersectionRatio >= HALF && intersectionRect.height > 0;
        watch(rendering);
      }
    }),
    { threshold: HALF },
  );

  /** The visitor did something with an offer, so its placement has been seen. */
  const done = ({ place, offer }: Rendering, kind: 'exposed' | 'clicked' | 'dismissed'): void => {
    place.seen = true;
    if (offer) outcome(offer, kind);
  };

  const remove = ({ element, timer }: Rendering): void => {
    clearTimeout(timer);
    view.unobserve(element);
    element.remove();
  };

  const render = (place: Place, content: Content, offer?: string): void => {
    const element = offerElement(content, report, offer);
    if (!element) return;
    const rendering: Rendering = { place, element, offer };
    place.rendered.push(rendering);
    place.element.append(element);
    if (!offer) return;
    renderings.set(element, rendering);
    for (const type of ['click', 'auxclick'] as const) element.addEventListener(type, guard((event) => clicked(rendering, event)));
    view.observe(element);
  };

  /** Shows what is rendered, or else the fallback. */
  const turn = (place: Place): void => {
    const { element, slot, rendered, fallback } = place;
    if (!rendered.length && fallback) render(place, fallback);
    slot.name = rendered.length ? 'maitre' : '';
    element.dataset.maitre = rendered.some(({ offer }) => offer) ? 'offer' : 'fallback';
  };

  const clicked = (rendering: Rendering, event: MouseEvent): void => {
    for (const node of event.composedPath()) {
      if (node === rendering.element) return;
      if (!(node instanceof Element)) continue;
      if (event.type === 'click' && node.hasAttribute('data-dismiss')) return dismiss(rendering);
      // Button 1 opens a tab; 2 only a menu.
      if (event.button < 2 && node.matches('a[href]')) return done(rendering, 'clicked');
    }
  };

  const dismiss = (rendering: Rendering): void => {
    const { place, element } = rendering;
    const focused = element.contains(document.activeElement);
    place.rendered.splice(place.rendered.indexOf(rendering), 1);
    remove(rendering);
    done(rendering, 'dismissed');
    Object.assign(place, { decided: undefined, fallback: decide(place.name).fallback });
    turn(place);
    if (focused) focus(place.element);
  };

  const prepare = (element: HTMLElement, name: string): Place => {
    const slot = document.createElement('slot');
    element.attachShadow({ mode: 'open' }).append(slot);
    // Those of a page that was copied with its offers in it.
    for (const copy of element.querySelectorAll(':scope > maitre-offer')) copy.remove();
    const place: Place = { element, name, slot, rendered: [] };
    slot.addEventListener(
      'slotchange',
      guard(() => {
        if (!slot.name || slot.assignedNodes().length) return;
        // The page has emptied the placement: what it put there instead is to be seen.
        place.rendered.splice(0).forEach(remove);
        place.decided = undefined;
        place.seen = true;
        turn(Object.assign(place, { fallback: null }));
      }),
    );
    return place;
  };

  const fill = (place: Place): void => {
    const { offers, fallback } = decide(place.name);
    const decided = JSON.stringify(offers.map(({ id }) => id));
    if (decided === place.decided) return;
    Object.assign(place, { decided, fallback });
    place.rendered.splice(0).forEach(remove);
    for (const { id, content } of offers) render(place, content, id);
    turn(place);
    shown(place.name, offers);
  };

  /** Decides every placement of which nothing was seen yet; when `anew`, as on a page view, all of them. Only what changes is touched. */
  const refresh = (anew = false): void => {
    begun = true;
    for (const element of document.querySelectorAll<HTMLElement>(PLACEMENT)) {
      const name = element.dataset.placement as string;
      let place = places.get(element);
      if (place === null || element.closest('maitre-offer')) continue;
      try {
        places.set(element, (place ??= prepare(element, name)));
        if (place.name !== name) Object.assign(place, { name, seen: false, decided: undefined });
        if (anew) {
          place.seen = false;
          for (const rendering of place.rendered) watch(Object.assign(rendering, { exposed: false }));
        }
        if (!place.seen) fill(place);
      } catch (error) {
        places.set(element, null);
        report(`placement \`${name}\` can't be filled: ${error}`, 'put `data-placement` on a `div` around it');
      }
    }
  };

  const within = (node: Node): boolean => node instanceof Element && (node.matches(PLACEMENT) || !!node.querySelector(PLACEMENT));
  new MutationObserver(
    guard((changes) => {
      if (begun && changes.some(({ type, addedNodes }) => type === 'attributes' || [...addedNodes].some(within))) refresh();
    }),
  ).observe(document, { subtree: true, childList: true, attributeFilter: ['data-placement'] });

  document.addEventListener(
    'visibilitychange',
    guard(() => {
      for (const element of document.querySelectorAll('maitre-offer')) {
        const rendering = renderings.get(element);
        if (rendering) watch(rendering);
      }
    }),
  );

  /** The offers that the page shows in a placement at this moment; undefined when it has no such placement. */
  const showing = (name: string): string[] | undefined => {
    for (const element of document.querySelectorAll<HTMLElement>(PLACEMENT)) {
      const place = places.get(element);
      if (place?.name === name) return place.rendered.flatMap(({ offer }) => offer ?? []);
    }
    return undefined;
  };

  return { refresh, showing };
};

/** Where focus goes when what had it has left: to the placement, which can take it for as long. */
const focus = (element: HTMLElement): void => {
  if (!element.hasAttribute('tabindex')) {
    element.tabIndex = -1;
    element.addEventListener('blur', () => element.removeAttribute('tabindex'), { once: true });
  }
  element.focus({ preventScroll: true });
};
