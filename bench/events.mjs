// What an event and a decision cost, from 10 offers to 10,000: an event touches what it can change, and no list of offers.
// Figures are of this machine; what counts is how they grow. `make bench`

import { beginHere } from './environments.mjs';

const COUNTS = [10, 100, 1_000, 10_000];
const START = Date.UTC(2026, 10, 20, 9);
const text = new TextEncoder();

/** Offers in 20 placements, each asking for a category of its own, in one of five ways. */
function config(count) {
  const offers = Array.from({ length: count }, (_, i) => {
    const where = { item_category: `category-${i}` };
    const asks = [
      { $did: { event: 'view_item', where, within: '14d', times: { $gte: 3 } } },
      { $did: { event: 'purchase', where, within: '90d', sum: 'value', is: { $gte: 200 } } },
      { $did: { sequence: [{ event: 'view_item', where }, { event: 'add_to_cart', where }], within: '2d' } },
      { 'visit.number': { $gte: 2 }, $did: { event: 'view_item', where, ago: { $lt: '3d' } } },
      { 'device.kind': 'phone', $did: { event: 'view_item', where } },
    ];
    return {
      id: `offer-${i}`,
      placement: `place-${i % Math.min(20, Math.ceil(count / 10))}`,
      eligible: asks[i % asks.length],
      ...(i % 7 === 0 && { trigger: [{ event: 'add_to_cart', where }] }),
      cap: { exposures: 3, per: '7d' },
      value: { site: i % 17, visitor: i % 11 },
      content: { template: 'card', title: `Offer ${i}` },
    };
  });
  const placements = Object.fromEntries(offers.map(({ placement }) => [placement, {}]));
  return JSON.stringify({ placements, offers });
}

/** Median time of one of `times` calls, over several rounds, in µs. */
function measure(call, times = 2_000, rounds = 9) {
  const medians = [];
  let turn = 0;
  for (let round = 0; round < rounds; round += 1) {
    const begun = performance.now();
    for (let i = 0; i < times; i += 1) call(turn++);
    medians.push((1000 * (performance.now() - begun)) / times);
  }
  return medians.sort((a, b) => a - b)[rounds >> 1];
}

const { Core } = await beginHere();

// The first run of anything is slow.
new Core(text.encode(config(COUNTS[0])), 'UTC').free();

const rows = COUNTS.map((count) => {
  const source = text.encode(config(count));
  const begun = performance.now();
  const core = new Core(source, 'UTC');
  const ready = performance.now() - begun;
  const problems = core.problems();
  if (problems.length) throw new Error(JSON.stringify(problems[0]));
  core.device('{"kind":"phone"}');
  core.page('{"path":"/"}', START);

  let now = START;
  const event = (name, category) => core.observe(name, JSON.stringify({ item_category: category, value: 20 }), (now += 50));
  return {
    offers: count,
    'config read, ms': ready,
    'event no rule asks about, µs': measure((i) => event('note', `category-${i % count}`)),
    'event of one category, µs': measure((i) => event('view_item', `category-${i % 10}`)),
    'one decision, µs': measure((i) => core.decide(`place-${i % Math.min(20, Math.ceil(count / 10))}`, '{}', now), 500),
  };
});

const heads = Object.keys(rows[0]);
console.log(heads.join('  '));
for (const row of rows) console.log(heads.map((head) => (head === 'offers' ? String(row[head]) : row[head].toFixed(2)).padStart(head.length)).join('  '));
const grown = (head) => (rows.at(-1)[head] / rows[0][head]).toFixed(1);
console.log(`\nfrom ${COUNTS[0]} to ${COUNTS.at(-1)} offers, an event costs ${grown(heads[3])} times as much (${grown(heads[2])} when no rule asks about it)`);
