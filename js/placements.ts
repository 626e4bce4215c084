// Placements on the page: filling them, and seeing what the visitor sees of them.

import { now } from './clock';
import type { Answer } from './core';
import type { Handover } from './foreseen';
import { hear, type Report } from './listeners';
import { offerElement, unlessBroken } from './offer-element';
import type { Content, Shown } from './types';

/** Makes a function that throws nothing into the page. */
export type Guard = <A extends unknown[]>(work: (...args: A) => void) => (...args: A) => void;

/** The placements of a page: which offers the visitor has seen there, which stay until the next page view; null where nothing was seen. */
export type OnPage = Record<string, string[] | null>;

/** Whom placements ask, and whom they tell. */
interface Engine {
  /** What the placements of which nothing was seen are to show now, given all that are on the page. */
  fill(onPage: OnPage): Answer[];
  /** What the visitor did with an offer. */
  outcome(offer: string, kind: 'exposed' | 'clicked' | 'dismissed', placement: string): void;
  /** What a placement shows has changed. */
  shown(placement: string, offers: readonly Shown[]): void;
  /** A hash of what decides, once that is known. */
  plan(): number | undefined;
  report: Report;
  guard: Guard;
}

/** An element of the page that is a placement. */
interface Place {
  element: HTMLElement;
  name: string;
  rendered: Rendering[];
  /** What was decided for it, as text to compare; undefined when it is to be decided afresh. */
  decided?: string | undefined;
  fallback?: Content | null;
  /** The visitor has seen it, so it stays until the next page view. */
  seen?: boolean;
  /** The inline snippet filled it, and it isn't confirmed yet. */
  early?: boolean | undefined;
}

/** Something that the visitor may see. */
export interface Sight {
  element: HTMLElement;
  inView?: boolean;
  exposed?: boolean;
  timer?: ReturnType<typeof setTimeout>;
  /** When the inline snippet placed it (ms since the epoch); 0 once that has counted. */
  placed?: number;
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
  const early = sight.placed && sight.inView ? seenSince(sight.placed) : 0;
  sight.placed = 0;
  if (!sight.inView || sight.exposed || document.hidden) return;
  sight.timer = setTimeout(
    guard(() => {
      // In view, yet not to be seen: another slide of a carousel, say.
      if (sight.element.checkVisibility?.({ opacityProperty: true, visibilityProperty: true }) === false) return watch(sight, seen, guard);
      sight.exposed = true;
      seen();
    }),
    SECOND - early,
  );
};

/** For how long something has been in view that was placed before this code was there: unless the page was scrolled, from when it was painted. */
const seenSince = (placed: number): number => {
  const [painted] = performance.getEntriesByName('first-contentful-paint');
  return painted && !scrollY ? Math.max(0, Math.min(now() - placed, performance.now() - painted.startTime)) : 0;
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
export const placements = ({ fill, outcome, shown, plan, report, guard }: Engine) => {
  const places = new WeakMap<Element, Place | null>();
  const renderings = new WeakMap<Element, Rendering>();
  /** By placement. It may be on the page more than once: then it shows the same everywhere. */
  const answers = new Map<string, Answer>();
  let begun = false;
  /** What is being decided is what the parser has brought. */
  let isParsed = false;

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
    place.element.append(element);
    attach(place, element, offer);
  };

  const attach = (place: Place, element: HTMLElement, offer?: string, placed = 0): void => {
    const rendering: Rendering = { place, element, offer, placed };
    place.rendered.push(rendering);
    if (!offer) return;
    renderings.set(element, rendering);
    for (const type of ['click', 'auxclick']) hear(element, type, guard((event: MouseEvent) => clicked(rendering, event)));
    view.observe(element);
  };

  /** Shows what is rendered, or else the fallback. */
  const turn = (place: Place): void => {
    const { element, rendered, fallback } = place;
    if (!rendered.length && fallback) render(place, fallback);
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
    if (answer) answers.set(name, { ...answer, offers: answer.offers.filter(({ id }) => id !== offer) });
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

  const prepare = (element: HTMLElement, name: string, placed?: Handover[0]): Place => {
    // It shows what is put into it, or else what the page has there.
    const slot = (placed && slotOf(element)) ?? document.createElement('slot');
    if (!slot.name) {
      slot.name = 'maitre';
      slot.append(document.createElement('slot'));
      element.attachShadow({ mode: 'open' }).append(slot);
    }
    const place: Place = { element, name, rendered: [] };
    for (const offer of element.querySelectorAll<HTMLElement>(':scope > maitre-offer')) {
      const at = placed?.get(offer);
      // Those of a page that was copied with its offers in it.
      if (!at) {
        offer.remove();
        continue;
      }
      attach(place, offer, offer.dataset.offer, at);
      for (const image of offer.shadowRoot?.querySelectorAll('img') ?? []) {
        unlessBroken(image);
        // It may have failed before.
        if (image.complete && !image.naturalWidth) image.src = image.src;
      }
    }
    hear(
      slot,
      'slotchange',
      guard(() => {
        if (!place.rendered.length || slot.assignedNodes().length) return;
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
    const decided = textOf(offers.map(({ id }) => id), plan());
    const isSame = decided === place.decided;
    if (isSame && !place.early) return;
    Object.assign(place, { decided, fallback });
    if (isSame) return shown(place.name, offers);
    place.rendered.splice(0).forEach(remove);
    for (const { id, content } of offers) render(place, content, id);
    turn(place);
    shown(place.name, offers);
  };

  /** Takes over what the inline snippet has placed. In the placements of `answered` something was clicked or dismissed already. */
  const adopt = ([placed, added]: Handover, answered: string[]): void => {
    added.disconnect();
    for (const element of document.querySelectorAll<HTMLElement>(PLACEMENT)) {
      if (!slotOf(element)) continue;
      const name = element.dataset.placement as string;
      const place = prepare(element, name, placed);
      places.set(element, Object.assign(place, { early: true, seen: answered.includes(name), decided: textOf(offersOf(place), added.p) }));
    }
    // It hears of clicks no more.
    placed.clear();
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

  /** What it shows stays: it was seen, or the parser has brought others, for which nothing is to be moved. */
  const stays = ({ seen, decided, early }: Place): boolean => !!seen || (isParsed && decided !== undefined && !early);

  /** Every placement of the page, with what the visitor has seen there; nothing yet when `anew`, as on a page view. */
  const onPage = (anew = false): OnPage => {
    const seen: OnPage = Object.create(null);
    for (const { name, place } of all()) {
      if (!anew && place && stays(place) && place.name === name) seen[name] = [...(seen[name] ?? []), ...offersOf(place)];
      else seen[name] ??= null;
    }
    return seen;
  };

  /** Decides every placement of which nothing was seen yet; when `anew`, as on a page view, all of them. Only what changes is touched. */
  const refresh = (anew = false, isMore = false): void => {
    begun = true;
    isParsed = isMore && document.readyState === 'loading';
    for (const { element, name, place: found } of all()) {
      attempt(element, name, () => {
        const place = found ?? prepare(element, name);
        places.set(element, place);
        if (place.name !== name) Object.assign(place, { name, seen: false, decided: undefined });
        // What was placed before the first page view was told belongs to it.
        if (!anew || place.early) return;
        place.seen = false;
        for (const rendering of place.rendered) look(Object.assign(rendering, { exposed: false }));
      });
    }
    const asked = onPage();
    for (const name in asked) if (!asked[name]) answers.delete(name);
    for (const answer of fill(asked)) answers.set(answer.placement, answer);
    for (const { element, name, place } of all()) {
      if (!place) continue;
      if (!stays(place)) attempt(element, name, () => show(place));
      place.early = false;
    }
    isParsed = false;
  };

  const within = (node: Node): boolean => node instanceof Element && (node.matches(PLACEMENT) || !!node.querySelector(PLACEMENT));
  new MutationObserver(
    guard((changes) => {
      if (begun && changes.some(({ type, addedNodes }) => type === 'attributes' || [...addedNodes].some(within))) refresh(false, true);
    }),
  ).observe(document, { subtree: true, childList: true, attributeFilter: ['data-placement'] });

  hear(
    document,
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

  return { refresh, showing, onPage, adopt };
};

/** Where a placement shows what is put into it. */
const slotOf = ({ shadowRoot }: Element): HTMLSlotElement | null | undefined => shadowRoot?.querySelector<HTMLSlotElement>('slot[name=maitre]');

/** What was decided, and by what. */
const textOf = (ids: string[], plan?: number): string => JSON.stringify([plan, ids]);

const offersOf = ({ rendered }: Place): string[] => rendered.flatMap(({ offer }) => offer ?? []);

/** Where focus goes when what had it has left: to the placement, which can take it for as long. */
export const focus = (element: HTMLElement): void => {
  if (!element.hasAttribute('tabindex')) {
    element.tabIndex = -1;
    hear(element, 'blur', () => element.removeAttribute('tabindex'), { once: true });
  }
  element.focus({ preventScroll: true });
};
