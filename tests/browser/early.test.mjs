// The first visit: the engine is fetched and compiled while the page is being parsed, once, and decides as soon as it may.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { HERO, heroes, ready, settled, shown } from './fixtures.mjs';
import { openHouse } from './harness.mjs';

const CLI = fileURLToPath(new URL('../../pkg/cli.js', import.meta.url));
const OFFERS = heroes({ id: 'product', eligible: { 'page.kind': 'product' } }, { id: 'evening' });

let house;
before(async () => {
  house = await openHouse();
  const folder = mkdtempSync(join(tmpdir(), 'maitre-early-'));
  try {
    writeFileSync(join(folder, 'offers.json'), JSON.stringify(OFFERS));
    execFileSync(process.execPath, [CLI, 'build', join(folder, 'offers.json')], { stdio: 'ignore' });
    house.put('/t/offers.plan', readFileSync(join(folder, 'offers.plan')), { headers: { 'content-type': 'application/octet-stream' } });
  } finally {
    rmSync(folder, { recursive: true });
  }
  house.put('/t/offers.json', JSON.stringify(OFFERS));
});
after(() => house?.close());

let pages = 0;
/** A page whose parser waits in its middle: what `window.middle` holds was found there, some time after the engine could be there. */
function halting({ tag = '', head = '', before = HERO, behind = '', offers = '/t/offers.json' } = {}) {
  pages += 1;
  const path = `/t/early-${pages}.html`;
  house.put(`/t/halt-${pages}.js`, async () => {
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const body = `window.middle = [document.readyState, document.querySelector("[data-placement]").dataset.maitre, performance.getEntriesByType("resource").filter(({ responseEnd }) => responseEnd).map(({ name }) => name.replace(/.*\\//, ""))]`;
    return { status: 200, headers: { 'content-type': 'text/javascript' }, body };
  });
  house.put(path, `<!doctype html><html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,"><title>Early</title>${head}<script type="module" async src="/maitre/maitre.js" data-offers="${offers}" ${tag}></script><body>${before}<script src="/t/halt-${pages}.js"></script>${behind}</body></html>`);
  return path;
}

const PRODUCT = '<script type="application/ld+json">{"@type":"Product","sku":"1"}</script>';

for (const [offers, engine] of [['/t/offers.json', 'maitre.wasm'], ['/t/offers.plan', 'maitre-plan.wasm']]) {
  test(`preloads for ${offers} are used, once each, and the browser has nothing to say of them`, async () => {
    const head = `<link rel="modulepreload" href="/maitre/maitre.js"><link rel="preload" href="/maitre/${engine}" as="fetch" type="application/wasm" crossorigin><link rel="preload" href="${offers}" as="fetch" crossorigin>`;
    const path = halting({ head, offers });
    const guest = await house.visitor();
    const from = house.served.length;
    const page = await guest.open(path);
    await ready(page);
    assert.deepEqual(await shown(page), ['evening']);
    // Chromium tells of what was preloaded and not used some seconds after the page was loaded.
    await page.waitForTimeout(6000);
    const served = house.served.slice(from).map(({ path }) => path);
    for (const file of ['/maitre/maitre.js', `/maitre/${engine}`, offers]) assert.equal(served.filter((path) => path === file).length, 1, file);
    assert.deepEqual(guest.messages, []);
    await guest.close();
  });
}

test('engine and config are there while the page is still being parsed, and it is not decided on before its end', async () => {
  const guest = await house.visitor();
  const page = await guest.open(halting({ behind: PRODUCT }));
  await ready(page);
  const [state, decided, files] = await page.evaluate(() => window.middle);
  assert.equal(state, 'loading');
  assert.equal(decided, undefined);
  assert.ok(files.includes('maitre.wasm') && files.includes('offers.json'), files.join(' '));
  assert.deepEqual(await shown(page), ['product'], 'what is said last counts');
  await guest.close();
});

test('a page that says all in its head, or on the tag, is decided on as it is being parsed', async () => {
  for (const [options, wanted] of [
    [{ tag: 'data-page="head"', head: PRODUCT }, ['product']],
    [{ tag: 'data-page="head"' }, ['evening']],
    [{ tag: `data-page='{"kind":"product"}'` }, ['product']],
  ]) {
    const guest = await house.visitor();
    const page = await guest.open(halting(options));
    await ready(page);
    assert.deepEqual((await page.evaluate(() => window.middle)).slice(0, 2), ['loading', 'offer']);
    assert.deepEqual(await shown(page), wanted);
    assert.deepEqual(guest.problems, []);
    await guest.close();
  }
  const guest = await house.visitor();
  const page = await guest.open(halting({ tag: 'data-page="{"' }));
  await ready(page);
  assert.equal((await page.evaluate(() => window.middle))[1], undefined, 'what can not be read says nothing');
  await guest.close();
});

test('what the parser brings later is filled, and moves nothing that is there', async () => {
  const shared = { placement: ['aside', 'hero'], value: { site: 9 }, content: { template: 'text', text: 'Shared' } };
  const offers = { placements: { hero: {}, aside: {} }, offers: [{ id: 'shared', ...shared }, { id: 'own', placement: 'aside', content: { template: 'text', text: 'Own' } }, { id: 'evening', placement: 'hero', content: { template: 'text', text: 'Evening' } }] };
  house.put('/t/shared.json', JSON.stringify(offers));
  const aside = '<div data-placement="aside"></div>';
  const guest = await house.visitor();
  const page = await guest.open(halting({ tag: 'data-page="head"', behind: aside, offers: '/t/shared.json' }));
  await ready(page);
  await settled(page);
  assert.deepEqual([await shown(page), await shown(page, 'aside')], [['shared'], ['own']]);
  await page.evaluate(() => history.pushState(null, '', '?next'));
  await page.waitForTimeout(100);
  assert.deepEqual([await shown(page), await shown(page, 'aside')], [['evening'], ['shared']], 'the next page view knows both');
  await guest.close();
});
