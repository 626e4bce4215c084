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

/** The placements of a page: which offers the visitor has seen there, which stay until the next page view; null where nothing was seen. */
export type OnPage = Record<string, string[] | null>;

/** Whom placements ask, and whom they tell. */
interface Engine {
  /** What the placements of which nothing was seen are to show now, given all that are on the page. */
  fill(onPage: OnPage): (Answer & { placement: string })[];
  /** What the visitor did with an offer. */
  outcome(offer: string, kind: 'exposed' | 'clicked' | 'dismissed', placement: string): void;
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

/** Something that the visitor may see. */
export interface Sight {
  element: HTMLElement;
  inView?: boolean;
  exposed?: boolean;
  timer?: ReturnType<typeof setTimeout>;
}

/** An offer on the page; fallback content has no id. */
interface Rendering extends Sight {
  place: Place;
  offer: string | undefined;
}

const PLACEMENT = '[data-placement]';
// Half of it for one second is what advertising counts as viewable: https://www.iab.com/guidelines/iab-measurement-guidelines/
const HALF = 0.5;
const SECOND = 1000;

/** Starts or stops the second after which something has been seen. */
export const watch = (sight: Sight, seen: () => void, guard: Guard): void => {
  clearTimeout(sight.timer);
  if (!sight.inView || sight.exposed || document.hidden) return;
  sight.timer = setTimeout(
    guard(() => {
      // In view, yet not to be seen: another slide of a carousel, say.
      if (sight.element.checkVisibility?.({ opacityProperty: true, visibilityProperty: true }) === false) return watch(sight, seen, guard);
      sight.exposed = true;
      seen();
    }),
    SECOND,
  );
};

/** What a click somewhere in an offer says to it. */
export const answerOf = (event: MouseEvent): 'clicked' | 'dismissed' | undefined => {
  for (const node of event.composedPath()) {
    if (node === event.currentTarget) break;
    if (!(node instanceof Element)) continue;
    if (event.type === 'click' && node.hasAttribute('data-dismiss')) return 'dismissed';
    // Button 1 opens a tab; 2 only a menu.
    if (event.button < 2 && node.matches('a[href]')) return 'clicked';
  }
  return undefined;
};

/** Fills every placement of the page, now and later. Nothing happens before the first `refresh`. */
export const placements = ({ fill, outcome, shown, report, guard }: Engine) => {
  const places = new WeakMap<Element, Place | null>();
  const renderings = new WeakMap<Element, Rendering>();
  /** By placement. It may be on the page more than once: then it shows the same everywhere. */
  const answers = new Map<string, Answer>();
  let begun = false;

  const look = (rendering: Rendering): void => watch(rendering, () => done(rendering, 'exposed'), guard);

  const view = new IntersectionObserver(
    guard((entries) => {
      for (const { target, intersectionRatio, intersectionRect } of entries) {
        const rendering = renderings.get(target);
        if (!rendering) continue;
        rendering.inView = intersectionRatio >= HALF && intersectionRect.height > 0;
        look(rendering);
      }
    }),
    { threshold: HALF },
  );

  /** The visitor did something with an offer, so its placement has been seen. */
  const done = ({ place, offer }: Rendering, kind: 'exposed' | 'clicked'): void => {
    place.seen = true;
    if (offer) outcome(offer, kind, place.name);
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
    const answer = answerOf(event);
    if (answer === 'dismissed') dismiss(rendering);
    else if (answer) done(rendering, answer);
  };

  const dismiss = ({ place: { element, name }, element: dismissed, offer }: Rendering): void => {
    const focused = dismissed.contains(document.activeElement);
    const answer = answers.get(name);
    if (answer) answer.offers = answer.offers.filter(({ id }) => id !== offer);
    for (const { place } of all()) {
      const rendering = place?.name === name && place.rendered.find((each) => each.offer === offer);
      if (!rendering) continue;
      place.rendered.splice(place.rendered.indexOf(rendering), 1);
      Object.assign(place, { seen: true, decided: undefined });
      remove(rendering);
      turn(place);
    }
    if (offer) outcome(offer, 'dismissed', name);
    if (focused) focus(element);
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

  /** Shows what was decided. Only what changes is touched. */
  const show = (place: Place): void => {
    const { offers, fallback } = answers.get(place.name) ?? { offers: [], fallback: null };
    const decided = JSON.stringify(offers.map(({ id }) => id));
    if (decided === place.decided) return;
    Object.assign(place, { decided, fallback });
    place.rendered.splice(0).forEach(remove);
    for (const { id, content } of offers) render(place, content, id);
    turn(place);
    shown(place.name, offers);
  };

  /** Every element that is a placement and can be filled, in the page's order; as a place, once it is one. */
  const all = (): { element: HTMLElement; name: string; place: Place | undefined }[] =>
    [...document.querySelectorAll<HTMLElement>(PLACEMENT)].flatMap((element) => {
      const place = places.get(element);
      // What is inside an offer is the offer's.
      return place === null || element.closest('maitre-offer, maitre-modal') ? [] : { element, name: element.dataset.placement as string, place };
    });

  const attempt = (element: HTMLElement, name: string, work: () => void): void => {
    try {
      work();
    } catch (error) {
      places.set(element, null);
      report(`placement \`${name}\` can't be filled: ${error}`, 'put `data-placement` on a `div` around it');
    }
  };

  /** Every placement of the page, with what the visitor has seen there; nothing yet when `anew`, as on a page view. */
  const onPage = (anew = false): OnPage => {
    const seen: OnPage = {};
    for (const { name, place } of all()) {
      if (!anew && place?.seen && place.name === name) seen[name] = [...(seen[name] ?? []), ...offersOf(place)];
      else seen[name] ??= null;
    }
    return seen;
  };

  /** Decides every placement of which nothing was seen yet; when `anew`, as on a page view, all of them. Only what changes is touched. */
  const refresh = (anew = false): void => {
    begun = true;
    for (const { element, name, place: found } of all()) {
      attempt(element, name, () => {
        const place = found ?? prepare(element, name);
        places.set(element, place);
        if (place.name !== name) Object.assign(place, { name, seen: false, decided: undefined });
        if (!anew) return;
        place.seen = false;
        for (const rendering of place.rendered) look(Object.assign(rendering, { exposed: false }));
      });
    }
    const asked = onPage();
    for (const name in asked) if (!asked[name]) answers.delete(name);
    for (const answer of fill(asked)) answers.set(answer.placement, answer);
    for (const { element, name, place } of all()) if (place && !place.seen) attempt(element, name, () => show(place));
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
        if (rendering) look(rendering);
      }
    }),
  );

  /** The offers that the page shows in a placement at this moment; undefined when it has no such placement. */
  const showing = (name: string): string[] | undefined => {
    const place = all().find(({ place }) => place?.name === name)?.place;
    return place && offersOf(place);
  };

  return { refresh, showing, onPage };
};

const offersOf = ({ rendered }: Place): string[] => rendered.flatMap(({ offer }) => offer ?? []);

/** Where focus goes when what had it has left: to the placement, which can take it for as long. */
export const focus = (element: HTMLElement): void => {
  if (!element.hasAttribute('tabindex')) {
    element.tabIndex = -1;
    element.addEventListener('blur', () => element.removeAttribute('tabindex'), { once: true });
  }
  element.focus({ preventScroll: true });
};
