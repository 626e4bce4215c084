// Checks that all engines decide alike, and measures them. Knows neither Node nor a browser: what it needs of either it is handed.
//
// In each round each engine is loaded anew and does the same work, one engine after the other, so that a slow moment of the machine hits all alike. What it
// decides is checked in the first round, before anything but its load is measured.

import { naive } from './condition.mjs';

/** What takes longer than this is gone through once, and not again in later rounds; in ms. */
const LONG = 1_500;
/** What takes longer than this is left out. */
const TOO_LONG = 15_000;

export const MEASURES = {
  load: { title: 'load', unit: 'ms' },
  cold: { title: 'first decision', unit: 'µs' },
  changed: { title: 'decision after a change', unit: 'µs' },
  page: { title: 'whole page after a change', unit: 'µs' },
  event: { title: 'event observed', unit: 'µs' },
};

/** `goal`: how long a sample takes at least, `most`: at most, in ms; `check`: for how long an engine's decisions are compared. */
export const PACES = {
  full: { rounds: 5, goal: 25, most: 120, check: 400 },
  /** Where loading takes long. */
  large: { rounds: 3, goal: 25, most: 200, check: 300 },
  quick: { rounds: 3, goal: 8, most: 60, check: 150 },
  warm: { rounds: 1, goal: 30, most: 100, check: 50 },
};

const clock = () => performance.now();
const pause = () => new Promise((resolve) => setTimeout(resolve));
const collect = () => globalThis.gc?.();

/** Keeps the answers from being optimised away. */
let consumed = 0;
export const proof = () => consumed;

/** Not a fault of the benchmark but its finding. */
export class Disagreement extends Error {
  constructor(where, engine, slot, expected, given) {
    super(`${where}: ${engine} decides ${JSON.stringify(given)} for ${slot}, but of all offers that hold the best is ${JSON.stringify(expected)}`);
  }
}

/**
 * What an engine is asked, and what it has to answer, so that the offers themselves need not be kept: `{slots, schema, sessions}`, each session
 * `{visitor, changes, answers}`; answers are worked out for `most` ms, but for one session at least, and are for a first page, each change, and a last page.
 */
export function questionsOf(workload, most) {
  const { contexts, updates, slots, schema } = workload;
  const sessions = [];
  for (const { s, a, v, slot } of updates) {
    sessions[s] ??= { visitor: contexts[s % contexts.length], changes: [] };
    sessions[s].changes.push({ attribute: a, value: v, slot: slots[slot] });
  }
  const best = naive(workload);
  const begun = clock();
  for (const session of sessions) {
    const known = { ...session.visitor };
    const page = () => slots.map((slot) => best(slot, known));
    const first = page();
    const each = session.changes.map(({ attribute, value, slot }) => {
      known[attribute] = value;
      return best(slot, known);
    });
    session.answers = { first, each, last: page() };
    if (clock() - begun > most) break;
  }
  return { slots, schema, sessions };
}

/**
 * One engine's answers compared for `most` ms, but for one visitor at least: slots one by one, whole pages, single changes. Returns how many.
 */
export async function agree(decider, engine, { slots, sessions }, { where, most }) {
  const begun = clock();
  let count = 0;
  const compare = (slot, expected, given) => {
    count += 1;
    if (given !== expected) throw new Disagreement(where, engine.name, slot, expected, given);
  };
  const comparePage = (answers, shown) => slots.forEach((slot, i) => compare(slot, answers[i], shown[i] ?? null));
  for (const { visitor, changes, answers } of sessions) {
    if (!answers) break;
    await decider.visitor({ ...visitor });
    for (const [i, slot] of slots.entries()) compare(slot, answers.first[i], await decider.decide(slot));
    comparePage(answers.first, await decider.page());
    for (const [i, { attribute, value, slot }] of changes.entries()) {
      if (i > 0 && clock() - begun > most) return count;
      await decider.change(attribute, value);
      compare(slot, answers.each[i], await decider.decide(slot));
    }
    comparePage(answers.last, await decider.page());
  }
  return count;
}

/** The same of what visitors do: `{slots, stretches}`, each some events of a new visitor, the answers being the best offers whose event was seen often enough. */
export function eventQuestionsOf({ offers, slots, events }) {
  const [visitors, length] = SIZES.event;
  const bySlot = new Map(slots.map((slot) => [slot, []]));
  for (const offer of offers) bySlot.get(offer.slot).push(offer);
  for (const list of bySlot.values()) list.sort((a, b) => b.value - a.value);
  const stretches = Array.from({ length: visitors }, (_, at) => {
    const seen = new Map();
    const steps = events.slice(length * at, length * (at + 1));
    const answers = steps.map((event, i) => {
      seen.set(event, 1 + (seen.get(event) ?? 0));
      return bySlot.get(slots[i % slots.length]).find((offer) => (seen.get(offer.event) ?? 0) >= offer.times)?.id ?? null;
    });
    return { steps, answers };
  });
  return { slots, stretches };
}

export async function agreeOnEvents(decider, engine, { slots, stretches }, { where, most }) {
  const begun = clock();
  let count = 0;
  for (const { steps, answers } of stretches) {
    await decider.visitor({});
    for (const [i, event] of steps.entries()) {
      if (i > 0 && clock() - begun > most) return count;
      await decider.observe(event);
      const slot = slots[i % slots.length];
      const given = await decider.decide(slot);
      if (given !== answers[i]) throw new Disagreement(`${where}, after ${i + 1} events`, engine.name, slot, answers[i], given);
      count += 1;
    }
  }
  return count;
}

/** How long `act` takes for `count` of the steps, in ms. */
const spend = (act, steps, from, count, isAsync) => (isAsync ? spendAsync : spendAtOnce)(act, steps, from, count);

function spendAtOnce(act, steps, from, count) {
  const begun = clock();
  for (let i = from; i < from + count; i += 1) consumed += act(steps[i])?.length ?? 0;
  return clock() - begun;
}

async function spendAsync(act, steps, from, count) {
  const begun = clock();
  for (let i = from; i < from + count; i += 1) consumed += (await act(steps[i]))?.length ?? 0;
  return clock() - begun;
}

/**
 * Goes through the stretches for `goal` ms without counting: what was loaded is new, and code made for what was there before has to be made again.
 * Then it counts.
 */
async function sample(stretches, means, how) {
  await pass(stretches, [], { ...how, most: how.goal });
  await pass(stretches, means, how);
}

/**
 * Goes through the stretches `{visitor, steps}`, each begun (untimed) with its visitor, and adds the mean of each, in µs, to its list in `means`. A quick engine goes
 * on until `goal` ms have passed; a slow one does as many steps of each as fit into `most`.
 */
async function pass(stretches, means, { begin, act, isAsync, goal, most }) {
  let spent = 0;
  for (let i = 0; (i < stretches.length || spent < goal) && spent < 2 * most; i += 1) {
    const at = i % stretches.length;
    const { visitor, steps } = stretches[at];
    await begin(visitor);
    // The first step finds what the visitor's arrival left to do, and tells how many more there is time for.
    const first = await spend(act, steps, 0, 1, isAsync);
    const count = Math.min(steps.length - 1, Math.floor(most / stretches.length / first));
    const rest = count > 0 ? await spend(act, steps, 1, count, isAsync) : 0;
    means[at] ??= [];
    means[at].push(1000 * (count > 0 ? rest / count : first));
    spent += first + rest;
  }
}

/** What a single sample consists of: so many visitors, and changes of each. */
const SIZES = { changed: [20, 500], page: [10, 30], event: [10, 100] };

const median = (figures) => {
  const sorted = figures.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};
/** Visitors differ, and all count; of each, what is usual. */
const usual = (means) => means.reduce((sum, figures) => sum + median(figures), 0) / means.length;

/**
 * Measures all engines with the same questions: `{cells: {[engine]: {load, cold, changed, page}}, asked: {[engine]: decisions compared}, left, once}`; a cell is the median
 * over rounds, null where it took too long, of which `left` tells; `once` tells what was not repeated.
 */
export async function measure(questions, engines, { where, pace, sources, say = () => {} }) {
  const { sessions } = questions;
  const asked = {};
  const [left, once] = [[], []];
  const rows = engines.map((engine) => ({ engine, samples: { load: [], cold: [], changed: [], page: [] }, isOut: new Set() }));
  const note = ({ engine }, what, ms) => (ms > TOO_LONG ? left : once).push(`${engine.name}, ${where}: ${MEASURES[what].title} took ${(ms / 1000).toFixed(1)} s`);

  for (let turn = 0; turn < pace.rounds; turn += 1) {
    say(`round ${turn + 1} of ${pace.rounds}`);
    for (const row of rows) {
      const { engine, samples, isOut } = row;
      if (isOut.has('load')) continue;
      let decider;
      let spent = 0;
      // Where a load is quick, several make a sample.
      for (let i = 0; i < 40 && (i === 0 || spent < pace.goal); i += 1) {
        decider = undefined;
        if (i === 0 || spent > 4) collect();
        const instance = engine.ready?.();
        let begun = clock();
        decider = await engine.load(sources.get(engine), questions, instance);
        const loaded = clock() - begun;
        spent += loaded;
        samples.load.push(loaded);
        if (loaded > LONG) {
          isOut.add('load');
          note(row, 'load', loaded);
        }

        const { visitor, changes } = sessions[(40 * turn + i) % sessions.length];
        const known = { ...visitor };
        begun = clock();
        await decider.visitor(known);
        const given = await decider.decide(changes[0].slot);
        samples.cold.push(1000 * (clock() - begun));
        consumed += given?.length ?? 0;
      }
      if (turn === 0) asked[engine.name] = await agree(decider, engine, questions, { where, most: pace.check });
      for (const what of ['changed', 'page']) {
        if (isOut.has(what) || engine.only?.includes(what) === false) continue;
        const act = {
          changed: engine.isAsync
            ? async ({ attribute, value, slot }) => {
                await decider.change(attribute, value);
                return decider.decide(slot);
              }
            : ({ attribute, value, slot }) => {
                decider.change(attribute, value);
                return decider.decide(slot);
              },
          page: engine.isAsync
            ? async ({ attribute, value }) => {
                await decider.change(attribute, value);
                return decider.page();
              }
            : ({ attribute, value }) => {
                decider.change(attribute, value);
                return decider.page();
              },
        }[what];
        const [visitors, length] = SIZES[what];
        const stretches = sessions.slice(0, visitors).map(({ visitor, changes }) => ({ visitor, steps: changes.slice(0, length) }));
        await sample(stretches, samples[what], { begin: (visitor) => decider.visitor({ ...visitor }), act, isAsync: engine.isAsync, ...pace });
        const longest = Math.max(...samples[what].map((figures) => figures.at(-1))) / 1000;
        if (longest > LONG) {
          isOut.add(what);
          note(row, what, longest);
        }
      }
      await pause();
    }
  }
  const cellsOf = ({ engine, samples }) =>
    Object.entries(samples)
      .filter(([what]) => engine.only?.includes(what) !== false)
      .map(([what, figures]) => {
        const figure = what in SIZES ? usual(figures) : median(figures);
        return [what, figure > TOO_LONG * (MEASURES[what].unit === 'ms' ? 1 : 1000) ? null : figure];
      });
  return { cells: Object.fromEntries(rows.map((row) => [row.engine.name, Object.fromEntries(cellsOf(row))])), asked, left, once };
}

/** What observing one event takes, in µs: `{cells: {[engine]: figure}, asked}`. */
export async function measureEvents(questions, engines, { where, pace, sources }) {
  const samples = new Map(engines.map((engine) => [engine, []]));
  const asked = {};
  for (let turn = 0; turn < pace.rounds; turn += 1) {
    for (const engine of engines) {
      collect();
      const decider = await engine.load(sources.get(engine), questions);
      if (turn === 0) asked[engine.name] = await agreeOnEvents(decider, engine, questions, { where, most: pace.check });
      await sample(questions.stretches, samples.get(engine), { begin: () => decider.visitor({}), act: (event) => decider.observe(event), isAsync: engine.isAsync, ...pace });
      await pause();
    }
  }
  return { cells: Object.fromEntries(engines.map((engine) => [engine.name, usual(samples.get(engine))])), asked };
}
