// Never in the way: nothing that the browser has to wait for, no layout forced, storage written when nobody waits.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { card, HERO, heroes, looked, ready, settled, shown, track } from './fixtures.mjs';
import { openHouse } from './harness.mjs';

let house;
before(async () => {
  house = await openHouse();
});
after(() => house?.close());

/** An offer of every trigger, every event that is measured, and content of every kind. */
const OFFERS = {
  interests: { running: { from: [{ event: 'view_item' }] } },
  placements: { hero: {}, aside: {}, over: { kind: 'overlay' } },
  offers: [
    { id: 'evening', placement: 'hero', content: card('Evening', { text: 'Words', cta: 'Go', link: '#go' }) },
    { id: 'fan', placement: 'hero', value: { site: 5 }, fit: 'interest.running', eligible: { $did: { event: 'view_item', times: { $gte: 3 } } }, content: card('Fan') },
    { id: 'beside', placement: 'aside', trigger: { on: { scroll: 0.5 } }, content: { template: 'text', text: 'Beside' } },
    ...['scroll', 'click', 'file_download', 'form_start', 'form_submit', 'video_start', 'view_search_results'].map((event) => ({ id: `measured-${event}`, placement: 'aside', eligible: { $did: { event, times: { $gte: 50 } } }, content: card(event) })),
    { id: 'over', placement: 'over', trigger: { on: ['exit_intent', 'return_to_tab', { dwell: '1h' }, { idle: '1h' }, { scroll: 0.99 }, { event: 'open' }] }, content: { template: 'modal', title: 'Over', text: 'Words' } },
  ],
};
const BODY = `<script src="/maitre/snippet.js"></script>${HERO}<div style="height: 300vh"></div><div data-placement="aside"><p>As ever</p></div>`;

let pages = 0;
async function open(visitor, init) {
  pages += 1;
  const { path } = house.shop(`/t/manners-${pages}.html`, { offers: OFFERS, consent: 'profile', body: BODY });
  const guest = await house.visitor(visitor);
  await guest.context.addInitScript(init);
  const page = await guest.open(path);
  await ready(page);
  return { guest, page };
}

/** What a visitor does, all of it. */
async function visit(page) {
  await looked(page, 'maitre-offer');
  await page.waitForTimeout(1100);
  for (let i = 0; i < 4; i += 1) await track(page, 'view_item', { item_id: `r${i}` });
  await page.mouse.wheel(0, 5000);
  await page.waitForTimeout(200);
  await page.evaluate(() => history.pushState(null, '', '?two'));
  await page.waitForTimeout(100);
  await track(page, 'open');
  await settled(page);
  await page.waitForTimeout(200);
  await page.keyboard.press('Escape');
  await page.evaluate(() => scrollTo(0, 0));
  await page.waitForTimeout(1500);
}

for (const [name, visitor] of [['a mouse', {}], ['touch', { hasTouch: true, isMobile: true, viewport: { width: 390, height: 800 } }]]) {
  test(`every listener is passive, with ${name}`, async () => {
    const { guest, page } = await open(visitor, () => {
      window.heard = [];
      const real = EventTarget.prototype.addEventListener;
      EventTarget.prototype.addEventListener = function (type, listener, options) {
        if (/\/maitre\//.test(new Error().stack)) window.heard.push([type, options?.passive === true]);
        return real.call(this, type, listener, options);
      };
    });
    await visit(page);
    const heard = await page.evaluate(() => window.heard);
    assert.ok(heard.length > 20, 'there are some');
    assert.ok(heard.some(([type]) => type === 'scroll'));
    assert.deepEqual(heard.filter(([, isPassive]) => !isPassive), []);
    await guest.close();
  });
}

test('storage is written when the browser is idle, or as the page is left, and not at each event', async () => {
  const { guest, page } = await open({}, () => {
    window.writes = [];
    let when = '';
    const idle = window.requestIdleCallback;
    window.requestIdleCallback = (work, options) =>
      idle((deadline) => {
        when = 'idle';
        work(deadline);
        when = '';
      }, options);
    addEventListener('pagehide', () => (when = 'left'), true);
    const real = Storage.prototype.setItem;
    Storage.prototype.setItem = function (key, value) {
      if (key.startsWith('maitre')) window.writes.push([key.replace(/:[^a].*/, ':tab'), when]);
      return real.call(this, key, value);
    };
  });
  await visit(page);
  const writes = () => page.evaluate(() => window.writes);
  assert.ok((await writes()).some(([key]) => key === 'maitre:tab') && (await writes()).some(([key]) => key === 'maitre:ahead'));
  const [before, then] = await page.evaluate(() => {
    const before = window.writes.length;
    for (let i = 0; i < 50; i += 1) window.maitre.track('view_item', { item_id: `x${i}` });
    return [before, window.writes.length];
  });
  assert.equal(then, before);
  await page.waitForTimeout(1500);
  assert.ok((await writes()).length - before <= 3, 'a burst is written once');
  await page.evaluate(() => {
    window.maitre.track('view_item', { item_id: 'last' });
    dispatchEvent(new PageTransitionEvent('pagehide'));
  });
  assert.ok((await writes()).some(([, when]) => when === 'left'));
  assert.deepEqual((await writes()).filter(([, when]) => !when), []);
  await guest.close();
});

test('no layout is forced by deciding, placing, seeing, scrolling or looking ahead', async () => {
  const { guest, page } = await open({}, () => {});
  const cdp = await guest.context.newCDPSession(page);
  const events = [];
  cdp.on('Tracing.dataCollected', ({ value }) => events.push(...value));
  await cdp.send('Tracing.start', { transferMode: 'ReportEvents', traceConfig: { includedCategories: ['devtools.timeline', 'disabled-by-default-devtools.timeline.stack'] } });
  await page.reload();
  await ready(page);
  await looked(page, 'maitre-offer');
  await page.waitForTimeout(1100);
  for (let i = 0; i < 4; i += 1) {
    // A page that writes just before it tells: whoever reads next would pay for it.
    await page.evaluate((i) => {
      document.body.style.paddingTop = `${i}px`;
      window.maitre.track('view_item', { item_id: `r${i}` });
    }, i);
  }
  await page.mouse.wheel(0, 5000);
  await page.waitForTimeout(300);
  await page.evaluate(() => history.pushState(null, '', '?two'));
  await page.waitForTimeout(1500);
  assert.deepEqual(await shown(page), ['fan']);
  const done = new Promise((resolve) => cdp.once('Tracing.tracingComplete', resolve));
  await cdp.send('Tracing.end');
  await done;
  const layouts = events.filter(({ name }) => name === 'Layout' || name === 'UpdateLayoutTree');
  assert.ok(layouts.length > 0, 'layouts are seen');
  // What Playwright and the page do is not ours.
  const ours = layouts.filter(({ name, args }) => name === 'Layout' && (args.beginData?.stackTrace ?? []).some(({ url }) => url.includes('/maitre/')));
  assert.deepEqual(ours.map(({ args }) => args.beginData.stackTrace[0]), []);
  await guest.close();
});
