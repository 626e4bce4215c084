// <maitre-offer>: one offer on the page, in a built-in template or in one of the page's own.

import type { Report } from './listeners';
import type { Content } from './types';

export const STYLE = `
:host { display: block; font: var(--maitre-font, inherit); color: var(--maitre-ink, CanvasText) }
:host([hidden]) { display: none }
:host(:nth-of-type(n + 2)) { margin-block-start: var(--maitre-gap, 1rem) }
* { box-sizing: border-box; margin: 0 }
[part=offer], [part=dismiss] { background: var(--maitre-surface, color-mix(in srgb, CanvasText 4%, Canvas)) }
[part=offer] { position: relative; display: flex; flex-wrap: wrap; overflow: hidden;
  border: 1px solid var(--maitre-line, color-mix(in srgb, CanvasText 18%, Canvas)); border-radius: var(--maitre-radius, .75rem) }
[part=image], [part=body] { flex: 1 1 16rem; min-width: 0 }
[part=image] { max-height: 24rem; object-fit: cover }
[part=body] { display: flex; flex-direction: column; justify-content: center; align-items: start; gap: .5rem;
  padding: var(--maitre-gap, 1rem); overflow-wrap: anywhere }
[part=title] { font-size: 1.2em; font-weight: 700; line-height: 1.25 }
[part=text] { line-height: 1.5; color: var(--maitre-muted, color-mix(in srgb, CanvasText 75%, Canvas)) }
a { color: inherit }
[part=cta] { padding: .6em 1.1em; font-weight: 600; line-height: 1.2; text-decoration: none;
  color: var(--maitre-on-accent, Canvas); background: var(--maitre-accent, CanvasText); border-radius: calc(var(--maitre-radius, .75rem) * .6) }
[part=cta]:hover { text-decoration: underline }
[part=dismiss] { position: absolute; inset-block-start: .25rem; inset-inline-end: .25rem; min-width: 2rem; min-height: 2rem; padding: 0;
  font: 1.25rem/1 system-ui, sans-serif; color: inherit; border: 0; border-radius: 50%; cursor: pointer }
:focus-visible { outline: 2px solid; outline-color: var(--maitre-ink, CanvasText); outline-offset: 2px }
[part=dismiss]:focus-visible { outline-offset: -2px }
.close [part=body] { padding-inline-end: 3.25rem }
.banner { flex-wrap: nowrap }
.banner [part=image] { flex: 0 1 7rem; max-height: none; aspect-ratio: 1 }
.banner [part=body] { flex-flow: wrap; justify-content: start; align-items: center; gap: .25rem 1rem; padding-block: .75rem }
.banner [part=dismiss] { inset-block: 0; margin-block: auto; block-size: 2rem }
.banner [part=title] { font-size: 1.05em }
.text { display: block; overflow: visible; border: 0 }
.text, .text [part=dismiss], .text [part=cta] { background: none }
.text [part=image] { max-width: 8rem }
.text [part=body] { display: block; padding-block: 0; padding-inline-start: 0 }
.text [part=title], .text [part=text] { display: inline; font-size: 1em; margin-inline-end: .4em }
.text [part=cta] { padding: 0; color: var(--maitre-accent, LinkText); text-decoration: underline }
.text [part=dismiss] { inset-block-start: -.25rem }
@media (pointer: coarse) { [part=dismiss] { min-width: 2.75rem; min-height: 2.75rem } }
`;

/** The names of the built-in templates, those of overlays too. */
const BUILT_IN = /^(card|inline|banner|text|modal|bar|toast)$/;

/** Where elements are made: in the page, or in one that loads nothing. */
let maker = document;

/** An offer's element as `offerElement` makes it, but without a style, in a document of its own: no image of it is fetched. */
export const sketched = (content: Content, offer?: string): HTMLElement | null => {
  maker = document.implementation.createHTMLDocument();
  try {
    return offerElement(content, () => {}, offer);
  } finally {
    maker = document;
  }
};

const sheets = new Map<string, CSSStyleSheet>();

/** An element of our own, in the light of the page. */
export const custom = (name: string): HTMLElement => {
  if (!customElements.get(name)) customElements.define(name, class extends HTMLElement {});
  return maker.createElement(name);
};

/** Gives an element a shadow, with a style. */
export const shadow = (element: HTMLElement, style: string, inside: Node): void => {
  const root = element.attachShadow({ mode: 'open' });
  let sheet = sheets.get(style);
  if (!sheet) {
    sheets.set(style, (sheet = new CSSStyleSheet()));
    sheet.replaceSync(style);
  }
  // A style belongs to one document.
  if (maker === document) root.adoptedStyleSheets = [sheet];
  root.append(inside);
};

/** An element, its part's name, and what is in it. */
export const part = <K extends keyof HTMLElementTagNameMap>(tag: K, name: string, ...inside: (Node | string)[]): HTMLElementTagNameMap[K] => {
  const element = maker.createElement(tag);
  element.setAttribute('part', name);
  element.append(...inside);
  return element;
};

/** A field as text; undefined when there is nothing to show. */
const words = (value: Content[string]): string | undefined =>
  typeof value === 'string' || typeof value === 'number' ? String(value) || undefined : undefined;

/** The content's URLs, as far as they may be used: content is data, and never becomes code. */
const checked = (content: Content, report: Report, offer: string | undefined) => {
  const url = (field: string, schemes: string): string | undefined => {
    const value = words(content[field]);
    if (!value) return undefined;
    try {
      const { protocol, origin, href } = new URL(value, document.baseURI);
      if (schemes.split(' ').includes(protocol) || (protocol === 'http:' && origin === location.origin)) return href;
    } catch {
      // Not a URL at all: reported like one that may not be used.
    }
    report(`\`${field}\` of ${offer ? `offer \`${offer}\`` : 'a fallback'} can't be used: \`${value}\``, `write ${schemes} or a path of this site`, offer);
    return undefined;
  };
  return {
    link: (field: string) => url(field, 'https: mailto: tel:'),
    image: (field: string) => url(field, 'https:'),
  };
};

type Urls = ReturnType<typeof checked>;

/** What an offer is called by those who can't see it. */
export const labelOf = ({ title, text, cta, alt }: Content): string => [title, text, cta, alt].map(words).find(Boolean) ?? '';

/** The button that dismisses. */
export const dismissButton = (dismiss: Content['dismiss']): HTMLElement => {
  const label = words(dismiss) ?? 'Dismiss';
  const button = Object.assign(part('button', 'dismiss', '\u00d7'), { type: 'button', title: label });
  button.setAttribute('aria-label', label);
  button.dataset.dismiss = '';
  return button;
};

/** Takes an image away that can't be shown. */
export const unlessBroken = (image: HTMLImageElement): void => {
  image.onerror = () => image.remove();
};

/** One of the built-in templates, for a shadow. Headings are left to the page: its outline is its own. */
const builtIn = (content: Content, urls: Urls): HTMLElement => {
  const title = words(content.title);
  const text = words(content.text);
  const cta = words(content.cta);
  const href = urls.link('link');
  const src = urls.image('image');
  const linked = (name: string, label: string): HTMLElement => Object.assign(part('a', name, label), { href });

  const body = part('div', 'body');
  // A link without words of its own is on the first words there are.
  if (title) body.append(part('p', 'title', href && !cta ? linked('link', title) : title));
  if (text) body.append(part('p', 'text', href && !cta && !title ? linked('link', text) : text));
  if (cta && href) body.append(linked('cta', cta));

  const frame = part('div', 'offer', body);
  frame.className = content.template;
  if (src) {
    const image = Object.assign(part('img', 'image'), { alt: words(content.alt) ?? '', decoding: 'async', src });
    unlessBroken(image);
    frame.prepend(image);
  }
  return frame;
};

/** A template of the page, in the light: `data-field` says which fields go where; an element whose field is missing goes. */
const ofThePage = (template: HTMLTemplateElement, content: Content, urls: Urls): DocumentFragment => {
  const copy = maker.importNode(template.content, true);
  for (const element of copy.querySelectorAll<HTMLElement>('[data-field]')) {
    const fill = (field: string): boolean => {
      const value = words(content[field]);
      if (element instanceof HTMLImageElement) {
        const src = field === 'alt' ? element.src : urls.image(field);
        if (src) element.src = src;
        element.alt = words(content.alt) ?? '';
        return field === 'alt' || !!src;
      }
      if (element instanceof HTMLAnchorElement && field === 'link') {
        const href = urls.link(field);
        if (href) element.href = href;
        return !!href;
      }
      // Text in these would be code.
      if (!value || /^(script|style)$/.test(element.localName)) return false;
      element.textContent = value;
      return true;
    };
    if (!element.dataset.field?.split(/\s+/).filter(Boolean).map(fill).every(Boolean)) element.remove();
  }
  return copy;
};

/** What an offer shows: a built-in template, for a shadow, or one of the page's own, for the light; null when there is no such template. */
export const filled = (content: Content, report: Report, offer?: string): HTMLElement | DocumentFragment | null => {
  const urls = checked(content, report, offer);
  const name = content.template;
  if (BUILT_IN.test(name)) return builtIn(content, urls);
  const template = document.getElementById(name);
  if (template instanceof HTMLTemplateElement) return ofThePage(template, content, urls);
  report(`there is no \`<template id="${name}">\` on this page`, 'add it, or name a built-in one', offer);
  return null;
};

/**
 * An offer as an element; null when its template can't be found. A placement's own fallback content has no `offer`: it is not
 * an offer, so it can't be dismissed.
 */
export const offerElement = (content: Content, report: Report, offer?: string): HTMLElement | null => {
  const inside = filled(content, report, offer);
  if (!inside) return null;
  const element = custom('maitre-offer');
  if (inside instanceof DocumentFragment) {
    element.append(inside);
  } else {
    if (offer && content.dismiss !== false) {
      inside.classList.add('close');
      inside.append(dismissButton(content.dismiss));
    }
    element.setAttribute('role', 'group');
    const label = labelOf(content);
    if (label) element.setAttribute('aria-label', label);
    shadow(element, STYLE, inside);
  }
  if (offer) element.dataset.offer = offer;
  element.slot = 'maitre';
  return element;
};
