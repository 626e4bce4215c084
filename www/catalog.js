// What the shop sells, with GA4's names for an item's fields. The pages state the same figures in their JSON-LD.
export const CURRENCY = 'EUR';

const shelf = [
  ['LF-101', 'Canter', 'Tarrowick', 'running', 'shoes', 120, 'canter', 'Road running shoe'],
  ['LF-102', 'Scree', 'Tarrowick', 'running', 'shoes', 135, 'scree', 'Trail running shoe'],
  ['LF-103', 'Wisp vest', 'Lopenfell', 'running', 'carry', 75, 'wisp-vest', 'Running vest, 5 litres'],
  ['LF-104', 'Sip soft flask', 'Lopenfell', 'running', 'drink', 16, 'sip-flask', 'Soft flask, 0.5 litres'],
  ['LF-105', 'Burr socks', 'Lopenfell', 'running', 'socks', 14, 'burr-socks', 'Merino socks, one pair'],
  ['LF-201', 'Hollin Mid', 'Kelderby', 'hiking', 'shoes', 185, 'hollin-mid', 'Hiking boot'],
  ['LF-202', 'Corrie 24', 'Kelderby', 'hiking', 'carry', 110, 'corrie-24', 'Day pack, 24 litres'],
  ['LF-203', 'Steady poles', 'Lopenfell', 'hiking', 'poles', 65, 'steady-poles', 'Folding poles, one pair'],
  ['LF-204', 'Beck bottle', 'Lopenfell', 'hiking', 'drink', 28, 'beck-bottle', 'Insulated bottle, 0.7 litres'],
];

/** @type {Map<string, { item: object, page: string, image: string, what: string }>} */
export const catalog = new Map(
  shelf.map(([item_id, item_name, item_brand, item_category, item_category2, price, slug, what]) => [
    item_id,
    {
      item: { item_id, item_name, item_brand, item_category, item_category2, price },
      page: `/${item_category}/${slug}/`,
      image: `/img/${slug}.svg`,
      what,
    },
  ]),
);

const whole = new Intl.NumberFormat('en', { style: 'currency', currency: CURRENCY, maximumFractionDigits: 0 });
const exact = new Intl.NumberFormat('en', { style: 'currency', currency: CURRENCY });

export const money = (amount) => (Number.isInteger(amount) ? whole : exact).format(amount);
