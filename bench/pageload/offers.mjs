// The 100 offers of the benchmark, said once, and in the words of each engine. Conditions are of a kind that all three can say.

/** Above the fold first, in the page's order. */
export const PLACEMENTS = ['bar', 'hero', 'advice', 'related', 'club', 'last'];
export const ABOVE = PLACEMENTS.slice(0, 3);
export const COUNT = 100;

const CATEGORIES = ['trail', 'road', 'hiking', 'packs'];
const COUNTRIES = ['DE', 'FR', 'AT', 'CH', 'NL', 'BE', 'IT', 'ES'];
const PLANS = ['free', 'basic', 'pro'];
const LOYALTY = ['none', 'bronze', 'silver', 'gold'];
const SEGMENTS = ['runner', 'hiker', 'commuter', 'gift', 'parent', 'club'];
const DEVICES = ['phone', 'tablet', 'desktop'];
/** What an offer may ask about: of the page only where the placement's job has to do with it. */
const ASKS = {
  bar: ['country', 'visit', 'device', 'loyalty', 'newsletter'],
  hero: ['path', 'plan', 'visit', 'loyalty', 'segment', 'device'],
  advice: ['category', 'segment', 'visit', 'plan'],
  related: ['category', 'loyalty', 'segment', 'country'],
  club: ['loyalty', 'newsletter', 'plan', 'country'],
  last: ['path', 'segment', 'visit', 'device'],
};
const VALUES = { category: CATEGORIES, country: COUNTRIES, plan: PLANS, loyalty: LOYALTY, segment: SEGMENTS, device: DEVICES };

const TITLES = ['Made for wet rock', 'A second pair for less', 'Ready for the long way', 'Lighter by a third', 'Chosen by our guides', 'For the first cold week'];
const TEXTS = [
  'Tried for a season on our own hills, and mended twice before we sold it.',
  'Order until nine in the evening and walk in it on Saturday; send it back in sixty days.',
  'We measured 400 feet in our shops, and this is the last that most of them liked.',
  'What comes with it: spare laces, a brush, and a card with the routes we like best.',
];

/** Numbers in [0, 1), the same ones each time (a linear congruential generator with Knuth's constants). */
export function chance(seed) {
  let state = BigInt(seed);
  return () => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn;
    return Number(state >> 33n) / 2 ** 31;
  };
}

/**
 * `[{ id, placement, value, asks, content }]`, best first in each placement. Of two in a placement one is worth a third more than the other, so that
 * no order changes because of what a visitor has just seen, of which only one of the three engines keeps account.
 */
export function offers(seed = 4) {
  const random = chance(seed);
  const pick = (list) => list[Math.floor(random() * list.length)];
  const some = (list, count) => [...list].sort(() => random() - 0.5).slice(0, count).sort();
  const ask = (about) => {
    if (about === 'visit') return { about, atLeast: 1 + Math.floor(random() * 3) };
    if (about === 'newsletter') return { about, not: random() < 0.5 ? 'yes' : 'no' };
    if (about === 'path') return { about, starts: `/${pick(CATEGORIES)}/` };
    if (random() < 0.25) return { about, not: pick(VALUES[about]) };
    return { about, in: some(VALUES[about], 1 + Math.floor(random() * 2)) };
  };
  return PLACEMENTS.flatMap((placement, p) => {
    const count = Math.floor(COUNT / PLACEMENTS.length) + (p < COUNT % PLACEMENTS.length ? 1 : 0);
    return Array.from({ length: count }, (_, i) => ({
      id: `${placement}-${i + 1}`,
      placement,
      value: Math.round(10 * 1.34 ** (count - i)),
      // The best are the most particular.
      asks: some(ASKS[placement], i < count / 2 ? 3 : i < count - 1 ? 2 : 1).map(ask),
      content: {
        template: 'deal',
        title: `${pick(TITLES)}, ${placement} ${i + 1}`,
        text: pick(TEXTS),
        ...(p > 0 && { image: `/img/deal-${1 + (i % 4)}.png`, alt: '' }),
        cta: 'Have a look',
        link: `/${pick(CATEGORIES)}/p${1 + Math.floor(random() * 8)}`,
      },
    }));
  });
}

/** What each placement is to show to a visitor, by the plain meaning of the conditions; null where it is the fallback. */
export function expected(all, visitor) {
  const holds = ({ about, atLeast, starts, not, in: list }) => {
    const value = visitor[about];
    if (atLeast !== undefined) return value >= atLeast;
    if (starts !== undefined) return value.startsWith(starts);
    return not !== undefined ? value !== not : list.includes(value);
  };
  return Object.fromEntries(PLACEMENTS.map((name) => [name, all.find(({ placement, asks }) => placement === name && asks.every(holds))?.content.title ?? null]));
}

const MAITRE = { path: 'page.path', category: 'page.item.category', device: 'device.kind', visit: 'visit.number' };

const mongo = (asks, name) =>
  Object.fromEntries(
    asks.map(({ about, atLeast, starts, not, in: list }) => [
      name(about),
      atLeast !== undefined ? { $gte: atLeast } : starts !== undefined ? { $regex: `^${starts}` } : not !== undefined ? { $ne: not } : list.length > 1 ? { $in: list } : list[0],
    ]),
  );

/** `offers.json`. */
export const forMaitre = (all) => ({
  placements: Object.fromEntries(PLACEMENTS.map((name) => [name, {}])),
  offers: all.map(({ id, placement, value, asks, content }) => ({ id, placement, eligible: mongo(asks, (about) => MAITRE[about] ?? `user.${about}`), value: { site: value }, content })),
});

/** A payload of features: each placement is a feature, each offer one of its rules, the first that holds giving the value. */
export const forGrowthBook = (all) => ({
  features: Object.fromEntries(
    PLACEMENTS.map((name) => [
      name,
      {
        defaultValue: null,
        rules: all.filter(({ placement }) => placement === name).map(({ asks, content: { template, ...content } }) => ({ condition: mongo(asks, (about) => about), force: content })),
      },
    ]),
  ),
});

/**
 * A manifest and each placement's variations. Text is a quirk, compared in the criteria themselves; lists and beginnings of paths, which criteria
 * can't ask for, are signals, shared where equal; the number of the visit is the score of an enrichment.
 */
export function forUniform(all) {
  const sig = {};
  const names = new Map();
  const signal = (crit) => {
    const text = JSON.stringify(crit);
    if (!names.has(text)) {
      names.set(text, `s${names.size}`);
      sig[names.get(text)] = { str: 1, cap: 1, dur: 't', crit: { type: 'G', op: '&', clauses: [crit] } };
    }
    return { l: names.get(text), op: '>', r: 0 };
  };
  const criterion = ({ about, atLeast, starts, not, in: list }) => {
    if (atLeast !== undefined) return { l: 'visit_number', op: '>=', r: atLeast };
    if (starts !== undefined) return signal({ type: 'PV', path: { op: '//', rhs: `^${starts}` } });
    if (not !== undefined) return { t: 'q', l: about, op: '!=', r: not };
    if (list.length === 1) return { t: 'q', l: about, op: '=', r: list[0] };
    return signal({ type: 'QK', key: about, match: { op: '//', rhs: `^(${list.join('|')})$` } });
  };
  const variations = Object.fromEntries(
    PLACEMENTS.map((name) => [
      name,
      all.filter(({ placement }) => placement === name).map(({ id, asks, content: { template, ...content } }) => ({ id, pz: { crit: asks.map(criterion) }, content })),
    ]),
  );
  return { manifest: { project: { pz: { sig, enr: { visit: { cap: 10_000 } } } } }, variations };
}
