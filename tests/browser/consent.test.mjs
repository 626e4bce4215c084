// The visitor is in charge: what is kept, where, and that it goes when it is to go.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { decided, eventually, heroes, HERO, ready, shown, stored, track, written } from './fixtures.mjs';
import { openHouse } from './harness.mjs';

let house;
before(async () => {
  house = await openHouse();
  house.put('/t/plain.html', '<!doctype html><link rel="icon" href="data:,"><title>Without Maitre</title>');
});
after(() => house?.close());

const FAN = heroes({ id: 'fan', eligible: { $did: { event: 'view_item', within: '7d' } } }, { id: 'evening' });
const NOTHING = { local: [], session: [], databases: [], cookies: '' };

let pages = 0;
/** A page under a consent level, for a visitor who may have been here before. */
async function serve(consent, { offers = FAN, before, guest } = {}) {
  pages += 1;
  const { path } = house.shop(`/t/consent-${pages}.html`, { offers, body: HERO, consent });
  guest ??= await house.visitor();
  const page = await guest.context.newPage();
  await before?.(page);
  await page.goto(path);
  await ready(page);
  return { page, guest };
}

const reload = async (page) => {
  await page.reload();
  await ready(page);
};

test('off: nothing is observed, decided or written', async () => {
  const { page, guest } = await serve('off');
  await track(page, 'view_item');
  await page.evaluate(() => window.dataLayer.push({ event: 'view_item' }));
  assert.equal(await shown(page), 'fallback');
  await page.evaluate(() => window.maitre.consent('memory'));
  assert.deepEqual(await shown(page), ['evening'], 'what happened before was not observed');
  await page.evaluate(() => window.maitre.consent('off'));
  assert.equal(await shown(page), 'fallback');
  await written(page);
  assert.deepEqual(await stored(page), NOTHING);
  await guest.close();
});

test('memory, the default: decided on what happened on this page, and nothing is written', async () => {
  const { page, guest } = await serve(undefined);
  await track(page, 'view_item');
  assert.deepEqual(await shown(page), ['fan']);
  await written(page);
  assert.deepEqual(await stored(page), NOTHING);
  await reload(page);
  assert.deepEqual(await shown(page), ['evening']);
  await guest.close();
});

test('visit: known to the next page of the tab, not to another tab', async () => {
  const { page, guest } = await serve('visit');
  await track(page, 'view_item');
  await reload(page);
  assert.deepEqual(await shown(page), ['fan']);
  assert.deepEqual(await stored(page), { ...NOTHING, session: ['maitre'] });
  const other = await guest.open(new URL(page.url()).pathname);
  await ready(other);
  assert.deepEqual(await shown(other), ['evening']);
  await guest.close();
});

test('profile: known to other tabs and later visits', async () => {
  const { page, guest } = await serve('profile');
  await track(page, 'view_item');
  await written(page);
  assert.equal((await stored(page)).cookies, '');
  const path = new URL(page.url()).pathname;
  const other = await guest.open(path);
  await ready(other);
  assert.deepEqual(await shown(other), ['fan']);
  await page.close();
  await other.close();
  await guest.pass('3d');
  const later = await guest.open(path);
  await ready(later);
  assert.deepEqual(await shown(later), ['fan']);
  await guest.close();
});

test('what another tab learns changes what was not seen yet', async () => {
  const { page, guest } = await serve('profile');
  const other = await guest.open(new URL(page.url()).pathname);
  await ready(other);
  await page.bringToFront();
  await track(page, 'view_item');
  await other.bringToFront();
  assert.deepEqual(await eventually(() => shown(other), ['fan']), ['fan']);
  await guest.close();
});

test('going up takes along what this page knows, and finds what was stored', async () => {
  const { page, guest } = await serve('profile', { offers: heroes({ id: 'third', eligible: { 'visit.pages': 3 } }, { id: 'fan', eligible: { $did: { event: 'view_item', times: 2 } } }) });
  await track(page, 'view_item');
  await written(page);
  const { page: next } = await serve('memory', { guest, offers: heroes({ id: 'second', eligible: { 'visit.pages': 2, $did: { event: 'view_item', times: 2 } } }, { id: 'fan', eligible: { $did: { event: 'view_item', times: 2 } } }) });
  await track(next, 'view_item');
  assert.equal(await shown(next), 'fallback');
  await next.evaluate(() => window.maitre.consent('profile'));
  assert.deepEqual(await shown(next), ['second']);
  await guest.close();
});

test('a page that begins at memory and goes up, page by page, keeps one profile', async () => {
  const offers = heroes({ id: 'four', eligible: { 'visit.pages': 4, 'visit.number': 1, $did: { event: 'view_item', times: 4 } } });
  const { page, guest } = await serve('memory', { offers });
  for (let i = 0; i < 4; i += 1) {
    if (i) await reload(page);
    await track(page, 'view_item');
    await page.evaluate((level) => window.maitre.consent(level), 'profile');
  }
  assert.deepEqual(await shown(page), ['four'], JSON.stringify(await page.evaluate(() => window.maitre.explain('hero'))));
  await guest.close();
});

for (const [level, left] of [['visit', { ...NOTHING, session: ['maitre'] }], ['memory', NOTHING], ['off', NOTHING]]) {
  test(`going down from profile to ${level} erases at once`, async () => {
    const { page, guest } = await serve('profile');
    await track(page, 'view_item');
    await reload(page);
    assert.deepEqual(await shown(page), ['fan']);
    await page.evaluate((level) => window.maitre.consent(level), level);
    assert.deepEqual(await shown(page), level === 'off' ? 'fallback' : ['evening']);
    assert.deepEqual((await stored(page)).local, []);
    await written(page);
    const { databases, local } = await eventually(() => stored(page), left);
    assert.deepEqual([databases, local], [[], []]);
    // On the next page at profile again there is nothing left.
    await page.goto('/t/plain.html');
    assert.deepEqual((await stored(page)).local, []);
    const again = await serve('profile', { guest });
    assert.deepEqual(await shown(again.page), ['evening']);
    await guest.close();
  });
}

test('saying no on a page that began at memory erases what an earlier page kept', async () => {
  const { page, guest } = await serve('profile');
  await track(page, 'view_item');
  await written(page);
  await page.close();
  const { page: next } = await serve('memory', { guest });
  assert.notDeepEqual((await stored(next)).local, [], 'the default says nothing yet');
  await next.evaluate(() => window.maitre.consent('memory'));
  assert.deepEqual((await stored(next)).local, []);
  await guest.close();
});

const withGpc = (page) => page.addInitScript(() => Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true }));

test('Global Privacy Control caps the level at memory, and erases what was kept before', async () => {
  const { page, guest } = await serve('profile');
  await track(page, 'view_item');
  await written(page);
  await page.close();
  const { page: next } = await serve('profile', { guest, before: withGpc });
  assert.deepEqual(await shown(next), ['evening']);
  await track(next, 'view_item');
  assert.deepEqual(await shown(next), ['fan']);
  await next.evaluate(() => window.maitre.consent('profile'));
  await track(next, 'view_item');
  await written(next);
  assert.deepEqual(await eventually(() => stored(next), NOTHING), NOTHING);
  await reload(next);
  assert.deepEqual(await shown(next), ['evening']);
  await guest.close();
});

test('forgotten_stays_forgotten_after_reload', async () => {
  const { page, guest } = await serve('profile');
  await track(page, 'view_item');
  await reload(page);
  await written(page);
  await guest.pass('40m');
  // Another page folds what was written into the base, so that all three places hold it.
  const folder = await guest.open(new URL(page.url()).pathname);
  await ready(folder);
  assert.equal(await eventually(async () => (await stored(folder)).local.includes('maitre'), true), true);
  await folder.close();
  await reload(page);
  assert.deepEqual(await shown(page), ['fan']);

  await page.evaluate(() => window.maitre.forget());
  assert.deepEqual(await shown(page), ['evening']);
  await written(page);
  assert.deepEqual(await eventually(() => stored(page), NOTHING), NOTHING);
  await reload(page);
  assert.deepEqual(await shown(page), ['evening']);
  await guest.pass('40m');
  await reload(page);
  assert.deepEqual(await shown(page), ['evening']);
  await guest.close();
});

test('forgetting is forgetting in every tab, and none brings it back', async () => {
  const { page, guest } = await serve('profile');
  const other = await guest.open(new URL(page.url()).pathname);
  await ready(other);
  await track(other, 'view_item');
  await written(other);
  await page.evaluate(() => window.maitre.forget());
  assert.deepEqual(await eventually(() => shown(other), ['evening']), ['evening']);
  await other.close();
  await reload(page);
  assert.deepEqual(await shown(page), ['evening']);
  await guest.close();
});

/** Runs in the page, before Maitre: what was asked of the database is answered when the test says so, by `window.release()`. */
function holdDatabase() {
  const held = [];
  window.held = () => held.length;
  window.release = () => held.splice(0).forEach((answer) => answer());
  Object.defineProperty(IDBTransaction.prototype, 'oncomplete', {
    set(heard) {
      this.addEventListener('complete', (event) => void held.push(() => heard.call(this, event)));
    },
  });
}

test('what a tab was putting back from the database as another forgot does not come back', async () => {
  const { page, guest } = await serve('profile');
  await track(page, 'view_item');
  await reload(page);
  await written(page);
  await guest.pass('40m');
  const path = new URL(page.url()).pathname;
  const folder = await guest.open(path);
  await ready(folder);
  assert.equal(await eventually(async () => (await stored(folder)).local.includes('maitre'), true), true);
  await folder.close();
  // As another tab's erasing does, which reaches localStorage before the database, and this tab's ears last.
  await page.goto('/t/plain.html');
  await page.evaluate(() => localStorage.clear());
  const late = await guest.context.newPage();
  await late.addInitScript(holdDatabase);
  await late.goto(path);
  await ready(late);
  await late.waitForFunction(() => window.held());
  await page.evaluate(() => {
    indexedDB.deleteDatabase('maitre');
    new BroadcastChannel('maitre').postMessage('forget');
  });
  await late.waitForTimeout(200);
  await late.evaluate(() => window.release());
  await written(late);
  assert.deepEqual(await eventually(async () => (await stored(late)).databases, []), []);
  assert.deepEqual(await shown(late), ['evening']);
  assert.equal((await stored(late)).local.includes('maitre'), false);
  await guest.close();
});

test('a tab that hears nothing yet, or remembers for this page only, minds what is erased in another', async () => {
  const { page, guest } = await serve('profile');
  const path = new URL(page.url()).pathname;
  await track(page, 'view_item');
  await written(page);
  // One that waits for its engine, in vain until this is over.
  let goOn = () => {};
  const held = new Promise((resolve) => (goOn = resolve));
  const late = await guest.context.newPage();
  await late.route('**/maitre.wasm', (route) => held.then(() => route.continue()));
  await late.goto(path);
  await late.waitForFunction(() => window.maitre?.track);
  await track(late, 'view_item');
  const { page: passing } = await serve('memory', { guest });
  await track(passing, 'view_item');
  assert.deepEqual(await decided(passing), ['fan']);

  await page.evaluate(() => window.maitre.forget());
  assert.deepEqual(await eventually(() => decided(passing), ['evening']), ['evening'], 'though nothing of it was stored');
  await page.evaluate(() => window.maitre.consent('off', true));
  assert.equal(await eventually(() => passing.evaluate(() => window.maitre.kept().consent), 'off'), 'off');
  goOn();
  await ready(late);
  assert.equal(await late.evaluate(() => window.maitre.kept().consent), 'off');
  await page.evaluate(() => window.maitre.consent('profile', true));
  await late.evaluate(() => window.maitre.consent('profile'));
  assert.deepEqual(await decided(late), ['evening'], 'what it was told before');
  await guest.close();
});

test('what is written as another page is just being left does not outlive the erasing', async () => {
  const { page, guest } = await serve('profile');
  const other = await guest.open('/t/plain.html');
  await page.evaluate(() => window.maitre.forget());
  await other.evaluate(() => localStorage.setItem('maitre:left', `${Date.now()} 1.cA`));
  assert.deepEqual(await eventually(async () => (await stored(page)).local.filter((key) => key === 'maitre:left'), []), []);
  await guest.close();
});

test("another tab's going down to a visit costs no other its visit", async () => {
  const { page, guest } = await serve('visit');
  await track(page, 'view_item');
  await page.waitForFunction(() => sessionStorage.getItem('maitre'));
  const { page: other } = await serve('visit', { guest });
  await other.evaluate(() => window.maitre.consent('visit'));
  await written(other);
  await reload(page);
  assert.deepEqual(await decided(page), ['fan']);
  await guest.close();
});

test("the visitor's own word is kept where storage is full, as there is room once the rest is erased", async () => {
  const { page, guest } = await serve('profile');
  await track(page, 'view_item');
  await written(page);
  await page.evaluate(() => {
    for (let size = 1 << 22; size >= 1; size >>= 1) {
      for (;;) {
        try {
          localStorage.setItem(`filler${size}`, (localStorage.getItem(`filler${size}`) ?? '') + 'x'.repeat(size));
        } catch {
          break;
        }
      }
    }
  });
  await page.evaluate(() => window.maitre.consent('off', true));
  await reload(page);
  assert.equal(await page.evaluate(() => window.maitre.kept().consent), 'off');
  await guest.close();
});

test('a page of the same tab that comes back knows nothing of a visit that was erased after it', async () => {
  const own = await openHouse({ bfcache: true });
  try {
    own.shop('/t/back.html', { offers: FAN, body: HERO, consent: 'visit' });
    const guest = await own.visitor();
    const page = await guest.open('/t/back.html');
    await ready(page);
    await page.evaluate(() => addEventListener('pageshow', ({ persisted }) => (window.persisted = persisted)));
    await track(page, 'view_item');
    await written(page);
    await page.goto('/t/back.html?next');
    await ready(page);
    assert.deepEqual(await decided(page), ['fan']);
    await page.evaluate(() => window.maitre.consent('memory'));
    await page.goBack({ waitUntil: 'commit' });
    assert.equal(await page.evaluate(() => window.persisted), true, 'the page came from the cache');
    assert.deepEqual(await eventually(() => decided(page), ['evening']), ['evening']);
    await written(page);
    assert.deepEqual((await stored(page)).session, []);
    await guest.close();
  } finally {
    await own.close();
  }
});

test('what the page erases itself (localStorage.clear) is forgotten in every tab', async () => {
  const { page, guest } = await serve('profile');
  const other = await guest.open(new URL(page.url()).pathname);
  await ready(other);
  await track(other, 'view_item');
  await written(other);
  await page.evaluate(() => localStorage.clear());
  assert.deepEqual(await eventually(() => shown(other), ['evening']), ['evening']);
  await guest.close();
});

test('going down in one tab is going down in all', async () => {
  const { page, guest } = await serve('profile');
  const other = await guest.open(new URL(page.url()).pathname);
  await ready(other);
  await track(other, 'view_item');
  await written(other);
  await page.evaluate(() => window.maitre.consent('off'));
  assert.equal(await eventually(() => shown(other), 'fallback'), 'fallback');
  await track(other, 'view_item');
  await written(other);
  assert.deepEqual(await eventually(() => stored(page), NOTHING), NOTHING);
  await guest.close();
});

test('only what the config names of a visitor is kept', async () => {
  const offers = heroes({ id: 'both', eligible: { 'user.plan': 'pro', 'user.name': 'Ada' } }, { id: 'plan', eligible: { 'user.plan': 'pro' } }, { id: 'name', eligible: { 'user.name': 'Ada' } });
  const { page, guest } = await serve('profile', { offers: { site: { keep: ['plan'] }, ...offers } });
  await page.evaluate(() => {
    window.maitre.set({ plan: 'pro' });
    window.maitre.set({ name: 'Ada' });
  });
  assert.deepEqual(await shown(page), ['both']);
  await reload(page);
  assert.deepEqual(await shown(page), ['plan']);
  await guest.close();
});

test('parameters of events are never written', async () => {
  const { page, guest } = await serve('profile');
  await track(page, 'view_item', { item_id: 'secret-4711', email: 'ada@example.org' });
  await track(page, 'login', { email: 'ada@example.org' });
  await reload(page);
  const all = await page.evaluate(async () => {
    const opening = indexedDB.open('maitre', 1);
    const database = await new Promise((resolve) => (opening.onsuccess = () => resolve(opening.result)));
    const reading = [...database.objectStoreNames].map((name) => database.transaction(name).objectStore(name).getAll());
    const kept = await Promise.all(reading.map((request) => new Promise((resolve) => (request.onsuccess = () => resolve(request.result)))));
    database.close();
    return JSON.stringify([Object.entries(localStorage), Object.entries(sessionStorage), kept]);
  });
  const decoded = all.replace(/[\w-]{4,}/g, (part) => `${part} ${Buffer.from(part, 'base64url').toString('latin1')}`);
  for (const secret of ['secret', 'ada', 'example.org', 'login']) assert.ok(!decoded.includes(secret), secret);
  await guest.close();
});

/** All that lies in localStorage and in the database, as text. */
const everything = (page) =>
  page.evaluate(async () => {
    const kept = [Object.entries(localStorage)];
    if ((await indexedDB.databases()).some(({ name }) => name === 'maitre')) {
      const opening = indexedDB.open('maitre');
      const database = await new Promise((resolve) => (opening.onsuccess = () => resolve(opening.result)));
      const reading = [...database.objectStoreNames].map((name) => database.transaction(name).objectStore(name).getAll());
      kept.push(await Promise.all(reading.map((request) => new Promise((resolve) => (request.onsuccess = () => resolve(request.result))))));
      database.close();
    }
    return JSON.stringify(kept);
  });
/** How many records of a kind are in that: `t` for tallies, `u` for what the page said. */
const records = (text, kind) => [...text.matchAll(/[.]([\w-]{6,})/g)].filter(([, record]) => Buffer.from(record, 'base64url')[0] === kind.charCodeAt(0)).length;

test('a profile older than the site keeps it is erased when the site is visited again', async () => {
  const offers = { site: { retention: '30d', keep: ['plan'] }, ...FAN };
  const { page, guest } = await serve('profile', { offers });
  await track(page, 'view_item');
  await page.evaluate(() => window.maitre.set({ plan: 'pro' }));
  assert.equal(await eventually(async () => records(await everything(page), 'u') > 0, true), true);
  const path = new URL(page.url()).pathname;
  await page.close();
  await guest.pass('29d');
  const still = await guest.open(path);
  await ready(still);
  assert.ok(records(await everything(still), 'u') > 0, 'kept on the 29th day');
  await still.close();
  await guest.pass('31d');
  const late = await guest.open(path);
  await ready(late);
  assert.equal(await eventually(async () => records(await everything(late), 'u'), 0), 0, 'gone after the 30th, from all that is stored');
  await guest.close();
});

for (const later of ['at once, in the same tab', 'on a later visit']) {
  test(`when a rule goes, what only it needed is erased at the next load, from all that is stored: ${later}`, async () => {
    const { page, guest } = await serve('profile', { offers: heroes({ id: 'fan', eligible: { $did: { event: 'view_item' } } }, { id: 'reader', eligible: { $did: { event: 'read' } } }) });
    await track(page, 'view_item');
    await track(page, 'read');
    /** How many tallies each text holds. */
    const tallies = async (page) => ((await everything(page)).match(/1\.[\w.-]+/g) ?? []).map((text) => records(text, 't'));
    assert.deepEqual(await eventually(async () => [...new Set(await tallies(page))], [2]), [2], 'both are kept, in localStorage and in the database');
    const fewer = house.shop(`/t/fewer-${pages}.html`, { offers: heroes({ id: 'fan', eligible: { $did: { event: 'view_item' } } }, { id: 'evening' }), body: HERO, consent: 'profile' }).path;
    let next = page;
    if (later === 'on a later visit') {
      await page.close();
      await guest.pass('2h');
      next = await guest.open(fewer);
    } else await page.goto(fewer);
    await ready(next);
    assert.deepEqual(await shown(next), ['fan']);
    assert.deepEqual(await eventually(async () => [...new Set(await tallies(next))], [1]), [1], 'nothing holds both any more');
    await guest.close();
  });
}

test('what the browser erased, all of it or one storage, is begun anew without a word', async () => {
  for (const erased of [['local', 'session', 'database'], ['database'], ['session']]) {
    const { page, guest } = await serve('profile');
    await track(page, 'view_item');
    await written(page);
    const path = new URL(page.url()).pathname;
    await page.goto('/t/plain.html');
    await page.evaluate(async (erased) => {
      if (erased.includes('local')) localStorage.clear();
      if (erased.includes('session')) sessionStorage.clear();
      if (erased.includes('database')) await new Promise((resolve) => (indexedDB.deleteDatabase('maitre').onsuccess = resolve));
    }, erased);
    await page.goto(path);
    await ready(page);
    assert.deepEqual(await shown(page), [erased.includes('local') ? 'evening' : 'fan'], erased.join());
    await track(page, 'view_item');
    await reload(page);
    assert.deepEqual(await shown(page), ['fan']);
    assert.deepEqual([guest.problems, guest.messages], [[], []]);
    await guest.close();
  }
});
