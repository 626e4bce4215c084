// The data layer: what tag managers and gtag push is heard, before and after the tag, and never disturbed.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { heroes, HERO, ready, shown } from './fixtures.mjs';
import { openHouse } from './harness.mjs';

let house;
before(async () => {
  house = await openHouse();
});
after(() => house?.close());

const did = (id, event, where) => ({ id, eligible: { $did: { event, ...(where && { where }) } } });

let pages = 0;
/** A page whose own script runs before the tag's. */
async function serve({ script = '', offers, body = HERO, ...shop }) {
  pages += 1;
  const path = `/t/layer-${pages}.html`;
  house.put(`/t/layer-${pages}.js`, script);
  house.shop(path, { offers, body, head: `<script src="/t/layer-${pages}.js"></script>`, ...shop });
  const guest = await house.visitor();
  const page = await guest.open(path);
  await ready(page);
  return { page, guest };
}

const GTAG = 'window.dataLayer = window.dataLayer || []; function gtag() { dataLayer.push(arguments) }';

test('what was pushed before the tag is heard', async () => {
  const { page, guest } = await serve({
    offers: heroes(did('fan', 'view_item', { item_category: 'running' })),
    script: 'window.dataLayer = [{ "gtm.start": 1, event: "gtm.js" }, { user: 1 }, { event: "view_item", ecommerce: { currency: "EUR", items: [{ item_category: "shoes" }, { item_category: "running" }] } }]',
  });
  assert.deepEqual(await shown(page), ['fan']);
  await guest.close();
});

test('what is pushed after the tag is heard, and the page gets what its push returns', async () => {
  const { page, guest } = await serve({ offers: heroes(did('fan', 'view_item', { item_id: 'r1', list: 'home' })) });
  const length = await page.evaluate(() => window.dataLayer.push({ event: 'other' }, { event: 'view_item', list: 'home', ecommerce: { item_id: 'r1' } }));
  assert.equal(length, 2);
  assert.deepEqual(await shown(page), ['fan']);
  assert.equal(await page.evaluate(() => window.dataLayer.length), 2);
  await guest.close();
});

test("gtag's calls are heard, before and after", async () => {
  const offers = heroes(did('buyer', 'purchase', { value: { $gte: 50 } }), did('fan', 'view_item', { item_id: 'r1' }));
  const { page, guest } = await serve({ offers, script: `${GTAG}; gtag('js', new Date()); gtag('config', 'G-1'); gtag('event', 'view_item', { item_id: 'r1' })` });
  assert.deepEqual(await shown(page), ['fan']);
  await page.evaluate(() => window.gtag('event', 'purchase', { value: 60, items: [] }));
  assert.deepEqual(await shown(page), ['buyer']);
  await guest.close();
});

test("a tag manager that wraps push, before or after, and Maitre don't disturb each other", async () => {
  const wrap = `
    window.dataLayer = window.dataLayer || [];
    window.heard = [];
    window.wrap = () => { const push = dataLayer.push; dataLayer.push = function () { heard.push(arguments[0].event); push.apply(dataLayer, arguments); return true } };
  `;
  const offers = heroes(did('fan', 'view_item'));
  const first = await serve({ offers, script: `${wrap}; wrap()` });
  assert.equal(await first.page.evaluate(() => window.dataLayer.push({ event: 'view_item' })), true);
  assert.deepEqual(await shown(first.page), ['fan']);
  await first.guest.close();

  const second = await serve({ offers, script: wrap });
  await second.page.evaluate(() => window.wrap());
  assert.equal(await second.page.evaluate(() => window.dataLayer.push({ event: 'view_item' })), true);
  assert.deepEqual(await shown(second.page), ['fan']);
  assert.deepEqual(await second.page.evaluate(() => window.heard), ['view_item']);
  await second.guest.close();
});

test('a push that fails fails as it would without Maitre', async () => {
  const { page, guest } = await serve({
    offers: heroes(did('fan', 'view_item')),
    script: 'window.dataLayer = []; dataLayer.push = () => { throw new Error("full") }',
  });
  assert.equal(await page.evaluate(() => { try { window.dataLayer.push({ event: 'view_item' }); } catch (error) { return error.message; } }), 'full');
  assert.deepEqual(await shown(page), ['fan']);
  await guest.close();
});

test('a data layer that is none is left alone', async () => {
  for (const script of ['window.dataLayer = {}', 'window.dataLayer = "x"', 'window.dataLayer = Object.freeze([])', 'Object.defineProperty(window, "dataLayer", { value: null })']) {
    const { page, guest } = await serve({ offers: heroes({ id: 'evening' }), script });
    assert.deepEqual(await shown(page), ['evening'], script);
    assert.deepEqual(guest.problems, [], script);
    await guest.close();
  }
});

const PAGES = heroes({ id: 'two', eligible: { 'visit.pages': 2 } }, { id: 'one', eligible: { 'visit.pages': 1 } });

test("the page's own page_view is the one that is counted anyway", async () => {
  const { page, guest } = await serve({ offers: PAGES, script: `${GTAG}; gtag('event', 'page_view', {}); dataLayer.push({ event: 'page_view' })` });
  assert.deepEqual(await shown(page), ['one']);
  await page.evaluate(() => {
    window.dataLayer.push({ event: 'page_view' });
    window.maitre.track('page_view', { kind: 'product' });
  });
  assert.deepEqual(await shown(page), ['one']);
  await guest.close();
});

test('the first page view takes kind, item and title from what the page says of it', async () => {
  const offers = heroes({ id: 'said', eligible: { 'page.kind': 'product', 'page.item.id': 'r1', 'page.title': 'Canter', $did: { event: 'page_view', where: { item_id: 'r1', page_kind: 'product' } } } });
  const { page, guest } = await serve({ offers, script: 'window.dataLayer = [{ event: "page_view", kind: "product", title: "Canter", item: { id: "r1" } }]' });
  assert.deepEqual(await shown(page), ['said']);
  await guest.close();
});

test('another path or query is another page view, a fragment is not', async () => {
  const { page, guest } = await serve({ offers: PAGES });
  await page.evaluate(() => (location.hash = 'down'));
  await page.waitForTimeout(50);
  assert.deepEqual(await shown(page), ['one']);
  await page.evaluate(() => {
    history.pushState(null, '', '?colour=red');
    window.maitre.track('page_view');
  });
  await page.waitForTimeout(50);
  assert.deepEqual(await shown(page), ['two']);
  await page.evaluate(() => history.back());
  await page.waitForTimeout(100);
  assert.equal(await shown(page), 'fallback');
  await guest.close();
});

test('a later page view takes along what the page says of it at once', async () => {
  const { page, guest } = await serve({ offers: heroes({ id: 'product', eligible: { 'page.path': '/t/other', 'page.kind': 'product', 'visit.pages': 2 } }) });
  await page.evaluate(() => {
    history.pushState(null, '', '/t/other');
    window.maitre.track('page_view', { kind: 'product' });
  });
  await page.waitForTimeout(50);
  assert.deepEqual(await shown(page), ['product']);
  await guest.close();
});

const JSON_LD = [
  ['a product', { '@type': 'Product', sku: 'r1', name: 'Canter', category: 'Shoes > Running', brand: { '@type': 'Brand', name: 'Loam' }, offers: { '@type': 'Offer', price: '120.00' } },
    { 'page.kind': 'product', 'page.item.id': 'r1', 'page.item.name': 'Canter', 'page.item.category': 'Shoes > Running', 'page.item.brand': 'Loam', 'page.item.price': 120 }],
  ['a product in a graph, with types in a list', { '@context': 'https://schema.org', '@graph': [{ '@type': 'Organization' }, { '@type': ['Thing', 'http://schema.org/Product'], productID: 7, brand: 'Loam', offers: [{ price: 90 }, { price: 120 }] }] },
    { 'page.kind': 'product', 'page.item.id': '7', 'page.item.brand': 'Loam', 'page.item.price': 90 }],
  ['a product that its page is about', { '@type': 'WebPage', mainEntity: { '@type': 'Product', '@id': 'https://shop.example/p/r1#product', offers: { '@type': 'AggregateOffer', lowPrice: 80 } } },
    { 'page.kind': 'product', 'page.item.id': 'r1', 'page.item.price': 80 }],
  ['a price in a specification', { '@type': 'Product', mpn: 'm1', offers: [{ '@type': 'Offer', priceSpecification: [{ price: '18.50' }] }] },
    { 'page.item.id': 'm1', 'page.item.price': 18.5 }],
  ['a list of products', [{ '@type': 'CollectionPage' }, { '@type': 'Product', sku: 'r1' }], { 'page.kind': 'category', 'page.item.id': { $exists: false } }],
  ['a search', { '@type': 'SearchResultsPage' }, { 'page.kind': 'search' }],
  ['a checkout', { '@type': 'CheckoutPage' }, { 'page.kind': 'checkout' }],
  ['an article', [{ '@type': 'WebSite' }, { '@type': 'BlogPosting' }], { 'page.kind': 'article' }],
  ['a plain page', { '@type': 'WebSite' }, { 'page.kind': 'page' }],
];

for (const [what, data, eligible] of JSON_LD) {
  test(`JSON-LD: ${what}`, async () => {
    const head = `<script type="application/ld+json">{ broken</script><script type="application/ld+json">${JSON.stringify(data)}</script>`;
    pages += 1;
    house.shop(`/t/layer-${pages}.html`, { offers: heroes({ id: 'seen', eligible }), body: HERO, head });
    const guest = await house.visitor();
    const page = await guest.open(`/t/layer-${pages}.html`);
    await ready(page);
    assert.deepEqual(await shown(page), ['seen'], JSON.stringify(await page.evaluate(() => window.maitre.explain('hero').offers[0].failed)));
    await guest.close();
  });
}

test('page and device are told as they are', async () => {
  const offers = heroes({
    id: 'seen',
    eligible: {
      'page.path': '/t/told.html', 'page.query.utm_source': 'mail', 'page.title': 'Shoes', 'page.kind': { $exists: false },
      'visit.channel': 'referral', 'visit.referrer': { $regex: '^https://news\\.example/' },
      'device.kind': 'phone', 'device.touch': true, 'device.language': 'fr-CH', 'device.reducedMotion': true,
    },
  });
  house.shop('/t/told.html', { offers, title: 'Shoes', body: HERO });
  const guest = await house.visitor({ viewport: { width: 390, height: 800 }, screen: { width: 390, height: 800 }, hasTouch: true, isMobile: true, locale: 'fr-CH', reducedMotion: 'reduce' });
  const page = await guest.open('/t/told.html?utm_source=mail&a=%20b', { referer: 'https://news.example/a' });
  await ready(page);
  assert.deepEqual(await shown(page), ['seen'], JSON.stringify(await page.evaluate(() => window.maitre.explain('hero').offers[0].failed)));
  await guest.close();

  for (const [kind, options] of [['tablet', { viewport: { width: 800, height: 1100 }, screen: { width: 800, height: 1100 }, hasTouch: true, isMobile: true }], ['desktop', {}]]) {
    house.shop('/t/kind.html', { offers: heroes({ id: kind, eligible: { 'device.kind': kind } }), body: HERO });
    const other = await house.visitor(options);
    const shop = await other.open('/t/kind.html');
    await ready(shop);
    assert.deepEqual(await shown(shop), [kind]);
    await other.close();
  }
});

test('a page that is prerendered is counted when it is visited', async () => {
  pages += 1;
  const { path } = house.shop(`/t/layer-${pages}.html`, { offers: PAGES, body: HERO });
  const guest = await house.visitor();
  const page = await guest.context.newPage();
  await page.addInitScript(() => {
    window.prerendering = true;
    Object.defineProperty(document, 'prerendering', { get: () => window.prerendering });
  });
  await page.goto(path);
  await page.waitForTimeout(300);
  assert.equal(await page.locator('[data-placement]').getAttribute('data-maitre'), null);
  await page.evaluate(() => {
    window.prerendering = false;
    document.dispatchEvent(new Event('prerenderingchange'));
  });
  await ready(page);
  assert.deepEqual(await shown(page), ['one']);
  await guest.close();
});
