// <maitre-privacy>: the visitor's panel. It says what is remembered, why, and until when, and does what the visitor wants done with it.

import { now } from './clock';
import { type Ledger, type LedgerEntry, wholeLedger, type Why } from './ledger';
import { type PrivacyWords, words } from './privacy-words';
import { NAME } from './storage';
import type { Consent, Maitre } from './types';

const PANEL = `
:host { display: block; font: var(--maitre-font, inherit); color: var(--maitre-ink, CanvasText); line-height: 1.5; overflow-wrap: anywhere }
:host([hidden]) { display: none }
* { box-sizing: border-box }
h2, h3, p, ul, dl, fieldset { margin: 0; padding: 0 }
h2 { font-size: 1.5em; line-height: 1.25; text-wrap: balance }
h3, legend { padding: 0; font-size: 1.125em; font-weight: 700; line-height: 1.25 }
[part=panel], [part=section], fieldset { display: grid; grid-template-columns: minmax(0, 1fr); gap: .75rem }
[part=panel] { gap: 2rem }
fieldset { border: 0; min-width: 0 }
legend { margin-block-end: .75rem }
[part=hint], [part=reason], small { color: var(--maitre-muted, color-mix(in srgb, CanvasText 75%, Canvas)) }
ul { display: grid; grid-template-columns: minmax(0, 1fr); gap: .75rem; list-style: none }
[part=entry], [part=choice], [part=sure] { padding: var(--maitre-gap, 1rem); background: var(--maitre-surface, color-mix(in srgb, CanvasText 4%, Canvas));
  border: 1px solid var(--maitre-line, color-mix(in srgb, CanvasText 18%, Canvas)); border-radius: var(--maitre-radius, .75rem) }
[part=choice] { display: flex; gap: .75rem; align-items: start; cursor: pointer }
[part=choice]:has(:disabled) { cursor: default; opacity: .6 }
[part=choice] small { display: block; font-size: .9375em }
[part=choice] input { flex: none; width: 1.25rem; height: 1.25rem; margin: .15rem 0 }
[part=entry] > * + * { margin-block-start: .5rem }
[part=what] { font-weight: 600 }
[part=controls], [part=actions] { display: flex; flex-wrap: wrap; gap: .75rem 1.25rem; align-items: center }
[part=controls] label { display: flex; flex-wrap: wrap; gap: .25rem .5rem; align-items: center }
[part=controls] label:has(input) { flex-wrap: nowrap }
[part=controls] input { flex: none; width: 1.25rem; height: 1.25rem; margin: 0 }
input { accent-color: var(--maitre-accent, auto) }
select, button { min-height: 2.75rem; padding: .4em .9em; font: inherit; color: inherit; background: var(--maitre-surface, Canvas);
  border: 1px solid var(--maitre-muted, color-mix(in srgb, CanvasText 60%, Canvas)); border-radius: calc(var(--maitre-radius, .75rem) * .6) }
button { font-weight: 600; cursor: pointer }
button[part~=first] { color: var(--maitre-on-accent, Canvas); background: var(--maitre-accent, CanvasText); border-color: transparent }
button:hover { text-decoration: underline }
summary { width: fit-content; min-height: 1.75rem; cursor: pointer }
:focus-visible { outline: 2px solid; outline-color: var(--maitre-ink, CanvasText); outline-offset: 2px }
[part=status] { position: sticky; z-index: 1; inset-block-start: 0; padding: .75rem; border-radius: calc(var(--maitre-radius, .75rem) * .6);
  color: var(--maitre-on-accent, Canvas); background: var(--maitre-accent, CanvasText) }
[part=status]:empty { position: absolute; padding: 0 }
`;

/** Scores that stand for how much a topic matters: from which on, and which one is meant. */
const AMOUNTS: readonly [from: number, meant: number][] = [[0, 0], [0.25, 1], [1.5, 3], [4, 8]];
const LEVELS: readonly Consent[] = ['off', 'memory', 'visit', 'profile'];
/** How many titles are named in one reason. */
const NAMED = 4;
/** How often it looks whether what it says is still so, in ms. */
const LOOK = 1000;
/** How long what has been done is told, in ms. */
const NEWS = 15_000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `template` with each `%` replaced by the next of `parts`. */
const say = (template: string, ...parts: (string | number)[]): string => template.replace(/%/g, () => String(parts.shift() ?? ''));

/** An element with its properties, and what is in it; `part` is its part's name. */
const el = <K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Partial<Omit<HTMLElementTagNameMap[K], 'part' | 'form'>> & { part?: string } = {},
  ...inside: (Node | string)[]
): HTMLElementTagNameMap[K] => {
  const { part, ...others } = properties;
  const element = Object.assign(document.createElement(tag), others);
  if (part) element.setAttribute('part', part);
  element.append(...inside);
  return element;
};

/** Says things in one language. */
const speaker = (language: string, said: PrivacyWords) => {
  const dates = new Intl.DateTimeFormat(language, { dateStyle: 'long' });
  const numbers = new Intl.NumberFormat(language, { maximumFractionDigits: 2 });
  const lists = new Intl.ListFormat(language);

  const date = (at: number): string => dates.format(at);
  const number = (figure: number): string => numbers.format(figure);
  const span = (ms: number): string => {
    const [unit, size] = ms % DAY === 0 ? (['day', DAY] as const) : ms % HOUR === 0 ? (['hour', HOUR] as const) : (['minute', MINUTE] as const);
    return new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' }).format(Math.round(ms / size));
  };
  const quoted = (name: string): string => say(said.quote, name);
  const value = (given: unknown): string => (typeof given === 'number' ? number(given) : typeof given === 'string' ? given : JSON.stringify(given));
  const times = (figure: number): string => (figure === 1 ? said.times[0] : say(said.times[1], number(figure)));
  const field = (name: string): string => said.fields[name] ?? said.fields[name.replace(/\d$/, '')] ?? name;
  const event = ({ event, where }: { event: string; where: { name: string; values: unknown[] }[] }): string => {
    const narrowed = where.map(({ name, values }) => (values.length ? field(name) + said.colon + values.map(value).join(', ') : field(name)));
    return (said.events[event] ?? say(said.event, event)) + (narrowed.length ? ` (${narrowed.join('; ')})` : '');
  };
  const outcomes = (entry: LedgerEntry): string =>
    Object.entries(said.outcomes)
      .flatMap(([name, word]) => {
        const outcome = (entry as unknown as Record<string, { times?: number; last?: number } | undefined>)[name];
        if (!outcome) return [];
        const parts = [outcome.times && times(outcome.times), outcome.last && say(said.last, date(outcome.last))];
        return [`${word} ${parts.filter(Boolean).join(', ')}`.trim()];
      })
      .join('; ');

  /** A thing that is kept: its heading, and what is known. */
  const entry = (each: LedgerEntry): [what: string, known: string][] => {
    switch (each.kind) {
      case 'visit':
        return [
          [said.visit.number, number(each.number)],
          [said.visit.first, date(each.first)],
          [said.visit.last, date(each.last)],
        ];
      case 'arrival':
        return [[said.arrival[each.fact] ?? each.fact, each.value]];
      case 'count': {
        const what = each.events.length ? each.events.map(event).join(' → ') : (said.signals[each.what] ?? each.what);
        const figure = number(each.figure ?? 0);
        const of = typeof each.of === 'number' ? number(each.of) : field(each.of ?? '');
        const template = { sum: said.sum, max: said.max, distinct: said.distinct, sequence: said.sequence }[each.what as 'sum'];
        const known = [
          template ? say(template, figure, of) : each.figure !== undefined && times(each.figure),
          each.without && say(said.without, event(each.without)),
          each.window && say(said.within, span(each.window)),
          each.first && say(said.first, date(each.first)),
          each.last && say(said.last, date(each.last)),
        ];
        return [[what, known.filter(Boolean).join(', ')]];
      }
      case 'stage':
        return [each.before && say(said.before, said.stages[each.before] ?? each.before), say(said.stage, said.stages[each.now] ?? each.now, date(each.since))].filter(Boolean).map((what) => [what, '']);
      case 'offer':
        return [[quoted(each.title), outcomes(each)]];
      case 'pressure':
        return [[say(said.pressure, lists.format(each.placements)), outcomes(each)]];
      case 'cart':
        return each.items || each.value ? [[say(said.cart, number(each.items), number(each.value)), '']] : [];
      case 'attribute':
        return [[each.name, value(each.value)]];
      default:
        return [];
    }
  };

  const reasons = (why: readonly Why[]): string[] => {
    const kinds = [...new Set(why.map(({ by }) => by))];
    return kinds.map((kind) => {
      const titles = why.flatMap(({ by, title }) => (by === kind && title ? [quoted(title)] : []));
      const named = titles.slice(0, NAMED);
      if (titles.length > NAMED) named.push(say(said.more, number(titles.length - NAMED)));
      return say(said.by[kind], named.join(', '));
    });
  };

  return { date, number, span, entry, reasons };
};

type Speaker = ReturnType<typeof speaker>;

const GROUPS: Record<Exclude<LedgerEntry['kind'], 'interest'>, keyof PrivacyWords['groups']> = {
  visit: 'visits',
  arrival: 'visits',
  count: 'done',
  cart: 'done',
  offer: 'shown',
  pressure: 'shown',
  stage: 'stage',
  attribute: 'told',
};

/**
 * The visitor's panel: `<maitre-privacy></maitre-privacy>`. It belongs to `window.maitre`, or to what its property `maitre` is set to, and
 * speaks the language of the page (the nearest `lang`), if it is among its `words`.
 */
export class MaitrePrivacy extends HTMLElement {
  /** The languages that it speaks; add your own before the panel is there. */
  static words = words;

  #maitre: (Maitre & Partial<PromiseLike<Maitre>>) | undefined;
  #root: ShadowRoot | undefined;
  #status = el('p', { part: 'status', role: 'status' });
  #body = el('div', { part: 'panel' });
  #turn = 0;
  #isSure = false;
  /** The level that the visitor has ticked, but not saved. */
  #ticked: Consent | undefined;
  /** Topics that were shown here. */
  #named = new Set<string>();
  /** What it last spoke of. */
  #spoken = '';
  #timer: ReturnType<typeof setInterval> | undefined;

  /** What it speaks for. */
  get maitre(): Maitre | undefined {
    const found = this.#maitre ?? (window as { maitre?: Maitre }).maitre;
    return typeof found?.kept === 'function' ? found : undefined;
  }

  set maitre(maitre: Maitre | undefined) {
    this.#maitre = maitre;
    if (this.isConnected) void this.refresh();
  }

  connectedCallback(): void {
    if (!this.#root) {
      this.#root = this.attachShadow({ mode: 'open' });
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(PANEL);
      this.#root.adoptedStyleSheets = [sheet];
      this.#root.append(this.#body);
    }
    document.addEventListener('visibilitychange', this.#look);
    this.#timer = setInterval(this.#watch, LOOK);
    // Maitre's own script may come after this one: it has run when the page has been parsed, or, if it is `async`, when it has been loaded.
    if (this.maitre || document.readyState === 'complete') void this.refresh();
    else for (const type of ['DOMContentLoaded', 'load']) addEventListener(type, this.#look, { once: true });
  }

  /** What is remembered may change by what the page does, another tab, or a banner. */
  #watch = (): void => {
    if (!document.hidden && this.#spoken && this.#spoken !== this.#state()) void this.refresh();
  };

  #state = (): string => (this.maitre ? JSON.stringify([this.maitre.kept().consent, this.maitre.kept().profile]) : '');

  disconnectedCallback(): void {
    clearInterval(this.#timer);
    document.removeEventListener('visibilitychange', this.#look);
  }

  #look = (): void => {
    if (!document.hidden) void this.refresh();
  };

  /** Says anew what is remembered. */
  async refresh(): Promise<void> {
    const turn = ++this.#turn;
    const maitre = this.maitre;
    const [language, said] = this.#language();
    this.#body.lang = language;
    if (!maitre) {
      this.#body.replaceChildren(el('h2', { part: 'title' }, said.title), el('p', { part: 'hint' }, isStored() ? said.stored : said.absent));
      return;
    }
    await (maitre as Partial<PromiseLike<Maitre>>).then?.(() => {});
    const state = this.#state();
    const ledger = await wholeLedger(maitre).catch(() => undefined);
    if (turn !== this.#turn) return;
    this.#spoken = state;
    this.#render(maitre, ledger, language, said);
  }

  #language(): [string, PrivacyWords] {
    const wished = [this.closest('[lang]')?.getAttribute('lang') ?? '', navigator.language].filter(Boolean);
    for (const language of wished) {
      const known = words[language.toLowerCase()] ?? words[language.split('-')[0]?.toLowerCase() ?? ''];
      if (known) return [language, known];
    }
    return ['en', words.en as PrivacyWords];
  }

  #render(maitre: Maitre, ledger: Ledger | undefined, language: string, said: PrivacyWords): void {
    const focused = this.#focused();
    const speak = speaker(language, said);
    const level = ledger?.consent ?? maitre.kept().consent;
    const act = (work: () => void, told: string, focus = ''): void => {
      work();
      void this.refresh().then(() => {
        this.#say(told);
        this.#focus(focus);
      });
    };
    const parts: Node[] = [
      el('div', { part: 'section' }, el('h2', { part: 'title' }, said.title), el('p', { part: 'hint' }, ledger ? said.where[level] : said.failed), ...(level !== 'profile' && isStored() ? [el('p', { part: 'hint' }, said.stored)] : [])),
      this.#status,
      this.#consent(maitre, level, said, act),
    ];
    const whole = level === 'profile' ? ledger?.until : undefined;
    if (ledger && level !== 'off') parts.push(...this.#interests(maitre, ledger, whole, said, speak, act), ...this.#others(ledger, whole, said, speak));
    parts.push(this.#actions(maitre, ledger, said, act));
    this.#body.replaceChildren(...parts);
    this.#focus(focused);
  }

  /** Says what has been done, for as long as that is news. */
  #say(told: string): void {
    this.#status.textContent = told;
    setTimeout(() => {
      if (this.#status.textContent === told) this.#status.textContent = '';
    }, NEWS);
  }

  #consent(maitre: Maitre, level: Consent, said: PrivacyWords, act: (work: () => void, told: string) => void): Node {
    const { isCapped } = maitre.kept();
    const choices = LEVELS.map((each, i) => {
      const input = el('input', { type: 'radio', name: 'level', value: each, id: `level-${each}`, checked: each === (this.#ticked ?? level), disabled: isCapped && i > 1 });
      input.addEventListener('change', () => (this.#ticked = each));
      const [name, meaning] = said.levels[each];
      return el('label', { part: 'choice' }, input, el('span', {}, name, el('small', {}, meaning)));
    });
    const form = el(
      'form',
      { part: 'section' },
      el('fieldset', {}, el('legend', {}, said.consent), ...choices),
      ...(isCapped ? [el('p', { part: 'hint' }, said.asked)] : []),
      el('p', { part: 'hint' }, said.lowering),
      el('p', { part: 'actions' }, el('button', { type: 'submit', id: 'apply' }, said.apply)),
    );
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      // What is shown is not what holds any more, and nobody has ticked anything: that is no choice.
      if (!this.#ticked && level !== maitre.kept().consent) return void this.refresh();
      const chosen = this.#ticked ?? level;
      this.#ticked = undefined;
      act(() => maitre.consent(chosen, true), say(said.applied, said.levels[chosen][0]));
      this.dispatchEvent(new CustomEvent('consent', { detail: chosen, bubbles: true }));
    });
    return form;
  }

  #interests(maitre: Maitre, ledger: Ledger, whole: number | undefined, said: PrivacyWords, speak: Speaker, act: (work: () => void, told: string) => void): Node[] {
    // Of what is nobody's business it does not ask those of whom nothing is known.
    const topics = ledger.entries.filter((entry) => entry.kind === 'interest').filter(({ topic, score, muted, private: isPrivate }) => !isPrivate || score > 0 || muted || this.#named.has(topic));
    for (const { topic } of topics) this.#named.add(topic);
    if (!topics.length) return [];
    const items = topics.map((entry) => {
      const { topic, title, score, muted } = entry;
      const id = (name: string): string => `${name}-${topic}`;
      const present = AMOUNTS.filter(([from]) => score >= from).length - 1;
      const amounts = said.amounts.map((amount, i) => el('option', { value: String(i), selected: i === present }, amount));
      const select = el('select', { id: id('amount'), disabled: muted }, ...amounts);
      const mute = el('input', { type: 'checkbox', id: id('mute'), checked: muted });
      select.addEventListener('change', () => {
        const chosen = Number(select.value);
        act(() => maitre.correct(topic, (AMOUNTS[chosen] as [number, number])[1]), say(said.corrected, title, said.amounts[chosen] ?? ''));
      });
      mute.addEventListener('change', () => act(() => maitre.mute(topic, mute.checked), say(mute.checked ? said.mutedSaid : said.unmutedSaid, title)));
      const item = el(
        'li',
        { part: 'entry' },
        el('p', { part: 'what' }, title, ...(muted ? [` (${said.muted})`] : [])),
        el(
          'div',
          { part: 'controls' },
          el('label', { htmlFor: select.id }, say(said.matters, title) + said.colon, select),
          el('label', { htmlFor: mute.id }, mute, ` ${say(said.mute, title)}`),
        ),
        this.#why(entry, id('why'), said, speak, whole, [say(said.fades, speak.span(entry.halfLife)), ...(entry.private ? [said.own] : [])]),
      );
      if (!entry.private) return item;
      // Out of sight for the page's other scripts.
      const host = el('div');
      const closed = host.attachShadow({ mode: 'closed' });
      closed.adoptedStyleSheets = this.#root?.adoptedStyleSheets ?? [];
      const inside = el('div', { part: 'entry' }, ...item.childNodes);
      closed.append(inside);
      this.#closed.set(host, closed);
      return el('li', {}, host);
    });
    return [el('section', { part: 'section' }, el('h3', {}, said.interests), el('p', { part: 'hint' }, said.interestsHint), el('ul', {}, ...items))];
  }

  #others(ledger: Ledger, whole: number | undefined, said: PrivacyWords, speak: Speaker): Node[] {
    const groups = new Map(Object.keys(said.groups).map((name) => [name, [] as HTMLElement[]]));
    ledger.entries.forEach((entry, i) => {
      if (entry.kind === 'interest') return;
      const known = speak.entry(entry).map(([what, figure]) => el('p', {}, el('span', { part: 'what' }, what), figure ? said.colon + figure : ''));
      if (!known.length) return;
      groups.get(GROUPS[entry.kind])?.push(el('li', { part: 'entry' }, ...known, this.#why(entry, `why-${i}`, said, speak, whole)));
    });
    const sections = [...groups].flatMap(([name, items]) =>
      items.length ? [el('section', { part: 'section' }, el('h3', {}, said.groups[name as keyof PrivacyWords['groups']]), el('ul', {}, ...items))] : [],
    );
    if (ledger.others) sections.push(el('section', { part: 'section' }, el('p', { part: 'hint' }, say(said.others, speak.number(ledger.others)))));
    if (!ledger.entries.length) sections.push(el('section', { part: 'section' }, el('p', {}, said.nothing)));
    if (whole) sections.push(el('section', { part: 'section' }, el('p', { part: 'hint' }, say(said.untilAll, speak.date(whole)))));
    return sections;
  }

  /** `whole`: when all that is kept goes. */
  #why(entry: LedgerEntry, id: string, said: PrivacyWords, speak: Speaker, whole: number | undefined, more: string[] = []): Node {
    const until = entry.until ? say(said.until, speak.date(entry.until)) : whole ? say(said.untilRest, speak.date(whole)) : '';
    const lines = [...speak.reasons(entry.why), ...more, until].filter(Boolean);
    return el('details', { id, open: this.#isOpen(id) }, el('summary', { id: `${id}-summary` }, said.why), ...lines.map((reason) => el('p', { part: 'reason' }, reason)));
  }

  #actions(maitre: Maitre, ledger: Ledger | undefined, said: PrivacyWords, act: (work: () => void, told: string, focus?: string) => void): Node {
    const button = (id: string, label: string, pressed: () => void, part = 'button'): HTMLElement => {
      const made = el('button', { type: 'button', id, part }, label);
      made.addEventListener('click', pressed);
      return made;
    };
    const ask = (isSure: boolean, focus: string): void => {
      this.#isSure = isSure;
      void this.refresh().then(() => this.#focus(focus));
    };
    const forget = (): void => {
      this.#isSure = false;
      act(() => maitre.forget(), said.forgotten, 'forget');
    };
    return el(
      'section',
      { part: 'section' },
      el('p', { part: 'hint' }, said.forgetHint),
      this.#isSure
        ? el(
            'div',
            { part: 'sure', role: 'group', ariaLabel: said.sure, onkeydown: ({ key }: KeyboardEvent) => void (key === 'Escape' && ask(false, 'forget')) },
            el('p', {}, said.sure),
            el('p', { part: 'actions' }, button('yes', said.yes, forget, 'button first'), button('no', said.no, () => ask(false, 'forget'))),
          )
        : el(
            'p',
            { part: 'actions' },
            ...(ledger ? [button('download', said.download, () => this.#say(say(said.downloaded, download(ledger, maitre))))] : []),
            button('forget', said.forget, () => ask(true, 'no')),
          ),
    );
  }

  // ── across a refresh ─────────────────────────────────────────────────────────────────────────────────────────────

  #closed = new Map<Element, ShadowRoot>();

  #find(id: string): HTMLElement | null {
    for (const [host, root] of this.#closed) {
      if (!host.isConnected) this.#closed.delete(host);
      else if (root.getElementById(id)) return root.getElementById(id);
    }
    return this.#root?.getElementById(id) ?? null;
  }

  #isOpen(id: string): boolean {
    return (this.#find(id) as HTMLDetailsElement | null)?.open ?? false;
  }

  #focused(): string {
    const active = this.#root?.activeElement;
    return (active && this.#closed.get(active)?.activeElement?.id) || active?.id || '';
  }

  #focus(id: string): void {
    if (id && this.#focused() !== id) this.#find(id)?.focus();
  }
}

/** Whether anything of earlier visits lies in localStorage. */
const isStored = (): boolean => {
  try {
    return Object.keys(localStorage).some((key) => key === NAME || key.startsWith(`${NAME}:`));
  } catch {
    return false;
  }
};

/** What is told of times and spans, with those as ISO 8601 has them. What the page said of the visitor, and what rules ask, stays as it is. */
const readable = (thing: unknown, key = ''): unknown => {
  if (typeof thing === 'number') {
    const date = new Date(thing);
    if (/^(until|first|last|since)$/.test(key)) return Number.isNaN(+date) ? thing : date.toISOString();
    return /^(window|halfLife)$/.test(key) ? (thing % DAY ? `PT${thing / 1000}S` : `P${thing / DAY}D`) : thing;
  }
  if (!thing || typeof thing !== 'object' || /^values?$/.test(key)) return thing;
  if (Array.isArray(thing)) return thing.map((each) => readable(each));
  return Object.fromEntries(Object.entries(thing).map(([key, each]) => [key, readable(each, key)]));
};

/** Hands the ledger to the visitor as a file, and tells its name. */
const download = (ledger: Ledger, maitre: Maitre): string => {
  const all = { site: location.host, at: new Date(now()).toISOString(), ...(readable(ledger) as Ledger), profile: maitre.kept().profile };
  const url = URL.createObjectURL(new Blob([`${JSON.stringify(all, null, 2)}\n`], { type: 'application/json' }));
  const name = `${location.hostname || 'site'}-remembered.json`;
  el('a', { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), MINUTE);
  return name;
};
