// What the shop sells, with GA4's names for an item's fields. The pages state the same figures in their JSON-LD.
export const CURRENCY = 'EUR';

const shelf = [
  ['LF-101', 'Canter', 'Tarrowick', 'running', 'shoes', 120, 'canter'],
  ['LF-102', 'Scree', 'Tarrowick', 'running', 'shoes', 135, 'scree'],
  ['LF-103', 'Wisp vest', 'Lopenfell', 'running', 'carry', 75, 'wisp-vest'],
  ['LF-104', 'Sip soft flask', 'Lopenfell', 'running', 'drink', 16, 'sip-flask'],
  ['LF-201', 'Hollin Mid', 'Kelderby', 'hiking', 'shoes', 185, 'hollin-mid'],
  ['LF-202', 'Corrie 24', 'Kelderby', 'hiking', 'carry', 110, 'corrie-24'],
  ['LF-203', 'Steady poles', 'Lopenfell', 'hiking', 'poles', 65, 'steady-poles'],
  ['LF-204', 'Beck bottle', 'Lopenfell', 'hiking', 'drink', 28, 'beck-bottle'],
];

/** @type {Map<string, { item: object, page: string, image: string }>} */
export const catalog = new Map(
  shelf.map(([item_id, item_name, item_brand, item_category, item_category2, price, slug]) => [
    item_id,
    {
      item: { item_id, item_name, item_brand, item_category, item_category2, price },
      page: `/${item_category}/${slug}/`,
      image: `/img/${slug}.svg`,
    },
  ]),
);

const whole = new Intl.NumberFormat('en', { style: 'currency', currency: CURRENCY, maximumFractionDigits: 0 });
const exact = new Intl.NumberFormat('en', { style: 'currency', currency: CURRENCY });

export const money = (amount) => (Number.isInteger(amount) ? whole : exact).format(amount);
