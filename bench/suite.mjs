// The whole run, the same in Node and in a browser; bundled with the generator named on the command line.

import { generate } from 'workload';
import { configOf, happeningConfigOf, maitre } from './maitre.mjs';
import { agree, agreeOnEvents, Disagreement, eventQuestionsOf, measure, measureEvents, PACES, proof, questionsOf } from './measure.mjs';
import growthbook from './peers/growthbook.mjs';
import jsonLogic from './peers/json-logic.mjs';
import jsonRulesEngine from './peers/json-rules-engine.mjs';
import mingo from './peers/mingo.mjs';
import sift from './peers/sift.mjs';
import target from './peers/target.mjs';
import uniform from './peers/uniform.mjs';
import { happenings } from './workload.mjs';

const PEERS = [uniform, growthbook, jsonLogic, mingo, sift, jsonRulesEngine, target];
/** Nobody ships more. What comes near is known from the number of offers before, and not made at all. */
const MOST_SHIPPED = 100_000_000;

export const workloadOf = (n, seed) => generate({ n, seed, contexts: 500 });
export const happeningsOf = (n, seed) => happenings({ n, seed });
export { configOf, happeningConfigOf };

const bytesOf = (text) => new TextEncoder().encode(text);

/**
 * `house`: what differs between Node and a browser: `module(kind)`, Maitre's module for a `plan`, or the `full` one, compiled; `plan(n, seed, what)`, the bytes that
 * `maitre build` wrote; `say(text)`.
 */
async function run({ counts, seeds, only, pace: wanted, agreeOnly }, house) {
  const modules = { plan: await house.module('plan'), full: await house.module('full') };
  const plain = maitre({ name: 'Maitre', module: modules.plan });
  const config = maitre({ name: 'Maitre, from JSON', module: modules.full, source: (workload) => bytesOf(configOf(workload)), happeningSource: (workload) => bytesOf(happeningConfigOf(workload)) });
  config.only = ['load', 'cold'];
  const isWanted = ({ name }) => !only || name.startsWith('Maitre') || only.some((part) => name.toLowerCase().includes(part.toLowerCase()));
  const engines = [plain, config, ...PEERS].filter(isWanted);

  const results = { cells: {}, asked: {}, memory: {}, shipped: {}, left: [], once: [] };
  const add = (asked) => {
    for (const [name, count] of Object.entries(asked)) results.asked[name] = count + (results.asked[name] ?? 0);
  };
  const perOffer = new Map();

  /** What engines are loaded from and asked. The offers themselves are gone after that: a page does not hold them twice, nor have them looked through for garbage. */
  async function ground(n, seed, pace) {
    const workload = workloadOf(n, seed);
    const sources = new Map();
    for (const engine of engines) {
      const expected = n * (perOffer.get(engine) ?? 0);
      if (expected > MOST_SHIPPED) {
        if (!agreeOnly) results.left.push(`${engine.name}, ${n.toLocaleString('en')} offers: some ${Math.round(expected / 1e6)} MB would have to be shipped`);
        continue;
      }
      const source = engine === plain ? await house.plan(n, seed, 'attributes') : engine.source(workload);
      perOffer.set(engine, source.length / n);
      sources.set(engine, source);
    }
    const done = happeningsOf(n, seed);
    const told = new Map();
    for (const engine of sources.keys()) {
      if (engine === plain) told.set(engine, await house.plan(n, seed, 'events'));
      else if (engine.happeningSource) told.set(engine, engine.happeningSource(done));
    }
    return { sources, told, questions: questionsOf(workload, 3 * pace.check), eventQuestions: eventQuestionsOf(done) };
  }

  for (const [i, seed] of seeds.entries()) {
    for (const [j, n] of counts.entries()) {
      const where = `${n.toLocaleString('en')} offers, seed ${seed}`;
      const pace = PACES[wanted === 'full' && n > 1_000 ? 'large' : wanted];
      const say = (text) => house.say(`${where}: ${text}`);
      const isMeasured = !agreeOnly && i === 0;

      say('making offers, and what each engine ships');
      const { sources, questions, told, eventQuestions } = await ground(n, seed, pace);
      const present = engines.filter((engine) => sources.has(engine));
      const observers = present.filter((engine) => told.has(engine));

      if (!isMeasured) {
        say('checking that all decide alike');
        for (const engine of present) add({ [engine.name]: await agree(await engine.load(sources.get(engine), questions), engine, questions, { where, most: pace.check }) });
        for (const engine of observers) add({ [engine.name]: await agreeOnEvents(await engine.load(told.get(engine), eventQuestions), engine, eventQuestions, { where, most: pace.check }) });
        continue;
      }
      if (j === 0) await measure(questions, present, { where, pace: PACES.warm, sources });
      const measured = await measure(questions, present, { where, pace, sources, say });
      say('events');
      const observed = await measureEvents(eventQuestions, observers.filter((engine) => engine !== config), { where, pace, sources: told });
      for (const [name, figure] of Object.entries(observed.cells)) measured.cells[name].event = figure;
      add(measured.asked);
      add(observed.asked);
      results.left.push(...measured.left);
      results.once.push(...measured.once);
      results.cells[n] = measured.cells;
      results.shipped[n] = Object.fromEntries(present.map((engine) => [engine.name, sources.get(engine).length]));
      results.memory[n] = memoryOf(plain, sources.get(plain), questions);
    }
  }
  results.consumed = proof();
  return results;
}

/** The whole run: `{results}`, or `{disagreement}`, what it was. */
export async function suite(options, house) {
  try {
    return { results: await run(options, house) };
  } catch (error) {
    if (error instanceof Disagreement) return { disagreement: error.message };
    throw error;
  }
}

/** What a module grows to for a plan, a visitor and a page, in bytes. */
function memoryOf(engine, plan, questions) {
  const decider = engine.load(plan, questions);
  const { empty } = decider;
  decider.visitor(questions.sessions[0].visitor);
  decider.page();
  return { empty, full: decider.memory.buffer.byteLength };
}
