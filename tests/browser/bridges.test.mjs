// What a browser and a consent banner say of the visitor's wishes.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually, heroes, HERO, ready, stored, track } from './fixtures.mjs';
import { openHouse } from './harness.mjs';

let house;
before(async () => {
  house = await openHouse();
});
after(() => house?.close());

const OFFERS = heroes({ id: 'fan', eligible: { $did: { event: 'view_item', within: '7d' } } }, { id: 'evening' });

let pages = 0;
/** A page with a bridge and what the site's banner does before and after it. */
async function serve({ from, more = '', first = '', guest, path, tag = '' } = {}) {
  pages += 1;
  house.put(`/t/banner-${pages}.js`, first);
  const made = house.shop(`/t/bridges-${pages}.html`, {
    offers: OFFERS,
    body: HERO,
    head: `<script src="/t/banner-${pages}.js"></script>`,
    ...(tag && { consent: tag }),
  });
  house.put(made.path, `<!doctype html><html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,"><title>Shop</title><script src="/t/banner-${pages}.js"></script><script type="module" src="/maitre/maitre.js" data-offers="${made.offersPath}"${tag}></script>${from ? `<script type="module" src="/maitre/consent.js" data-from="${from}"${more}></script>` : ''}<body>${HERO}`);
  guest ??= await house.visitor();
  const page = await guest.open(path ?? made.path);
  await ready(page);
  return { page, guest, path: path ?? made.path };
}

const level = (page) => page.evaluate(() => window.maitre.kept().consent);
const GTAG = 'window.dataLayer = window.dataLayer || []; function gtag() { dataLayer.push(arguments) }';
const written = (page) => page.waitForFunction(() => Object.keys(localStorage).some((key) => key.startsWith('maitre:')));

test('Google Consent Mode: granted remembers, denied erases, before and after the tag', async () => {
  const { page, guest } = await serve({ from: 'google', first: `${GTAG} gtag('consent', 'default', { personalization_storage: 'denied', analytics_storage: 'granted' });` });
  assert.equal(await level(page), 'memory');
  await page.evaluate(() => window.gtag('consent', 'update', { analytics_storage: 'granted' }));
  assert.equal(await level(page), 'memory', 'other purposes are not this one');
  await page.evaluate(() => window.gtag('consent', 'update', { personalization_storage: 'granted' }));
  assert.equal(await level(page), 'profile');
  await track(page, 'view_item');
  await written(page);
  await page.evaluate(() => window.gtag('consent', 'update', { personalization_storage: 'denied' }));
  assert.equal(await level(page), 'memory');
  assert.deepEqual((await stored(page)).local, []);
  assert.deepEqual(guest.problems, []);
  await guest.close();
});

test('Google Consent Mode: what was granted before the tag counts; a default that denies erases nothing', async () => {
  const grants = `${GTAG} gtag('consent', 'default', { personalization_storage: 'granted' });`;
  const { page, guest } = await serve({ from: 'google', first: grants });
  assert.equal(await level(page), 'profile');
  await track(page, 'view_item');
  await written(page);
  const waits = await serve({ from: 'google', guest, first: `${GTAG} gtag('consent', 'default', { personalization_storage: 'denied', wait_for_update: 500 });` });
  assert.equal(await level(waits.page), 'memory');
  assert.notDeepEqual((await stored(waits.page)).local, []);
  const region = await serve({ from: 'google', guest, first: `${GTAG} gtag('consent', 'default', { personalization_storage: 'granted', region: ['US'] });` });
  assert.equal(await level(region.page), 'memory', 'where the visitor is isn’t known');
  await guest.close();
});

test('Google Consent Mode: another level can stand for agreement, and odd entries do no harm', async () => {
  const odd = `${GTAG} for (const odd of [null, 1, 'consent', [], {}, { 0: 'consent' }, ['consent', 'update'], ['consent', 'update', null], ['consent', 'update', 7], { get 0() { throw new Error('no') }, length: 3 }]) dataLayer.push(odd);`;
  const { page, guest } = await serve({ from: 'google', more: ' data-granted="visit" data-denied="off"', first: odd });
  assert.equal(await level(page), 'memory');
  await page.evaluate(() => window.gtag('consent', 'update', { personalization_storage: 'granted' }));
  assert.equal(await level(page), 'visit');
  await page.evaluate(() => window.gtag('consent', 'update', { personalization_storage: 'denied' }));
  assert.equal(await level(page), 'off');
  assert.deepEqual(guest.problems, []);
  await guest.close();
});

/** A banner that follows the IAB's TCF: its script, and in the page `tcf(data)` for what happens. */
const TCF = (data) => `
  const listeners = [];
  let now = ${JSON.stringify(data)};
  window.tcf = (next) => { now = next; for (const heard of listeners) heard(now, true); };
  window.__tcfapi = (command, version, heard) => {
    if (command !== 'addEventListener' || version !== 2) return heard(null, false);
    listeners.push(heard);
    heard(now, true);
  };`;
const consents = (...purposes) => ({ consents: Object.fromEntries(purposes.map((purpose) => [purpose, true])) });
const loaded = (purpose, more = {}) => ({ gdprApplies: true, eventStatus: 'tcloaded', purpose, ...more });

for (const [name, data, wanted] of [
  ['all that it takes', loaded(consents(1, 5, 6)), 'profile'],
  ['storing alone', loaded(consents(1)), 'memory'],
  ['profiles without storing', loaded(consents(5, 6)), 'memory'],
  ['nothing', loaded(consents()), 'memory'],
  ['agreed to vendors, but not to the publisher', loaded(consents(1, 5, 6), { publisher: { consents: { 1: true, 5: false, 6: true } } }), 'memory'],
  ['agreed to the publisher', loaded(consents(), { publisher: consents(1, 5, 6) }), 'profile'],
  ['not asked yet', { gdprApplies: true, eventStatus: 'cmpuishown', purpose: consents(1, 5, 6) }, 'memory'],
  ['where the GDPR does not apply', loaded(consents(1, 5, 6), { gdprApplies: false }), 'memory'],
]) {
  test(`TCF: ${name}: ${wanted}`, async () => {
    const { page, guest } = await serve({ from: 'tcf', first: TCF(data) });
    assert.equal(await level(page), wanted);
    assert.deepEqual(guest.problems, []);
    await guest.close();
  });
}

test('TCF: an answer on this page is followed, up and down, and down erases', async () => {
  const { page, guest } = await serve({ from: 'google tcf', first: TCF({ gdprApplies: true, eventStatus: 'cmpuishown' }) });
  assert.equal(await level(page), 'memory');
  await page.evaluate((data) => window.tcf(data), { ...loaded(consents(1, 5, 6)), eventStatus: 'useractioncomplete' });
  assert.equal(await level(page), 'profile');
  await track(page, 'view_item');
  await written(page);
  await page.evaluate((data) => window.tcf(data), { ...loaded(consents(1)), eventStatus: 'useractioncomplete' });
  assert.equal(await level(page), 'memory');
  assert.deepEqual((await stored(page)).local, ['maitre-consent']);
  await guest.close();
});

test('TCF: a banner that is not there, or throws, is passed over', async () => {
  const { page, guest } = await serve({ from: 'tcf' });
  assert.equal(await level(page), 'memory');
  assert.match(guest.messages.map(({ text }) => text).join(), /there is no `__tcfapi`/);
  const thrower = await serve({ from: 'tcf', guest, first: 'window.__tcfapi = () => { throw new Error("no") }' });
  assert.equal(await level(thrower.page), 'memory');
  assert.deepEqual(guest.problems, []);
  await guest.close();
});

test('Do Not Track counts where the page says so', async () => {
  const asks = async (guest) => guest.context.addInitScript(() => Object.defineProperty(Navigator.prototype, 'doNotTrack', { get: () => '1' }));
  const guest = await house.visitor();
  const { page, path } = await serve({ guest, tag: ' data-consent="profile"' });
  await track(page, 'view_item');
  await written(page);
  await asks(guest);
  await page.goto(path);
  await ready(page);
  assert.equal(await level(page), 'profile', 'not where it doesn’t');
  const careful = await serve({ guest, tag: ' data-consent="profile" data-do-not-track' });
  assert.equal(await level(careful.page), 'memory');
  assert.deepEqual((await stored(careful.page)).local, []);
  await careful.page.evaluate(() => window.maitre.consent('visit'));
  assert.equal(await level(careful.page), 'memory');
  assert.equal(await careful.page.evaluate(() => window.maitre.kept().isCapped), true);
  await guest.close();
});

test('no odd message on the channel makes a tab forget', async () => {
  const { page, guest } = await serve({ tag: ' data-consent="profile"' });
  await track(page, 'view_item');
  await written(page);
  const before = await page.evaluate(() => JSON.stringify(localStorage));
  await page.evaluate(() => {
    const channel = new BroadcastChannel('maitre');
    for (const odd of [undefined, null, 7, '', 'everything', {}, ['forget'], Number.NaN]) channel.postMessage(odd);
    channel.close();
  });
  await track(page, 'nothing');
  await page.waitForTimeout(50);
  assert.equal(await level(page), 'profile');
  assert.equal(await page.evaluate(() => JSON.stringify(localStorage)), before);
  await guest.close();
});

test('a tab at visit hears of forgetting, and of going down, in another tab', async () => {
  const { page, guest, path } = await serve({ tag: ' data-consent="visit"' });
  await track(page, 'view_item');
  await page.waitForFunction(() => sessionStorage.getItem('maitre'));
  const { page: other } = await serve({ guest, path });
  await other.evaluate(() => window.maitre.forget());
  const decided = () => page.evaluate(() => window.maitre.decide('hero').offer);
  assert.equal(await eventually(decided, 'evening'), 'evening');
  await track(page, 'view_item');
  assert.equal(await decided(), 'fan');
  await other.evaluate(() => window.maitre.consent('off'));
  assert.equal(await eventually(() => level(page), 'off'), 'off');
  assert.deepEqual((await stored(page)).session, []);
  await guest.close();
});

test('a page back from the cache does not go on with what was erased meanwhile', async () => {
  const own = await openHouse({ bfcache: true });
  try {
    const { path } = own.shop('/t/cached.html', { offers: OFFERS, body: HERO, consent: 'profile' });
    own.put('/t/elsewhere.html', '<!doctype html><link rel="icon" href="data:,"><title>Elsewhere</title>');
    const guest = await own.visitor();
    const page = await guest.open(path);
    await ready(page);
    await page.evaluate(() => addEventListener('pageshow', ({ persisted }) => (window.persisted = persisted)));
    await track(page, 'view_item');
    await written(page);
    await page.goto('/t/elsewhere.html');
    const other = await guest.open(path);
    await ready(other);
    await other.evaluate(() => window.maitre.consent('memory'));
    await other.close();
    await page.goBack({ waitUntil: 'commit' });
    assert.equal(await page.evaluate(() => window.persisted), true, 'the page came from the cache');
    assert.equal(await eventually(() => level(page), 'memory'), 'memory');
    await track(page, 'view_item');
    await page.waitForTimeout(400);
    assert.deepEqual((await stored(page)).local, []);
    await guest.close();
  } finally {
    await own.close();
  }
});
