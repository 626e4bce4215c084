// Tabs never lose each other's updates. Each `ping` is counted once, whatever happens to the tabs.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { card, eventually, ready, stored, track, written } from './fixtures.mjs';
import { openHouse } from './harness.mjs';

let house;
before(async () => {
  house = await openHouse();
  house.shop(PATH, { offers: COUNT, consent: 'profile', body: '<p>Tabs</p>' });
});
after(() => house?.close());

/** Any number up to 1,023, told bit by bit by the offers that are eligible. */
const COUNT = {
  placements: { count: { take: 10 } },
  offers: Array.from({ length: 10 }, (_, bit) => ({ id: `${2 ** bit}`, placement: 'count', eligible: eligibleAt(bit), content: card('x') })),
};

/** Whether the number of pings has this bit: it lies in one of the ranges in which it is set. */
function eligibleAt(bit) {
  const size = 2 ** bit;
  const ranges = [];
  for (let from = size; from < 1024; from += 2 * size) ranges.push({ $did: { event: 'ping', times: { $gte: from, $lt: from + size } } });
  return { $or: ranges };
}

const PATH = '/t/tabs.html';

const pings = (page) => page.evaluate(() => window.maitre.decide('count').offers.reduce((sum, { id }) => sum + Number(id), 0));

async function tab(guest) {
  const page = await guest.open(PATH);
  await ready(page);
  return page;
}
const reload = async (page) => {
  await page.reload();
  await ready(page);
};
/** As a visitor does it, so that the page can still write. */
const close = (page) => Promise.all([page.waitForEvent('close'), page.close({ runBeforeUnload: true })]);

test('a tab that reloads or closes at once loses nothing', async () => {
  const guest = await house.visitor();
  let page = await tab(guest);
  for (let i = 0; i < 5; i += 1) {
    await track(page, 'ping');
    await reload(page);
  }
  assert.equal(await pings(page), 5);
  for (let i = 0; i < 5; i += 1) {
    await track(page, 'ping');
    await close(page);
    page = await tab(guest);
  }
  assert.equal(await eventually(() => pings(page), 10), 10);
  await guest.close();
});

test('two tabs that count at the same time lose nothing', async () => {
  const guest = await house.visitor();
  const pages = [await tab(guest), await tab(guest)];
  for (let round = 0; round < 5; round += 1) {
    await Promise.all(pages.map((page) => page.evaluate(() => { for (let i = 0; i < 10; i += 1) window.maitre.track('ping'); })));
    await Promise.all(pages.map(reload));
  }
  await Promise.all(pages.map(written));
  for (const page of pages) {
    await page.bringToFront();
    assert.equal(await eventually(() => pings(page), 100), 100);
  }
  await guest.close();
});

test('many tabs, with reloads, closes, long silences and compaction, lose nothing', async () => {
  const guest = await house.visitor();
  let expected = 0;
  let pages = await Promise.all(Array.from({ length: 4 }, () => tab(guest)));
  for (let round = 0; round < 12; round += 1) {
    await Promise.all(
      pages.map((page) =>
        page.evaluate(async () => {
          for (let i = 0; i < 10; i += 1) {
            window.maitre.track('ping');
            await new Promise((resolve) => setTimeout(resolve, Math.random() * 30));
          }
        }),
      ),
    );
    expected += 10 * pages.length;
    if (round % 3 === 0) await guest.pass('31m');
    if (round % 4 === 1) await guest.pass('90s');
    const [first, ...rest] = pages;
    await Promise.all([close(first), ...rest.filter((_, i) => (i + round) % 2).map(reload)]);
    pages = [...rest, await tab(guest)];
  }
  await Promise.all(pages.map(written));
  await Promise.all(pages.map(close));
  await guest.pass('31m');
  const page = await tab(guest);
  assert.equal(await eventually(() => pings(page), expected), expected);
  assert.equal(await eventually(async () => (await stored(page)).local.length <= 2, true), true, 'all is folded');
  await reload(page);
  assert.equal(await pings(page), expected);
  await guest.close();
});

test('many tabs that are open for long, counting after every silence, lose nothing', async () => {
  const guest = await house.visitor();
  const pages = [];
  for (let i = 0; i < 6; i += 1) pages.push(await tab(guest));
  let expected = 0;
  for (const silence of ['61s', '31m', '2m', '3h', '40s', '61s']) {
    for (const page of pages) {
      await page.bringToFront();
      await track(page, 'ping');
      expected += 1;
    }
    await Promise.all(pages.map(written));
    await guest.pass(silence);
    // A new tab folds what has been silent for long enough.
    const folder = await tab(guest);
    await folder.waitForTimeout(300);
    await close(folder);
  }
  for (const page of pages) {
    await page.bringToFront();
    assert.equal(await eventually(() => pings(page), expected), expected);
  }
  const fresh = await tab(guest);
  assert.equal(await pings(fresh), expected);
  await guest.close();
});

test('a tab that was folded while it was silent goes on under a new name', async () => {
  const guest = await house.visitor();
  const page = await tab(guest);
  await track(page, 'ping');
  await written(page);
  const before = (await stored(page)).local;
  await guest.pass('31m');
  const folder = await tab(guest);
  assert.equal(await eventually(async () => (await stored(folder)).local.includes('maitre'), true), true);
  assert.equal((await stored(folder)).local.includes(before[0]), false);
  await page.bringToFront();
  await track(page, 'ping');
  await written(page);
  assert.equal(await pings(page), 2);
  assert.equal((await stored(page)).local.includes(before[0]), false);
  await reload(folder);
  assert.equal(await pings(folder), 2);
  await guest.close();
});

test('what a tab counted since it last wrote is not lost when another folds what it wrote', async () => {
  const guest = await house.visitor();
  const page = await tab(guest);
  await track(page, 'ping');
  await written(page);
  await page.evaluate(() => {
    window.maitre.track('ping');
    // What a tab that folds leaves behind, before this one's timer is due.
    const [key] = Object.keys(localStorage).filter((name) => name.startsWith('maitre:'));
    localStorage.setItem('maitre', localStorage.getItem(key).replace(/^\d+/, `1 ${key.slice(7)}`));
    localStorage.removeItem(key);
  });
  await written(page);
  assert.equal(await pings(page), 2);
  await reload(page);
  assert.equal(await pings(page), 2);
  await guest.close();
});

test('what a tab counted before its device slept is not written where another may be folding', async () => {
  const guest = await house.visitor();
  const page = await tab(guest);
  await track(page, 'ping');
  await written(page);
  const [before] = (await stored(page)).local;
  const text = await page.evaluate((key) => localStorage.getItem(key), before);
  await track(page, 'ping');
  await guest.pass('31m');
  await written(page);
  assert.equal(await page.evaluate((key) => localStorage.getItem(key), before), text);
  assert.equal((await stored(page)).local.length, 2);
  await reload(page);
  assert.equal(await eventually(() => pings(page), 2), 2);
  await guest.close();
});

test('a duplicated tab writes under a name of its own', async () => {
  const guest = await house.visitor();
  const page = await tab(guest);
  await track(page, 'ping');
  await reload(page);
  // Like a duplicate, a tab opened by a page begins with a copy of its sessionStorage.
  const [twin] = await Promise.all([guest.context.waitForEvent('page'), page.evaluate(() => void window.open(location.href))]);
  await ready(twin);
  for (let i = 0; i < 3; i += 1) {
    await Promise.all([track(page, 'ping'), track(twin, 'ping')]);
    await Promise.all([reload(page), reload(twin)]);
  }
  await Promise.all([written(page), written(twin)]);
  await reload(page);
  assert.equal(await pings(page), 7);
  assert.equal((await stored(page)).local.length, 2);
  await guest.close();
});

test('a window that a page opens before its engine is there writes under a name of its own', async () => {
  const guest = await house.visitor();
  const first = await tab(guest);
  await track(first, 'ping');
  await written(first);
  await first.route('**/maitre.wasm', (route) => setTimeout(() => route.continue(), 300));
  await first.reload({ waitUntil: 'commit' });
  await first.waitForFunction(() => window.maitre?.track);
  const [twin] = await Promise.all([guest.context.waitForEvent('page'), first.evaluate(() => void window.open(location.href))]);
  await Promise.all([ready(first), ready(twin)]);
  for (let i = 0; i < 3; i += 1) {
    await Promise.all([track(first, 'ping'), track(twin, 'ping')]);
    await Promise.all([written(first), written(twin)]);
  }
  const later = await tab(guest);
  assert.equal(await eventually(() => pings(later), 7), 7);
  await guest.close();
});

test('however many tabs are folded at once, each is counted once', async () => {
  const guest = await house.visitor();
  const first = await tab(guest);
  await track(first, 'ping');
  await written(first);
  await first.goto('/t/nothing-here');
  await first.evaluate(() => {
    const key = Object.keys(localStorage).find((key) => key.startsWith('maitre:'));
    for (let i = 1; i < 60; i += 1) localStorage.setItem(`maitre:copy${i}`, localStorage.getItem(key));
  });
  await guest.pass('31m');
  const later = await tab(guest);
  assert.equal(await eventually(async () => (await stored(later)).local.filter((key) => key !== 'maitre').length < 2, true), true);
  assert.equal(await pings(later), 60);
  await reload(later);
  assert.equal(await pings(later), 60);
  await guest.close();
});

test('a tab copied while it was elsewhere does not share its name for long', async () => {
  const guest = await house.visitor();
  house.put('/t/elsewhere.html', '<!doctype html><link rel="icon" href="data:,"><title>Elsewhere</title>');
  const page = await tab(guest);
  await track(page, 'ping');
  await page.goto('/t/elsewhere.html');
  await guest.pass('11s');
  const [twin] = await Promise.all([guest.context.waitForEvent('page'), page.evaluate(() => void window.open(location.href))]);
  await Promise.all([page.goto(PATH), twin.goto(PATH)]);
  await Promise.all([ready(page), ready(twin)]);
  await Promise.all([track(page, 'ping'), track(twin, 'ping')]);
  await Promise.all([written(page), written(twin)]);
  await reload(page);
  assert.equal(await pings(page), 3);
  await guest.close();
});

test('a base that was lost with the browser is found again', async () => {
  const guest = await house.visitor();
  const page = await tab(guest);
  await track(page, 'ping');
  await written(page);
  await close(page);
  await guest.pass('31m');
  const folder = await tab(guest);
  assert.equal(await eventually(async () => (await stored(folder)).local.includes('maitre'), true), true);
  await track(folder, 'ping');
  await written(folder);
  // A killed browser loses what was written to localStorage last, but nothing of IndexedDB.
  await folder.goto('/t/nothing-here');
  await folder.evaluate(() => {
    localStorage.removeItem('maitre');
    sessionStorage.clear();
  });
  await folder.close();
  const later = await tab(guest);
  assert.equal(await eventually(() => pings(later), 2), 2);
  assert.equal((await stored(later)).local.includes('maitre'), true);
  await guest.close();
});

test('a page from the back/forward cache goes on with what was counted meanwhile', async () => {
  const own = await openHouse({ bfcache: true });
  try {
    own.shop(PATH, { offers: COUNT, consent: 'profile', body: '<p>Tabs</p>' });
    const guest = await own.visitor();
    const page = await tab(guest);
    await page.evaluate(() => addEventListener('pageshow', ({ persisted }) => (window.persisted = persisted)));
    await track(page, 'ping');
    // What is being fetched or kept as a page is left may cost it its place in the cache.
    await written(page);
    await page.goto(`${PATH}?next`);
    await ready(page);
    assert.equal(await pings(page), 1);
    await track(page, 'ping');
    await page.goBack({ waitUntil: 'commit' });
    assert.equal(await page.evaluate(() => window.persisted), true, 'the page came from the cache');
    await track(page, 'ping');
    assert.equal(await eventually(() => pings(page), 3), 3);
    await page.goForward({ waitUntil: 'commit' });
    await track(page, 'ping');
    assert.equal(await eventually(() => pings(page), 4), 4);
    await reload(page);
    assert.equal(await eventually(() => pings(page), 4), 4);
    await guest.close();
  } finally {
    await own.close();
  }
});

test('coming back from the back/forward cache is a page view', async () => {
  const own = await openHouse({ bfcache: true });
  try {
    const offers = { placements: { hero: {} }, offers: [1, 2, 3].map((n) => ({ id: `${n}`, placement: 'hero', eligible: { 'visit.pages': n }, content: card(`${n}`) })) };
    own.shop(PATH, { offers, consent: 'profile', body: '<div data-placement="hero"></div>' });
    const guest = await own.visitor();
    const page = await tab(guest);
    await page.goto(`${PATH}?next`);
    await ready(page);
    await page.goBack({ waitUntil: 'commit' });
    assert.deepEqual(await eventually(() => page.evaluate(() => document.querySelector('maitre-offer')?.dataset.offer), '3'), '3');
    await guest.close();
  } finally {
    await own.close();
  }
});
