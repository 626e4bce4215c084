// The inline snippet: first in the head, it shows what was decided ahead as the parser brings the placements, before they are
// painted. It makes elements of names and texts, and parses nothing. What it placed it hands over to the page (`foreseen.ts`).
// It is in every page, so every byte counts: it goes without types, and says things as shortly as they can be said.

import { type Foreseen, type Handover, Key } from './foreseen';

declare let maitreAhead: Handover;

try {
  const page: any = document;
  const session = sessionStorage;
  const key = Key.Ahead;
  const placed = new Map();
  const sheet = new CSSStyleSheet();
  // Any script of this site could have written what is stored; it must not become code on the next page.
  const bad: any = /^(on|for|sty|sc|i?fr|emb|ob|lin|ba|me|href\W*j)/i;
  const shade = (element: any, inside: any): any => (
    (element = element.attachShadow({ mode: 'open' })), element.append(...inside.map(build)), element
  );
  const build: any = ([tag, attributes, shadow, ...inside]: any) => {
    tag = page.createElement(bad.test(tag) || tag);
    for (const name in attributes) bad.test(name + attributes[name]) || tag.setAttribute(name, attributes[name]);
    tag.append(...inside.map((each: any) => (each.big ? each : build(each))));
    if (shadow) shade(tag, shadow).adoptedStyleSheets = [sheet];
    return tag;
  };
  const added: any = new MutationObserver(() => {
    for (const element of page.querySelectorAll('[data-placement]')) {
      // Fails, and so ends, where nothing was foreseen, and where there is a shadow already.
      try {
        const [state, ...keys] = (pages[page.URL.split('#', 1)] || pages[0]!)[element.dataset.placement]!;
        shade(element, slots);
        element.dataset.maitre = state;
        keys.map((key: any) => (placed as any).set((key = build(trees[key])), Date.now(), element.append(key)));
      } catch {}
    }
  });
  // Before it is known whether there is anything to place: it tells that pages look ahead here.
  maitreAhead = [placed, added];
  page.onclick = page.onauxclick = (event: any, on: any) =>
    event
      .composedPath()
      .map(
        (node: any) =>
          (on ||= (node.href || node.dataset?.dismiss >= '') && node) &&
          placed.has(node) &&
          event.button < 2 &&
          // What was foreseen of the next page knows nothing of this.
          ((session[key] = 0),
          (session[key + 1] += `\n${node.dataset.offer}\n${!on.href}\n${node.parentNode.dataset.placement}`), on.href || node.remove()),
      );
  const [until, plan, style, slots, trees, pages]: Foreseen = JSON.parse(session[key] || localStorage[key]);
  if (Date.now() < until) {
    sheet.replaceSync(style);
    added.observe(page, { childList: 1, subtree: 1 });
    added.p = plan;
  }
} catch {}
