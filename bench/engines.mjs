// Maitre beside its peers, in Node and in Chromium:
//
//   node bench/engines.mjs                    everything, from 10 to 100,000 offers; writes bench/results, bench/chart.svg and the README's tables
//   --quick                                   10 and 100 offers, in Node, in less than a minute; writes nothing
//   --agree                                   checks that all decide alike, and measures nothing
//   --workload FILE                           another generator: a module whose `generate({n, seed, contexts, updates, sessions})` gives what
//                                             bench/workload.mjs gives
//   --seed 7  --n 100,1000  --only sift,mingo --in node|chromium
//
// `--seed` and `--n` take lists; of several seeds the first is measured, and all are checked. A run with other than the usual options prints its tables and writes
// nothing, unless `--keep` says so. It exits with 1 when engines decide differently.

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { inChromium, inNode, prepare } from './environments.mjs';
import { goals, keep, print } from './report.mjs';

const COUNTS = [10, 100, 1_000, 10_000, 100_000];

function optionsFrom(args) {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: 'boolean', default: false },
      agree: { type: 'boolean', default: false },
      workload: { type: 'string' },
      seed: { type: 'string', multiple: true },
      n: { type: 'string', multiple: true },
      only: { type: 'string', multiple: true },
      in: { type: 'string', multiple: true },
      keep: { type: 'boolean', default: false },
    },
  });
  const list = (given, fallback) => given?.flatMap((text) => text.split(',')) ?? fallback;
  const whole = (text) => {
    if (!/^[1-9]\d*$/.test(text)) throw new Error(`${text} is no whole number above 0`);
    return Number(text);
  };
  const places = list(values.in, values.quick || values.agree ? ['node'] : ['node', 'chromium']);
  const strange = places.find((place) => !['node', 'chromium'].includes(place));
  if (strange) throw new Error(`--in knows node and chromium, not ${strange}`);
  if (values.workload && !existsSync(values.workload)) throw new Error(`--workload: there is no ${values.workload}`);
  return {
    places,
    workload: values.workload && resolve(values.workload),
    isKept: args.length === 0 || values.keep,
    counts: list(values.n, values.quick || values.agree ? COUNTS.slice(0, 2) : COUNTS).map((text) => whole(String(text))),
    seeds: list(values.seed, values.quick || values.agree ? [1, 2] : [1]).map((text) => whole(String(text))),
    only: list(values.only),
    pace: values.quick ? 'quick' : 'full',
    agreeOnly: values.agree,
  };
}

async function main() {
  let options;
  try {
    options = optionsFrom(process.argv.slice(2));
  } catch (error) {
    console.error(`bench: ${error.message}`);
    return 2;
  }
  const ready = await prepare(options);
  const runs = [];
  for (const place of options.places) runs.push(await (place === 'node' ? inNode : inChromium)(options, ready));
  for (const { place, results } of runs) {
    console.log(`${place}: all decide alike: ${Object.entries(results.asked).map(([name, count]) => `${name} ${count.toLocaleString('en')}`).join(', ')} decisions`);
  }
  if (options.agreeOnly) return 0;
  print(runs);
  for (const { text } of goals(runs)) console.log(text);
  if (options.isKept) keep(runs);
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`bench: ${error.message}`);
  process.exitCode = 1;
}
