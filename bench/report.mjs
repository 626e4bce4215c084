// What the measurements come to: on the terminal, in the README between its markers, and drawn.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { chart } from './chart.mjs';
import { MEASURES } from './measure.mjs';

const at = (path) => new URL(path, import.meta.url);
const README = at('../README.md');
const [BEGIN, END] = ['<!-- bench -->', '<!-- /bench -->'];
const PACKAGES = {
  'Uniform Context': '@uniformdev/context',
  GrowthBook: '@growthbook/growthbook',
  'Adobe Target': '@adobe/target-decisioning-engine',
};
const OURS = 'Maitre';
/** The peer that knows a visitor from one moment to the next. */
const WITH_CONTEXT = 'Uniform Context';

/** Three digits that count. */
function figure(value) {
  if (value >= 1000) return Math.round(Number(value.toPrecision(3))).toLocaleString('en');
  return String(Number(value.toPrecision(value >= 100 ? 3 : 2)));
}

const many = (n) => n.toLocaleString('en');
const cell = (value) => (value === undefined ? 'n/a' : value === null ? '–' : figure(value));
const isOurs = (name) => name.startsWith(OURS);
const namesOf = ({ results }) => Object.keys(Object.values(results.cells)[0]);

/** One cell of one engine: undefined where it has no such thing, null where it took too long or was left out. */
function read({ results }, name, n, what) {
  const row = results.cells[n]?.[name];
  if (row) return row[what];
  const elsewhere = Object.values(results.cells).find((cells) => cells[name])?.[name];
  return elsewhere && what in elsewhere ? null : undefined;
}

/** The goals, as measured: `{text, isMet}[]`. */
export function goals(runs) {
  return runs.flatMap((run) => {
    const found = [];
    const goal = (isMet, text) => found.push({ isMet, text: `${run.title.split(' ')[0]}: ${text}: ${isMet ? 'met' : 'missed'}` });
    const of = (n, what, name = OURS) => read(run, name, n, what);
    if (of(100, 'changed') && of(100, 'changed', WITH_CONTEXT)) {
      const ratio = of(100, 'changed', WITH_CONTEXT) / of(100, 'changed');
      goal(ratio >= 20, `a decision at 100 offers is ${figure(ratio)} times as fast as with ${WITH_CONTEXT}, the peer that has a visitor's context (goal: 20)`);
    }
    if (of(100, 'changed') && of(10_000, 'changed')) {
      const ratio = of(10_000, 'changed') / of(100, 'changed');
      goal(ratio <= 3, `from 100 to 10,000 offers a decision takes ${figure(ratio)} times as long (goal: at most 3)`);
    }
    const peers = namesOf(run).filter((name) => !isOurs(name) && of(1_000, 'load', name));
    if (of(1_000, 'load') && peers.length) {
      const fastest = peers.reduce((best, name) => (of(1_000, 'load', name) < of(1_000, 'load', best) ? name : best));
      const ratio = of(1_000, 'load') / of(1_000, 'load', fastest);
      goal(ratio <= 0.5, `1,000 offers are loaded from the plan in ${figure(ratio)} times what the fastest peer, ${fastest}, takes (goal: at most 0.5)`);
    }
    return found;
  });
}

/** What Maitre keeps for an offer, in bytes: `{n: bytes}`. */
const memoryOf = ({ results }) => Object.fromEntries(Object.entries(results.memory).map(([n, { empty, full }]) => [n, Math.round((full - empty) / n)]));

export function print(runs) {
  for (const run of runs) {
    const names = namesOf(run);
    console.log(`\n${run.title}, ${run.machine.cpu}, ${run.machine.cores} cores, seed ${run.seed}`);
    for (const [what, { title, unit }] of Object.entries(MEASURES)) {
      const counts = Object.keys(run.results.cells);
      console.log(`\n${`${title}, ${unit}`.padEnd(36)}${counts.map((n) => many(Number(n)).padStart(11)).join('')}`);
      for (const name of names) {
        const cells = counts.map((n) => read(run, name, n, what));
        if (cells.some((value) => value !== undefined)) console.log(`  ${name.padEnd(34)}${cells.map((value) => cell(value).padStart(11)).join('')}`);
      }
    }
    console.log('\nwithout a visitor of their own, and so without events: all peers but Uniform Context');
    for (const text of run.results.left) console.log(`left out: ${text}`);
    for (const text of run.results.once) console.log(`not repeated: ${text}`);
    for (const [n, bytes] of Object.entries(memoryOf(run))) console.log(`memory for each of ${many(Number(n))} offers: ${many(bytes)} bytes`);
  }
  console.log();
}

const table = (heads, rows) => [`| ${heads.join(' | ')} |`, `| ${heads.map((_, i) => (i ? '--:' : '---')).join(' | ')} |`, ...rows.map((row) => `| ${row.join(' | ')} |`)].join('\n');

/** The README's part; runs in the order of its columns. */
function readme(runs) {
  const [first] = runs;
  const names = namesOf(first);
  const counts = Object.keys(first.results.cells).map(Number);
  const places = runs.map(({ title }) => title.split(' ')[0]).join(' / ');
  const both = (name, n, what) => {
    const cells = runs.map((run) => cell(read(run, name, n, what)));
    return new Set(cells).size === 1 && Number.isNaN(Number(cells[0])) ? cells[0] : cells.join(' / ');
  };
  const label = (name) => (isOurs(name) ? `**${name}**` : `${name} ${first.versions[PACKAGES[name] ?? name]}`);
  const growth = (name) => runs.map((run) => (read(run, name, 10_000, 'changed') ? `${figure(read(run, name, 10_000, 'changed') / read(run, name, 100, 'changed'))}×` : '–')).join(' / ');
  const deciders = names.filter((name) => name !== 'Maitre, from JSON');
  const least = Math.min(...runs.flatMap(({ results }) => Object.values(results.asked)));
  const all = runs.reduce((sum, { results }) => sum + Object.values(results.asked).reduce((total, count) => total + count, 0), 0);
  const memory = Object.entries(memoryOf(first)).filter(([n]) => n >= 1_000).map(([n, bytes]) => `${many(bytes)} bytes with ${many(Number(n))} of them`);
  return [
    `${runs.map(({ title }) => title).join(' and ')}, on ${first.machine.cpu}, ${first.machine.cores} cores. All engines decide alike: ${many(all)} answers were compared, ${many(least)} of the slowest's.`,
    ...(first.machine.busy ? [`**The machine had other things to do** (load ${first.machine.busy.toFixed(1)} at the start), so times are too long, and unsteady.`] : []),
    '',
    `**One attribute changes, one placement is decided**, µs, ${places}, by number of offers:`,
    '',
    table(['', ...counts.map(many), '100 → 10,000'], deciders.map((name) => [label(name), ...counts.map((n) => both(name, n, 'changed')), growth(name)])),
    '',
    `**With 1,000 offers**, ${places}:`,
    '',
    table(
      ['', 'load, ms', 'first decision, µs', 'whole page after a change, µs', 'event observed, µs'],
      names.map((name) => [label(name), ...['load', 'cold', 'page', 'event'].map((what) => both(name, 1_000, what))]),
    ),
    '',
    ...goals(runs).map(({ text }) => `- ${text.replace(/: (met|missed)$/, ': **$1**')}`),
    `- Memory for each offer: ${memory.join(', ')}, at its highest.`,
    '',
    '![The same in a drawing, for all numbers of offers](bench/chart.svg)',
    ...(runs.some(({ results }) => results.left.length) ? ['', 'Left out (–):', '', ...runs.flatMap(({ title, results }) => results.left.map((text) => `- ${title}: ${text}`))] : []),
  ].join('\n');
}

/** Writes what the whole run gave. */
export function keep(runs) {
  mkdirSync(at('results'), { recursive: true });
  for (const run of runs) writeFileSync(at(`results/${run.place}.json`), `${JSON.stringify(run, rounded, 1)}\n`);
  const inOrder = runs.toSorted((a, b) => a.place.localeCompare(b.place));
  writeFileSync(at('chart.svg'), chart(inOrder));
  const text = readFileSync(README, 'utf8');
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`README.md lacks ${BEGIN} … ${END}, between which the tables belong`);
  writeFileSync(README, `${text.slice(0, begin + BEGIN.length)}\n\n${readme(inOrder)}\n\n${text.slice(end)}`);
  console.log('\nwritten: bench/results, bench/chart.svg and the tables in README.md');
}

/** More digits than these are noise. */
const rounded = (key, value) => (typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value);
