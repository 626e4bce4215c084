// `maitre replay`: plays journeys against an offers file, as a page would, but for the clock, which is the journey's.

import { basename } from 'node:path';
import type { Core } from './core';
import { count, lineOf, problemsOf, readText, Refusal, Tool } from './engine';
import { type Journey, namesIn, readJourney, type Step } from './journey';
import { height } from './storage';
import type { Consent } from './types';

/** As a page tells of a visitor's device when the journey doesn't. */
const DEVICE = { kind: 'desktop', touch: false, language: 'en', saveData: false, reducedMotion: false };

/** A visitor on their way: a core for each page, and what is kept between them. */
class Guest {
  private core: Tool;
  /** What is stored on the device; a page under `memory` writes nothing. */
  private kept = '';
  private page: string | undefined;
  /** What was said of the visitor in this visit: a page says again what the one before said. */
  private said: string[] = [];

  constructor(
    private readonly config: string,
    private readonly device: object,
    private level: Consent,
  ) {
    this.core = this.arrive();
  }

  private arrive(): Tool {
    const core = new Tool(this.config, 'UTC');
    core.device(JSON.stringify({ ...DEVICE, ...this.device }));
    return core;
  }

  private isKept(): boolean {
    return this.level === 'visit' || this.level === 'profile';
  }

  /** Tells the core something, unless nothing may be observed. */
  tell(say: (core: Core) => void): void {
    if (this.level === 'off') return;
    say(this.core);
    if (this.isKept()) this.kept = this.core.save();
  }

  /** The page that was there is gone, and another one is loaded. */
  load(page: object, time: number): void {
    this.page = JSON.stringify(page);
    const isAnotherVisit = this.core.visitIsOver(time);
    this.core.free();
    this.core = this.arrive();
    if (isAnotherVisit) {
      this.said = [];
      if (this.level === 'visit') this.kept = '';
    }
    if (this.isKept()) this.core.load('', this.kept, time);
    for (const user of this.said) this.tell((core) => core.user(user, time));
    this.view(time);
  }

  private view(time: number): void {
    const { page } = this;
    if (page !== undefined) this.tell((core) => core.page(page, time));
  }

  /** The page says something of the visitor. */
  user(json: string, time: number): void {
    this.said.push(json);
    this.tell((core) => core.user(json, time));
  }

  consent(level: Consent, time: number): void {
    const before = this.level;
    const isDown = height(level) < height(before);
    this.level = level;
    if (!this.isKept() || isDown) this.kept = '';
    if (isDown) this.core.forget();
    if (isDown || before === 'off') this.view(time);
    if (this.isKept()) this.kept = this.core.save();
  }

  decide(placement: string, time: number): string[] {
    if (this.level === 'off') return [];
    const { offers } = JSON.parse(this.core.decide(placement, time)) as { offers: { id: string }[] };
    return offers.map(({ id }) => id);
  }

  explain(placement: string, time: number): unknown {
    return this.level === 'off' ? { placement, take: 0, shows: [], offers: [] } : JSON.parse(this.core.explain(placement, time));
  }

  leave(): void {
    this.core.free();
  }
}

/** How a step came out: nothing to tell, or a line. */
type Told = { ok: boolean; line: object } | undefined;

const play = (guest: Guest, { at, time, deed, expect }: Step, take: (placement: string) => number, story: object): Told => {
  const asWritten = (placement: string, ids: string[]): string | null | string[] => (take(placement) > 1 ? ids : (ids[0] ?? null));
  const equal = (a: string[], b: string[]): boolean => a.join('\n') === b.join('\n');

  if ('page' in deed) guest.load(deed.page, time);
  if ('event' in deed) guest.tell((core) => core.observe(deed.event, JSON.stringify(deed.with), time));
  if ('user' in deed) guest.user(JSON.stringify(deed.user), time);
  if ('outcome' in deed) guest.tell((core) => core.outcome(deed.offer, deed.outcome, time));
  if ('consent' in deed) guest.consent(deed.consent, time);
  if ('decide' in deed) {
    const placement = deed.decide;
    const ids = guest.decide(placement, time);
    const ok = !deed.expect || equal(ids, deed.expect);
    const line = { ...story, at, placement, decision: asWritten(placement, ids), expect, ok, ...(!ok && { explanation: guest.explain(placement, time) }) };
    return { ok, line };
  }
  if ('signal' in deed) {
    // Nothing is raised by a signal yet, so only `null` can be expected of one.
    const missed = [...deed.expect].find(([, ids]) => ids.length);
    if (!missed) return undefined;
    const [placement, ids] = missed;
    const line = { ...story, at, placement, signal: deed.signal, decision: null, expect: asWritten(placement, ids), ok: false, explanation: guest.explain(placement, time) };
    return { ok: false, line };
  }
  return undefined;
};

/** Plays every journey and prints a line for each decision; returns the exit code. */
export const replay = (offers: string, files: string[]): number => {
  const config = readText(offers).replace(/^\ufeff/, '');
  const problems = problemsOf(config);
  for (const problem of problems) console.error(lineOf(offers, problem));
  if (problems.some(({ severity }) => severity === 'error')) throw new Refusal(`${offers} has errors: nothing was played`);

  const names = namesIn(config);
  const journeys: { file: string; journey: Journey }[] = [];
  const refused: string[] = [];
  for (const file of files) {
    try {
      const read = readJourney(file, readText(file), names);
      refused.push(...read.problems);
      journeys.push({ file, journey: read.journey });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      refused.push(error.message);
    }
  }
  if (refused.length) throw new Refusal(refused.join('\n'));

  let decisions = 0;
  let missed = 0;
  for (const { file, journey } of journeys) {
    const guest = new Guest(config, journey.device, journey.consent);
    const story = { journey: journey.name ?? basename(file, '.json'), file };
    let before = -Infinity;
    const missedBefore = missed;
    for (const step of journey.steps) {
      // A story may tell of a clock set back; more often it is a slip.
      if (step.time < before) console.error(`${file}: the clock is set back, to \`${step.at}\``);
      before = step.time;
      const told = play(guest, step, (placement) => names.placements.get(placement) ?? 1, story);
      if (!told) continue;
      console.log(JSON.stringify(told.line));
      if ('decide' in step.deed) decisions += 1;
      if (!told.ok) missed += 1;
    }
    guest.leave();
    const pages = journey.steps.filter(({ deed }) => 'page' in deed).length;
    if (missed > missedBefore && journey.consent === 'memory' && pages > 1) {
      console.error(`${file}: under consent \`memory\` a page remembers only itself; write \`"consent": "profile"\` to remember from page to page`);
    }
  }
  console.error(`${count(journeys.length, 'journey')}, ${count(decisions, 'decision')}, ${missed ? `${missed} not as expected` : 'all as expected'}`);
  return missed ? 1 : 0;
};
