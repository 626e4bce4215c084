// Nothing leaves, and nothing is asked of the page's policy but Wasm.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually, handClock, HERO, heroes, looked, ready, settled, shown, statusOf, STRICT } from './fixtures.mjs';
import { openHouse } from './harness.mjs';

let house;
before(async () => {
  house = await openHouse();
});
after(() => house?.close());

const OFFERS = heroes(
  { id: 'card', cap: { exposures: 1 }, content: { template: 'card', title: 'Card', text: 'Text', cta: 'Go', link: '#go' } },
  { id: 'own', rest: { after: 'clicked', for: '1d' }, content: { template: 'own', title: 'Own', link: '#own' } },
  { id: 'late', rest: { after: 'dismissed', for: '1d' }, content: { template: 'banner', title: 'Late' } },
);
const BODY = `${HERO}<template id="own"><h2 data-field="title"></h2><a data-field="link">Go</a></template>`;

for (const consent of ['memory', 'profile']) {
  test(`under a strict policy with Trusted Types, at ${consent}, it does all it can do with no violation and no request`, async () => {
    const path = `/t/strict-${consent}.html`;
    house.put('/t/reports.js', 'window.violations = []; document.addEventListener("securitypolicyviolation", (event) => violations.push(event.violatedDirective + " " + event.sample))');
    const { offersPath } = house.shop(path, { offers: OFFERS, consent, body: BODY, head: '<script src="/t/reports.js"></script>', headers: { 'content-security-policy': STRICT } });
    const guest = await house.visitor();
    await handClock(guest);
    const page = await guest.open(path);
    await ready(page);
    const asked = [offersPath, '/maitre/maitre.js', '/maitre/maitre.wasm', '/t/reports.js', path];
    if (consent === 'profile') {
      // Fetched in the first idle moment, which here the clock makes.
      await page.clock.runFor(50);
      asked.push('/maitre/safekeeping.js');
    }
    const requests = () => guest.requests.map((request) => request.path).sort();
    assert.deepEqual(await eventually(requests, asked.sort()), asked);
    const before = guest.requests.length;

    await looked(page, 'maitre-offer');
    await page.clock.runFor(1000);
    assert.equal(await statusOf(page, 'card'), 'capped');
    await page.evaluate(() => history.pushState(null, '', '?two'));
    await page.clock.runFor(300);
    assert.deepEqual(await shown(page), ['own']);
    await page.getByRole('link', { name: 'Go' }).click();
    await page.evaluate(() => {
      window.maitre.set({ plan: 'pro' });
      window.maitre.track('purchase', { value: 9 });
      window.dataLayer.push({ event: 'view_item' });
      history.pushState(null, '', '?three');
    });
    await page.clock.runFor(300);
    assert.deepEqual(await shown(page), ['late']);
    await page.getByRole('button', { name: 'Dismiss' }).click();
    assert.equal(await shown(page), 'fallback');
    await page.evaluate(() => {
      window.maitre.explain('hero');
      for (const level of ['profile', 'visit', 'off', 'memory']) window.maitre.consent(level);
      window.maitre.forget();
    });
    await settled(page);
    await page.clock.runFor(5000);
    await page.waitForTimeout(200);

    assert.deepEqual(guest.requests.slice(before).map(({ url }) => url), []);
    assert.deepEqual(await page.evaluate(() => window.violations), []);
    assert.deepEqual(guest.problems, []);
    assert.deepEqual(guest.messages, []);
    assert.deepEqual(await guest.context.cookies(), []);
    await guest.close();
  });
}

test('the engine and the config are asked for side by side', async () => {
  house.put('/t/side.js', 'const real = window.fetch; window.asked = []; window.fetch = (url, options) => { asked.push([new URL(url, location).pathname, options.credentials, window.tick ??= (queueMicrotask(() => (window.tick = undefined)), {})]); return real(url, options) }');
  const { path, offersPath } = house.shop('/t/side.html', { offers: OFFERS, body: BODY, head: '<script src="/t/side.js"></script>' });
  const guest = await house.visitor();
  const page = await guest.open(path);
  await ready(page);
  const asked = await page.evaluate(() => window.asked.map(([path, credentials, tick], i) => [path, credentials, tick === window.asked[0][2], i]));
  assert.deepEqual(asked, [['/maitre/maitre.wasm', 'same-origin', true, 0], [offersPath, 'same-origin', true, 1]]);
  await guest.close();
});

test('once loaded it works offline', async () => {
  const { path } = house.shop('/t/offline.html', { offers: OFFERS, consent: 'profile', body: BODY });
  const guest = await house.visitor();
  const page = await guest.open(path);
  await ready(page);
  // The last that is fetched, when the browser is idle.
  await page.waitForFunction(() => performance.getEntriesByName(new URL('/maitre/safekeeping.js', location.href).href).some(({ responseEnd }) => responseEnd > 0));
  await guest.context.setOffline(true);
  assert.deepEqual(await shown(page), ['card']);
  await page.getByRole('button', { name: 'Dismiss' }).click();
  assert.equal(await shown(page), 'fallback');
  assert.deepEqual(guest.problems, []);
  await guest.close();
});
