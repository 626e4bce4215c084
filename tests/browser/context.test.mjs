// What a page says of itself, and when it becomes another one: the module alone.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { openHouse } from './harness.mjs';

const SCRIPT = `
  import { pageViews } from './page';
  window.views = [];
  window.failed = [];
  const guard = (work) => (...args) => { try { work(...args) } catch (error) { failed.push(String(error)) } };
  pageViews((view) => views.push(view), guard).settle();
`;

let house;
before(async () => {
  house = await openHouse();
  const { outputFiles } = await build({
    stdin: { contents: SCRIPT, resolveDir: fileURLToPath(new URL('../../js', import.meta.url)), loader: 'ts' },
    bundle: true,
    format: 'esm',
    write: false,
  });
  house.put('/t/page.js', outputFiles[0].text);
});
after(() => house?.close());

async function open(body, { init, head = '' } = {}) {
  house.put(
    '/t/context.html',
    `<!doctype html><html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,"><title>A page</title>${head}<script type="module" src="/t/page.js"></script><body>${body}</body></html>`,
  );
  const guest = await house.visitor();
  if (init) await guest.context.addInitScript(init);
  const page = await guest.open('/t/context.html');
  /** Ends it all: nothing may have gone wrong meanwhile. */
  const done = async () => {
    assert.deepEqual(await page.evaluate(() => window.failed), []);
    assert.deepEqual(guest.problems, []);
    await guest.close();
  };
  return { page, done };
}

const said = (page) => page.evaluate(() => (({ kind, item }) => ({ ...(kind && { kind }), ...(item && { item }) }))(window.views.at(-1)));
const ld = (data) => `<script type="application/ld+json">${JSON.stringify({ '@context': 'https://schema.org', ...data })}</script>`;
const schema = (type) => `itemscope itemtype="https://schema.org/${type}"`;

const PRODUCT = `<div ${schema('Product')}>
  <h1 itemprop="name"> Canter </h1><span itemprop="sku">r1</span><p itemprop="constructor __proto__ toString">A shoe</p>
  <meta itemprop="category" content="Shoes > Running"><div itemprop="brand" ${schema('Brand')}><b itemprop="name">Loam</b></div>
  <div itemprop="offers" ${schema('Offer')}><i itemprop="priceCurrency" content="EUR">€</i><span itemprop="price" content="120.00">120,00</span></div>
  <div itemprop="review" ${schema('Review')}><span itemprop="name">Fine</span></div></div>`;
const CANTER = { id: 'r1', name: 'Canter', category: 'Shoes > Running', brand: 'Loam', price: 120 };

const CRUMBS = { '@type': 'BreadcrumbList', itemListElement: ['Home', 'Shoes', 'Running', 'Canter'].map((name, i) => ({ '@type': 'ListItem', position: i + 1, ...(i % 2 ? { name } : { item: { '@id': `/${i}`, name } }) })) };
const crumb = (name) => `<li itemprop="itemListElement" ${schema('ListItem')}><a itemprop="item" href="/x"><span itemprop="name">${name}</span></a><meta itemprop="position" content="1"></li>`;
const MORE = `<ol ${schema('BreadcrumbList')}>${['Home', 'Boots', 'Trot'].map(crumb).join('')}</ol>`;

for (const [what, body, wanted] of [
  ['a product', PRODUCT, { kind: 'product', item: CANTER }],
  ['a product that its page is about', `<main ${schema('WebPage')}>${PRODUCT.replace('<div ', '<div itemprop="mainEntity" ')}</main>`, { kind: 'product', item: CANTER }],
  ['a product with the least that is to be known of it', `<div ${schema('Product')} itemid="/p/r2"><data itemprop="offers" value="90">90</data></div>`, { kind: 'product', item: { id: 'r2' } }],
  ["a product without a scope for its brand, with another's name later", `<div ${schema('Product')}><a itemprop="name">Trot</a><a itemprop="brand" href="/loam">Loam</a><a itemprop="name">More</a><span itemprop="productID">7</span></div>`, { kind: 'product', item: { id: '7', name: 'Trot', brand: 'Loam' } }],
  ['several products', PRODUCT + PRODUCT, {}],
  ['a list of products', `<div ${schema('ItemList')}>${PRODUCT.replace('<div ', '<div itemprop="itemListElement" ')}</div>`, { kind: 'category' }],
  ['a category', `<main ${schema('CollectionPage')}>${PRODUCT}</main>`, { kind: 'category' }],
  ['an article', `<article itemscope itemtype="http://schema.org/BlogPosting"></article>`, { kind: 'article' }],
  ['things of no type, or of another', `<div itemscope><p itemprop="name">A</p></div><div ${schema('Person')}></div>`, {}],
  ['a product, where JSON-LD speaks only of the site', ld({ '@type': 'WebSite' }) + PRODUCT, { kind: 'product', item: CANTER }],
  ['a product, of which JSON-LD says more', PRODUCT + ld({ '@type': 'Product', sku: 'r1', name: 'Canter 2' }), { kind: 'product', item: { id: 'r1', name: 'Canter 2' } }],
  ['breadcrumbs', MORE + PRODUCT.replace(/<meta[^>]*>/, ''), { kind: 'product', item: { ...CANTER, category: 'Boots' } }],
]) {
  test(`microdata: ${what}`, async () => {
    const { page, done } = await open(body);
    assert.deepEqual(await said(page), wanted);
    await done();
  });
}

for (const [what, body, category] of [
  ['the last but one is the category', ld({ '@type': 'Product', sku: 'r1' }) + ld(CRUMBS), 'Running'],
  ['in a graph, or of a page', ld({ '@graph': [{ '@type': 'WebPage', breadcrumb: CRUMBS, mainEntity: { '@type': 'Product', sku: 'r1' } }] }), 'Running'],
  ["the product's own category comes first", ld({ '@type': 'Product', sku: 'r1', category: 'Shoes' }) + ld(CRUMBS), 'Shoes'],
  ['of two the first is no category', ld({ '@type': 'Product', sku: 'r1' }) + ld({ ...CRUMBS, itemListElement: CRUMBS.itemListElement.slice(2) }), undefined],
  ['without names', ld({ '@type': 'Product', sku: 'r1' }) + ld({ '@type': 'BreadcrumbList', itemListElement: [1, { item: '/a' }, { item: '/b' }, null] }), undefined],
]) {
  test(`breadcrumbs: ${what}`, async () => {
    const { page, done } = await open(body);
    assert.deepEqual((await said(page)).item, { id: 'r1', ...(category && { category }) });
    await done();
  });
}

const moves = async (page) => {
  const paths = () => page.evaluate(async () => {
    await new Promise((resolve) => setTimeout(resolve, 50));
    return window.views.splice(0).map(({ path, query, title, referrer }) => [path, query, title, referrer.replace(/^.*\/t\//, '')]);
  });
  await paths();
  await page.evaluate(() => {
    history.pushState(null, '', '?colour=red');
    document.title = 'Red';
  });
  assert.deepEqual(await paths(), [['/t/context.html', { colour: 'red' }, 'Red', 'context.html']]);
  await page.evaluate(() => {
    history.replaceState({ a: 1 }, '', '/t/other#down');
    history.replaceState({ a: 2 }, '');
    history.pushState(null, '', '#up');
  });
  assert.deepEqual(await paths(), [['/t/other', {}, 'Red', 'context.html?colour=red']]);
  assert.deepEqual(await page.evaluate(() => history.length), 4);
  await page.evaluate(() => history.go(-2));
  assert.deepEqual(await paths(), [['/t/context.html', {}, 'Red', 'other#up']]);
  await page.evaluate(() => (location.hash = 'down'));
  assert.deepEqual(await paths(), []);
};

test('page views: each URL once, by the Navigation API, and history is left alone', async () => {
  const { page, done } = await open('');
  await moves(page);
  assert.deepEqual(await page.evaluate(() => Object.keys(history)), []);
  await done();
});

test('page views: each URL once, without the Navigation API', async () => {
  const { page, done } = await open('', { init: () => Object.defineProperty(window, 'navigation', { value: undefined }) });
  await moves(page);
  // A URL of elsewhere is refused as ever.
  assert.equal(await page.evaluate(() => { try { history.pushState(null, '', 'https://other.example/'); } catch (error) { return error.name; } }), 'SecurityError');
  await done();
});

test('page views: without the Navigation API, and with a history that can\'t be changed', async () => {
  const init = () => {
    Object.defineProperty(window, 'navigation', { value: undefined });
    Object.freeze(history);
  };
  const { page, done } = await open('', { init });
  assert.equal(await page.evaluate(() => window.views.length), 1);
  await done();
});
