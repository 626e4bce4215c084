// A made-up site's offers and visitors, the same for the same seed.
//
// What makes deciding hard on real sites is kept: few attributes that everyone asks about and many that hardly anyone does, lists that people
// reuse, audiences shared by offers, broad offers of little value below narrow ones of much, attributes that some visitors lack.
// Another module can stand in for this one (`--workload`) if its `generate` gives and takes the same.

/** Chance with a seed: a counter, well stirred. */
function chance(seed) {
  let count = seed >>> 0;
  const next = () => {
    count = (count + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(count ^ (count >>> 15), count | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (bound) => Math.floor(next() * bound);
  return {
    next,
    below,
    is: (share) => next() < share,
    one: (list) => list[below(list.length)],
    /** 0, 1, 2 …, each `share` times as likely as the one before. */
    run(share, most = 400) {
      let count = 0;
      while (count < most && next() < share) count += 1;
      return count;
    },
  };
}

/** A way to draw from `weights`: the sums so far, to be searched. */
function urn(weights) {
  let sum = 0;
  const sums = weights.map((weight) => (sum += weight));
  return ({ next }) => {
    const wanted = next() * sum;
    let [low, high] = [0, sums.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle] <= wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

/** The k-th is drawn 1/k^skew times as often as the first. */
const zipf = (count, skew) => urn(Array.from({ length: count }, (_, i) => (i + 1) ** -skew));
const numbered = (stem, count) => Array.from({ length: count }, (_, i) => `${stem}${i}`);
const few = (from, count, draw, random) => {
  const found = new Set();
  for (let tries = 0; found.size < count && tries < 8 * count; tries += 1) found.add(from[draw(random)]);
  return [...found];
};

// name, how often offers ask about it, values, their skew, the share of visitors without it
const WORDS = [
  ['section', 9, numbered('section-', 40), 0.9, 0], ['country', 9, numbered('country-', 60), 1.1, 0], ['stage', 7, ['new', 'active', 'fading', 'gone', 'regular'], 0.7, 0],
  ['device', 6, ['phone', 'desktop', 'tablet'], 1, 0], ['source', 5, numbered('source-', 50), 1.1, 0.4], ['campaign', 4, numbered('campaign-', 150), 1, 0.5],
  ['language', 4, numbered('language-', 30), 1.2, 0], ['tier', 3, ['none', 'bronze', 'silver', 'gold'], 1.2, 0], ['page', 3, numbered('page-', 9), 0.9, 0],
  ['medium', 3, numbered('medium-', 8), 1, 0.4], ['plan', 2, ['free', 'plus', 'pro'], 1.5, 0.2], ['region', 2, numbered('region-', 90), 1, 0], ['brand', 2, numbered('brand-', 80), 0.9, 0.3],
  ['referrer', 1, numbered('referrer-', 70), 1, 0.3], ['city', 1, numbered('city-', 250), 1, 0], ['currency', 1, numbered('currency-', 15), 1.3, 0],
  ['browser', 1, numbered('browser-', 7), 1.2, 0], ['system', 1, numbered('system-', 6), 0.8, 0], ['weekday', 1, numbered('day-', 7), 0, 0], ['size', 1, numbered('size-', 12), 0.4, 0.5],
  ['payment', 1, numbered('payment-', 6), 0.9, 0.6], ['shipping', 1, numbered('shipping-', 4), 0.8, 0.6], ['group', 1, numbered('group-', 10), 0, 0], ['theme', 1, ['light', 'dark'], 0.5, 0],
];
// name, how often asked, the share of visitors of whom it is true
const FLAGS = [
  ['known', 4, 0.35], ['subscriber', 2, 0.2], ['returning', 2, 0.45], ['basket_left', 2, 0.1], ['has_app', 1, 0.15], ['reads_mail', 1, 0.5], ['in_stock', 1, 0.85], ['on_sale', 1, 0.25],
  ['member', 1, 0.1], ['student', 1, 0.05], ['gift', 1, 0.08], ['weekend', 1, 0.28], ['holiday', 1, 0.05], ['night', 1, 0.2], ['saves_data', 1, 0.06], ['staff', 1, 0.01],
];
// name, how often asked, members, their skew, how many a visitor has on average
const SETS = [
  ['segments', 8, numbered('segment-', 250), 0.9, 7], ['viewed', 3, numbered('shelf-', 60), 0.9, 5], ['bought', 3, numbered('shelf-', 60), 0.9, 1.2],
  ['topics', 2, numbered('topic-', 90), 1, 4], ['wishes', 1, numbered('shelf-', 60), 0.7, 1], ['shown', 2, numbered('offer-', 200), 0.7, 6],
];
// name, how often asked, bounds that rules name, how a visitor's figure is drawn
const FIGURES = [
  ['visits', 6, [2, 3, 5, 10, 20], (random) => 1 + random.run(0.75)], ['basket', 5, [1, 25, 50, 75, 100, 150], (random) => (random.is(0.7) ? 0 : Math.round(25 * random.run(0.98)) / 10)],
  ['pages', 3, [2, 3, 5, 8, 12], (random) => 1 + random.run(0.8)], ['days_away', 4, [1, 3, 7, 14, 30, 60], (random) => random.run(0.9)], ['orders', 3, [1, 2, 3, 5], (random) => (random.is(0.6) ? 0 : 1 + random.run(0.6))],
  ['spent', 2, [50, 100, 250, 500], (random) => (random.is(0.6) ? 0 : 6 * random.run(0.99))], ['items', 2, [1, 2, 4], (random) => (random.is(0.7) ? 0 : 1 + random.run(0.5))],
  ['seconds', 2, [10, 30, 60, 120, 300], (random) => 4 * random.run(0.97)], ['depth', 1, [25, 50, 75, 90], (random) => random.below(101)], ['hour', 2, [6, 9, 12, 18, 22], (random) => random.below(24)],
  ['age_of_account', 1, [7, 30, 90, 365], (random) => random.run(0.995)], ['mails_opened', 1, [1, 2, 5], (random) => random.run(0.5)], ['returns', 1, [1, 2], (random) => random.run(0.2)],
  ['reviews', 1, [1, 3], (random) => random.run(0.25)], ['searches', 1, [1, 2, 4], (random) => random.run(0.5)], ['shares', 1, [1, 2], (random) => random.run(0.1)],
  ['points', 1, [100, 500, 1000], (random) => 10 * random.run(0.98)], ['coupons', 1, [1, 2], (random) => random.run(0.3)], ['children', 1, [1, 2], (random) => random.run(0.3)],
  ['stores', 1, [1, 2, 3], (random) => random.run(0.4)], ['chats', 1, [1, 2], (random) => random.run(0.15)], ['tests', 1, [1, 2], (random) => random.run(0.2)],
  ['distance', 1, [5, 20, 50], (random) => random.run(0.97)], ['discount', 1, [10, 20, 40], (random) => 5 * random.run(0.6, 12)],
];
/** How much the visitor cares, 0 to 1 in hundredths; of most nothing is known. */
const CARES = numbered('cares_', 60);
/** How often something was done lately. */
const COUNTS = numbered('count_', 70);
const RARE = 14; // how often offers ask about one of these, all of them together

/** What each attribute is: 'str', 'bool', 'set' or 'num'; `float` when it has decimals. 200 of them. */
export const schema = [
  ...WORDS.map(([name, , , , without]) => ({ name, type: 'str', optional: without > 0 })),
  ...FLAGS.map(([name]) => ({ name, type: 'bool' })),
  ...SETS.map(([name]) => ({ name, type: 'set' })),
  ...FIGURES.map(([name]) => ({ name, type: 'num', ...(name === 'basket' && { float: true }) })),
  ...CARES.map((name) => ({ name, type: 'num', float: true })),
  ...COUNTS.map((name) => ({ name, type: 'num' })),
];

const drawCare = zipf(CARES.length, 0.7);
const drawCount = zipf(COUNTS.length, 0.9);
const DRAWS = new Map([...WORDS, ...SETS].map(([name, , values, skew]) => [name, zipf(values.length, skew)]));
const ASKED = [
  ...[...WORDS, ...FLAGS, ...SETS, ...FIGURES].map((row) => ({ row, often: row[1] })),
  { row: ['cares'], often: RARE },
  { row: ['count'], often: RARE },
];
const drawAsked = urn(ASKED.map(({ often }) => often));

function visitor(random) {
  const known = {};
  for (const [name, , values, , without] of WORDS) if (!random.is(without)) known[name] = values[DRAWS.get(name)(random)];
  for (const [name, , share] of FLAGS) known[name] = random.is(share);
  for (const [name, , values, , mean] of SETS) known[name] = few(values, random.run(mean / (mean + 1), 3 * mean + 2), DRAWS.get(name), random);
  for (const [name, , , draw] of FIGURES) known[name] = draw(random);
  for (const name of CARES) known[name] = 0;
  for (let left = random.run(0.9, 25); left > 0; left -= 1) known[CARES[drawCare(random)]] = (1 + random.below(100)) / 100;
  COUNTS.forEach((name, i) => { known[name] = random.is(0.5) ? 0 : random.run(0.85 / (1 + i / 25)); });
  return known;
}

/** One condition on one attribute; a broad one holds for most visitors. `lists`: those that people reuse. */
function asks(random, isBroad, lists) {
  const { row } = ASKED[drawAsked(random)];
  const [name, , of] = row;
  if (name === 'cares') return [CARES[drawCare(random)], isBroad ? { $lte: 0.9 } : { $gte: (2 + random.below(7)) / 10 }];
  if (name === 'count') return [COUNTS[drawCount(random)], bound(random, [1, 2, 3, 5, 10], isBroad)];
  if (FIGURES.includes(row)) return [name, bound(random, of, isBroad)];
  if (FLAGS.includes(row)) return [name, isBroad ? of > 0.5 : random.is(0.75)];

  const reused = () => {
    const known = lists.get(name);
    return random.is(0.5) ? known[Math.min(random.run(0.9), known.length - 1)] : few(of, Math.min(of.length - 1, 1 + random.below(5)), DRAWS.get(name), random);
  };
  const kind = random.next();
  if (SETS.includes(row)) {
    if (isBroad || kind < 0.25) return [name, { $nin: few(of, 1 + random.below(2), DRAWS.get(name), random) }];
    return [name, kind < 0.35 ? { $all: few(of, 2, DRAWS.get(name), random) } : { $in: reused() }];
  }
  if (isBroad) return [name, { $nin: [random.one(of)] }];
  if (row[4] > 0 && kind < 0.05) return [name, { $exists: kind < 0.03 }];
  if (kind < 0.45) return [name, of[DRAWS.get(name)(random)]];
  if (kind < 0.5) return [name, { $ne: of[DRAWS.get(name)(random)] }];
  return [name, kind < 0.88 ? { $in: reused() } : { $nin: reused() }];
}

function bound(random, bounds, isBroad) {
  if (isBroad) return random.is(0.5) ? { $lte: bounds.at(-1) } : { $gte: bounds[0] };
  const at = random.below(bounds.length);
  const kind = random.next();
  if (kind < 0.6) return { $gte: bounds[at] };
  if (kind < 0.68) return { $gt: bounds[at] };
  if (kind < 0.8) return { $lte: bounds[at] };
  if (kind < 0.88 || at === bounds.length - 1) return { $lt: bounds[at] };
  return { $gte: bounds[at], $lt: bounds[at + 1] };
}

/** So many conditions, each on another attribute. */
function together(random, count, isBroad, lists) {
  const asked = {};
  for (let tries = 0; Object.keys(asked).length < count && tries < 50; tries += 1) {
    const [name, wanted] = asks(random, isBroad, lists);
    asked[name] ??= wanted;
  }
  return asked;
}

/** 3 to 8 predicates; some of them in an audience that others share, some as alternatives, some denied. */
function eligible(random, tier, audiences, lists) {
  if (tier === 'broad') return together(random, 3, true, lists);
  let left = tier === 'narrow' ? 5 + random.below(4) : 3 + random.below(3);
  const parts = {};
  if (left > 3 && random.is(0.25)) {
    parts.$and = [audiences[Math.min(random.run(0.95), audiences.length - 1)]];
    left -= 2;
  }
  if (left > 2 && random.is(0.3)) {
    const ways = left > 4 && random.is(0.4) ? 3 : 2;
    parts.$or = Array.from({ length: ways }, () => together(random, 1, false, lists));
    left -= ways;
  }
  if (left > 1 && random.is(0.1)) {
    parts.$nor = [together(random, 1, false, lists)];
    left -= 1;
  }
  return { ...parts, ...together(random, Math.max(left, Object.keys(parts).length ? 0 : 1), false, lists) };
}

/** What changes while a visitor looks around, one attribute at a time. */
function change(random, known) {
  const kind = random.next();
  if (kind < 0.32) {
    const name = COUNTS[drawCount(random)];
    return [name, Math.max(0, known[name] + (random.is(0.85) ? 1 : -1))];
  }
  if (kind < 0.46) {
    const name = CARES[drawCare(random)];
    return [name, Math.min(100, Math.max(0, Math.round(100 * known[name]) + random.below(12) - 2)) / 100];
  }
  if (kind < 0.6) return ['section', WORDS[0][2][DRAWS.get('section')(random)]];
  if (kind < 0.67) return ['page', WORDS[8][2][DRAWS.get('page')(random)]];
  if (kind < 0.75) return ['pages', known.pages + 1];
  if (kind < 0.82) return ['seconds', known.seconds + 5 + random.below(20)];
  if (kind < 0.87) return ['depth', random.below(101)];
  if (kind < 0.92) return ['basket', Math.round(10 * (known.basket + random.below(500) / 10)) / 10];
  const [name, , values] = kind < 0.97 ? SETS[1] : SETS[5];
  return [name, [...new Set([...known[name], values[DRAWS.get(name)(random)]])].slice(-20)];
}

/**
 * `n` offers, `contexts` visitors, and `updates` single changes in as many `sessions`, which begin with a visitor each, in turn:
 * `{offers: {id, slot, value, condition}[], slots, contexts, updates: {s, a, v, slot}[], schema}` where `slot` of a change is an index of `slots`.
 */
export function generate({ n = 1000, seed = 1, contexts = 1000, updates = 10_000, sessions = 20 } = {}) {
  const random = chance(seed * 7919 + n);
  const slots = numbered('slot-', Math.min(20, Math.ceil(n / 10)));
  const lists = new Map([...WORDS, ...SETS].map(([name, , values]) => [name, Array.from({ length: 40 }, () => few(values, Math.min(values.length - 1, 1 + random.below(6)), DRAWS.get(name), random))]));
  const audiences = Array.from({ length: 60 }, () =>
    random.is(0.5) ? together(random, 2, false, lists) : { $or: [together(random, 1, false, lists), together(random, 1, false, lists)] },
  );
  const drawSlot = zipf(slots.length, 0.3);
  const offers = Array.from({ length: n }, (_, i) => {
    const kind = random.next();
    const tier = kind < 0.08 ? 'broad' : kind < 0.68 ? 'ordinary' : 'narrow';
    const [least, most] = { broad: [1, 20], ordinary: [20, 70], narrow: [45, 100] }[tier];
    const value = Math.round(100 * (least + random.next() * (most - least))) / 100;
    return { id: `offer-${i}`, slot: slots[drawSlot(random)], value, condition: eligible(random, tier, audiences, lists) };
  });

  const people = chance(seed * 104_729 + 17);
  const guests = Array.from({ length: contexts }, () => visitor(people));
  const perSession = Math.ceil(updates / sessions);
  let known = {};
  const changes = Array.from({ length: updates }, (_, i) => {
    const s = Math.floor(i / perSession);
    if (i % perSession === 0) known = { ...guests[s % contexts] };
    const [a, v] = change(people, known);
    known[a] = v;
    return { s, a, v, slot: people.below(slots.length) };
  });
  return { offers, slots, contexts: guests, updates: changes, schema };
}

/**
 * Offers that ask how often something was done, and what is done: a topic for every two offers, each an event of its own name.
 * `{offers: {id, slot, value, event, times}[], slots, events}`
 */
export function happenings({ n = 1000, seed = 1, count = 2000 } = {}) {
  const random = chance(seed * 6007 + n);
  const slots = numbered('slot-', Math.min(20, Math.ceil(n / 10)));
  const topics = numbered('look-at-', Math.ceil(n / 2));
  const draw = zipf(topics.length, 0.8);
  const offers = Array.from({ length: n }, (_, i) => ({
    id: `offer-${i}`,
    slot: random.one(slots),
    value: 1 + random.below(9900) / 100,
    event: topics[draw(random)],
    times: random.one([1, 2, 3, 5]),
  }));
  return { offers, slots, events: Array.from({ length: count }, () => topics[draw(random)]) };
}
