// The engine's verbs (src/web/mod.rs), each as a method. What is structured crosses as JSON text, decisions as numbers; every `now` is in ms
// since the epoch.

import { Wasm } from './binding';
import type { Raised } from './overlays';
import type { Needs } from './signals';
import type { Content, Explanation, Interest, Problem, Shown } from './types';

export { initSync } from './binding';

/** What a placement shows. It is handed out more than once, so not to be changed. */
export interface Answer {
  readonly placement: string;
  readonly offers: readonly Shown[];
  /** The placement's own fallback content, if the config gives it one; else what the page has there is the fallback. */
  readonly fallback: Content | null;
  /** `false`: the config has no such placement. */
  readonly known?: boolean;
}

/** Decides for one visitor, on one page after another. Bad input never throws; it is read as nothing. */
export class Core {
  readonly #wasm: Wasm;
  /** What was decided so far, by the numbers that it came as, and what offers are, by theirs: that crosses once. */
  readonly #answers = new Map<string, Answer>();
  readonly #offers: Record<string, Shown> = {};

  /** Reads a plan, or (not with the module for plans alone) a config, JSON text. `zone` is the visitor's own time zone, "" for that of the platform. */
  constructor(source: Uint8Array, zone: string) {
    this.#wasm = new Wasm(source, zone);
  }

  /** A verb by its number. */
  protected call(verb: number, first = '', second = '', now = 0): string {
    return this.#wasm.call(verb, first, second, now) ?? 'null';
  }

  /** A verb that answers with JSON. */
  #tells<T>(verb: number, first?: string, second?: string, now?: number): T {
    return JSON.parse(this.call(verb, first, second, now)) as T;
  }

  /** A decision that came as numbers: the placement's and the offers'. */
  #answer(numbers: string, placement = ''): Answer {
    let answer = this.#answers.get(numbers);
    if (!numbers || answer) return answer ?? { placement, offers: [], fallback: null, known: false };
    const [place, ...shown] = numbers.split(' ');
    const offers = shown.map((offer) => (this.#offers[offer] ??= this.#tells(28, offer)));
    answer = { ...this.#tells<Answer>(29, place), offers };
    this.#answers.set(numbers, answer);
    return answer;
  }

  /** A verb that answers yes or no. */
  #asks(verb: number, first?: string, second?: string, now?: number): boolean {
    return this.call(verb, first, second, now) !== 'null';
  }

  /** What is wrong with the config; null where the module reads only plans. */
  problems(): Problem[] | null {
    return this.#tells(25);
  }

  /** `false`: there is nothing to run, as it is no plan of this version, and the module reads nothing else. */
  isReadable(): boolean {
    return this.#asks(0);
  }

  /** The device: `{kind, touch, language, saveData, reducedMotion}`. */
  device(json: string): void {
    this.call(1, json);
  }

  /** A page view: `{path, query, title, referrer, host, kind, item}`. */
  page(json: string, now: number): void {
    this.call(2, json, '', now);
  }

  /** Something happened, with parameters (an object). `true`: it may change what is shown. */
  observe(event: string, params: string, now: number): boolean {
    return this.#asks(3, event, params, now);
  }

  /** What the page says of the visitor (an object). */
  user(json: string, now: number): void {
    this.call(4, json, '', now);
  }

  /**
   * What a placement would show. `onPage` is what else is there: an object of placements, each with the ids of the offers that were seen
   * there and stay, or null; "" for all placements of the config.
   */
  decide(placement: string, onPage: string, now: number): Answer {
    return this.#answer(this.call(5, placement, onPage, now), placement);
  }

  /** Why; null where the module reads only plans. */
  explain(placement: string, onPage: string, now: number): Explanation | null {
    return this.#tells(6, placement, onPage, now);
  }

  /** What those placements of the page show that are null in `onPage`, in its order. */
  fill(onPage: Readonly<Record<string, unknown>>, now: number): Answer[] {
    const lines = this.call(21, JSON.stringify(onPage), '', now).split('\n');
    return Object.keys(onPage).filter((name) => !onPage[name]).map((name, i) => this.#answer(lines[i] as string, name));
  }

  /**
   * What `fill` would answer if the page view `page` happened now, as far as that is sure, and until when it is of use. Of `page` only
   * what is known of it is given (`path`, `query`, `host`). `onPage` as in `decide`; "" when it isn't known which placements that page has.
   * Changes nothing.
   */
  ahead(page: string, onPage: string, now: number): [until: number, ...Answer[]] {
    const [until, ...lines] = this.call(27, page, onPage, now).split('\n');
    return [Number(until), ...lines.map((line) => this.#answer(line))];
  }

  /** The overlay that is to appear now, or nothing. Tell `outcome(id, 'raised')` when it has. */
  raise(onPage: string, now: number): Raised | undefined {
    const numbers = this.#wasm.call(20, onPage, '', now);
    if (!numbers) return undefined;
    const { placement, offers } = this.#answer(numbers);
    return { ...(offers[0] as Shown), placement };
  }

  /**
   * `exposed`, `clicked`, `dismissed` or `converted` became of an offer; or as an overlay it was `raised`, or `closed` without an answer.
   * `placement`: where; else in any that it is for. `false`: no such offer or outcome.
   */
  outcome(offer: string, kind: string, now: number, placement?: string): boolean {
    return this.#asks(7, offer, placement ? `${kind} ${placement}` : kind, now);
  }

  /**
   * The visitor's conduct: `exit_intent`, `return_to_tab`, `dwell` (active ms on this page so far), `idle` (ms without input so far),
   * `scroll` (the deepest share of this page). `true`: a trigger fired.
   */
  signal(kind: string, value: string | number, now: number): boolean {
    return this.#asks(19, kind, String(value), now);
  }

  /** What the page has to watch for. */
  needs(): Needs {
    return this.#tells(22);
  }

  /**
   * The visitor switches a topic off (`true`) or on again (`false`), which erases its score, or says what that is from now on (0 or more).
   * `false`: no such topic, or no such score.
   */
  amend(topic: string, to: boolean | number | string, now: number): boolean {
    return this.#asks(23, topic, String(to), now);
  }

  /** The topics that are kept, but for those that are told to nobody but the visitor. */
  interests(now: number): Interest[] {
    return this.#tells(24, '', '', now);
  }

  /** This tab's part of the profile, as text, to be written; empty when there is nothing to keep. */
  save(): string {
    return this.call(8);
  }

  /** All that is known of the visitor, as text; empty when that is nothing. */
  known(): string {
    return this.call(33);
  }

  /**
   * Takes in what others stored (a line each), and a part of this tab's own. What is stored should be folded and written anew
   * if it is `untidy`, or `damaged`, in which case some of it was passed over.
   */
  load(texts: string, own: string, now: number): '' | 'untidy' | 'damaged' {
    return this.call(9, texts, own, now) as '' | 'untidy' | 'damaged';
  }

  /** One text that holds what all of `texts` (a line each) hold. Changes nothing here. */
  fold(texts: string, now: number): string {
    return this.call(10, texts, '', now);
  }

  /** What this tab saved now belongs to what is stored: its part is what came since. Call `load` next. */
  disown(): void {
    this.call(11);
  }

  /** Forgets all that is known of the visitor; page and device stay. */
  forget(): void {
    this.call(12);
  }

  /** Whether what was stored belongs to a visit that is over. */
  isOver(text: string, now: number): boolean {
    return this.#asks(17, text, '', now);
  }

  /** Gives its memory back. */
  free(): void {
    this.#wasm.free();
  }
}
