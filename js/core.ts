// The engine's verbs (src/web/mod.rs), each as a method. Structured things cross as JSON text; every `now` is in ms since the epoch.

import { Core as Wasm } from '../pkg/core.js';

export { initSync } from '../pkg/core.js';

/** Decides for one visitor, on one page after another. Bad input never throws; it is read as nothing. */
export class Core {
  readonly #wasm: Wasm;

  /** Reads a plan, or (not with the module for plans alone) a config, JSON text. `zone` is the visitor's own IANA time zone. */
  constructor(source: Uint8Array, zone: string) {
    this.#wasm = new Wasm(source, zone);
  }

  /** A verb by its number. */
  protected call(verb: number, first = '', second = '', now = 0): string {
    return this.#wasm.call(verb, first, second, now);
  }

  /** What is wrong with the config: JSON of `Problem[]`; null where the module reads only plans. */
  problems(): string {
    return this.call(25);
  }

  /** `false`: there is nothing to run, as it is no plan of this version, and the module reads nothing else. */
  isReadable(): boolean {
    return this.call(0) === 'true';
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
    return this.call(3, event, params, now) === 'true';
  }

  /** What the page says of the visitor (an object). */
  user(json: string, now: number): void {
    this.call(4, json, '', now);
  }

  /**
   * What a placement would show: `{placement, known, take, offers: [{id, content}], fallback}`. `onPage` is what else is there: an object
   * of placements, each with the ids of the offers that were seen there and stay, or null; "" for all placements of the config.
   */
  decide(placement: string, onPage: string, now: number): string {
    return this.call(5, placement, onPage, now);
  }

  /** Why; null where the module reads only plans: `{placement, take, shows, offers: [{offer, rank, fit, value, freshness, status, held, failed, change}]}`. */
  explain(placement: string, onPage: string, now: number): string {
    return this.call(6, placement, onPage, now);
  }

  /** What those placements of the page show that are null in `onPage`: a list, each as of `decide`. */
  fill(onPage: string, now: number): string {
    return this.call(21, onPage, '', now);
  }

  /** The overlay that is to appear now: `{placement, id, content}`, or null. Tell `outcome(id, 'raised')` when it has. */
  raise(onPage: string, now: number): string {
    return this.call(20, onPage, '', now);
  }

  /**
   * `exposed`, `clicked`, `dismissed` or `converted` became of an offer; or as an overlay it was `raised`, or `closed` without an answer.
   * `placement`: where; else in any that it is for. `false`: no such offer or outcome.
   */
  outcome(offer: string, kind: string, now: number, placement?: string): boolean {
    return this.call(7, offer, placement ? `${kind} ${placement}` : kind, now) === 'true';
  }

  /**
   * The visitor's conduct: `exit_intent`, `return_to_tab`, `dwell` (active ms on this page so far), `idle` (ms without input so far),
   * `scroll` (the deepest share of this page). `true`: a trigger fired.
   */
  signal(kind: string, value: string | number, now: number): boolean {
    return this.call(19, kind, String(value), now) === 'true';
  }

  /** What the page has to watch for: `{signals, events, overlays}`. */
  needs(): string {
    return this.call(22);
  }

  /** The visitor switches a topic off (`true`) or on again; its score is erased. `false`: no such topic. */
  mute(topic: string, muted: string | boolean, now: number): boolean {
    return this.call(23, topic, String(muted), now) === 'true';
  }

  /** The topics that are kept: `[{topic, title, score, muted}]`. */
  interests(now: number): string {
    return this.call(24, '', '', now);
  }

  /** This tab's part of the profile, as text; empty when there is nothing to keep. */
  save(): string {
    return this.call(8);
  }

  /** Takes in what others stored (a line each), and a part of this tab's own. `true`: fold and write anew what is stored. */
  load(texts: string, own: string, now: number): boolean {
    return this.call(9, texts, own, now) === 'true';
  }

  /** One text that holds what all of `texts` (a line each) hold. Changes nothing here. */
  fold(texts: string, now: number): string {
    return this.call(10, texts, '', now);
  }

  /** This tab's part now belongs to what is stored; begin another. Call `load` next. */
  disown(): void {
    this.call(11);
  }

  /** Forgets all that is known of the visitor; page and device stay. */
  forget(): void {
    this.call(12);
  }

  /** Whether what was stored belongs to a visit that is over. */
  isOver(text: string, now: number): boolean {
    return this.call(17, text, '', now) === 'true';
  }

  /** Gives its memory back. */
  free(): void {
    this.#wasm.free();
  }
}
