// `maitre replay`: plays journeys against an offers file, as a page would, but for the clock, which is the journey's.

import { basename } from 'node:path';
import type { Core } from './core';
import { count, lineOf, problemsOf, readText, Refusal, Tool } from './engine';
import { type Deed, type Journey, type Names, namesIn, readJourney, type Step } from './journey';
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
  /** The placements of the page at hand, as the core takes them; "" is all of the config's. */
  private onPage = '';
  /** The overlay that is up. */
  private up: string | undefined;
  private level: Consent;
  /** What was said of the visitor in this visit: a page says again what the one before said. */
  private said: string[] = [];

  constructor(
    private readonly config: string,
    private readonly journey: Journey,
  ) {
    this.level = journey.consent;
    this.core = this.arrive();
  }

  private arrive(): Tool {
    const core = new Tool(this.config, this.journey.zone);
    core.device(JSON.stringify({ ...DEVICE, ...this.journey.device }));
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
  load(page: object, placements: string[] | undefined, time: number): void {
    const isAnotherVisit = this.core.visitIsOver(time);
    this.close(time);
    this.page = JSON.stringify(page);
    // Null: nothing was seen there yet.
    this.onPage = placements ? JSON.stringify(Object.fromEntries(placements.map((name) => [name, null]))) : '';
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
    this.close(time);
    if (page !== undefined) this.tell((core) => core.page(page, time));
  }

  /** The page says something of the visitor. */
  user(json: string, time: number): void {
    this.said.push(json);
    this.tell((core) => core.user(json, time));
  }

  outcome(offer: string, kind: string, time: number, placement?: string): void {
    this.tell((core) => core.outcome(offer, kind, time, placement));
    if (kind === 'raised') this.up = offer;
    else if (offer === this.up && ['clicked', 'dismissed', 'closed'].includes(kind)) this.up = undefined;
  }

  /** What is over the page goes with it. */
  private close(time: number): void {
    if (this.up !== undefined) this.outcome(this.up, 'closed', time);
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
    return this.core.decide(placement, this.onPage, time).offers.map(({ id }) => id);
  }

  explain(placement: string, time: number): unknown {
    return this.level === 'off' ? { placement, take: 0, shows: [], offers: [] } : this.core.explain(placement, this.onPage, time);
  }

  /** The overlay that is to appear now, if one is. Tell `raised` of it when it did. */
  raise(time: number): { placement: string; id: string } | undefined {
    return this.level === 'off' ? undefined : this.core.raise(this.onPage, time);
  }

  leave(): void {
    this.core.free();
  }
}

/** Something was decided: whether it came out as expected, and the line that says so. */
interface Told {
  ok: boolean;
  line: object;
}

/** What happens in a step, on the page or to it. */
const tell = (guest: Guest, deed: Deed, time: number): void => {
  if ('page' in deed) guest.load(deed.page, deed.placements, time);
  if ('event' in deed) guest.tell((core) => core.observe(deed.event, JSON.stringify(deed.with), time));
  if ('signal' in deed) guest.tell((core) => core.signal(deed.kind, deed.value, time));
  if ('outcome' in deed) guest.outcome(deed.offer, deed.outcome, time, deed.placement);
  if ('user' in deed) guest.user(JSON.stringify(deed.user), time);
  if ('consent' in deed) guest.consent(deed.consent, time);
  if ('mute' in deed) guest.tell((core) => core.amend(deed.mute, true, time));
  if ('unmute' in deed) guest.tell((core) => core.amend(deed.unmute, false, time));
};

/** What a line names as the occasion of its decision. */
const occasion = (deed: Deed): object => {
  if ('page' in deed) return { page: deed.page.path };
  if ('event' in deed) return { event: deed.event };
  if ('signal' in deed) return { signal: deed.signal };
  if ('decide' in deed) return {};
  return deed;
};

const listed = (ids: unknown): string[] => (ids == null ? [] : ([ids].flat() as string[]));

/** Plays a step: what is decided in it, and which overlay it raises. */
const play = (guest: Guest, { at, time, deed, expect }: Step, placements: Names['placements'], story: object): Told[] => {
  const told: Told[] = [];
  const answer = (kind: 'decision' | 'raised', placement: string, ids: string[]): void => {
    const expected = expect.get(placement);
    const ok = expected === undefined || ids.join('\n') === listed(expected).join('\n');
    const asWritten = (placements.get(placement)?.take ?? 1) > 1 ? ids : (ids[0] ?? null);
    const line = { ...story, at, ...occasion(deed), placement, [kind]: asWritten, expect: expected, ok };
    told.push({ ok, line: ok ? line : { ...line, explanation: guest.explain(placement, time) } });
  };

  if ('decide' in deed) {
    answer('decision', deed.decide, guest.decide(deed.decide, time));
    return told;
  }
  tell(guest, deed, time);
  const raised = guest.raise(time);
  const isOverlay = (placement: string): boolean => !!placements.get(placement)?.isOverlay;
  for (const placement of placements.keys()) {
    const ids = raised?.placement === placement ? [raised.id] : [];
    // That nothing is raised is worth a line only where something was expected.
    if (ids.length || (isOverlay(placement) && listed(expect.get(placement)).length)) answer('raised', placement, ids);
  }
  // Only now: an explanation is of what was there when it was decided.
  if (raised) guest.outcome(raised.id, 'raised', time);
  for (const placement of expect.keys()) if (!isOverlay(placement)) answer('decision', placement, guest.decide(placement, time));
  return told;
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
    const guest = new Guest(config, journey);
    const story = { journey: journey.name ?? basename(file, '.json'), file };
    let before = -Infinity;
    const missedBefore = missed;
    for (const step of journey.steps) {
      // A story may tell of a clock set back; more often it is a slip.
      if (step.time < before) console.error(`${file}: the clock is set back, to \`${step.at}\``);
      before = step.time;
      for (const { ok, line } of play(guest, step, names.placements, story)) {
        console.log(JSON.stringify(line));
        decisions += 1;
        if (!ok) missed += 1;
      }
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
