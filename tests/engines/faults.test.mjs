// Storage that is blocked, full, damaged or written by a newer version, in each engine: Maitre runs, says so once, and loses
// nothing that is whole.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { ROOTS } from '../../tools/serve.mjs';
import { serveHouse } from '../browser/house.mjs';
import { chance, COUNT, inEach, pings, ready, until } from './fixtures.mjs';

const SILENCE = 31 * 60_000;

/** Runs in the page, before Maitre: `?block=` takes storages away, `?ahead=` moves the clock; what goes wrong is written down. */
function meddle() {
  const asked = new URLSearchParams(location.search);
  const now = Date.now.bind(Date);
  const ahead = Number(asked.get('ahead'));
  Date.now = () => now() + ahead;
  for (const name of asked.get('block')?.split(',') ?? []) {
    Object.defineProperty(window, name, {
      get() {
        throw new DOMException('denied', 'SecurityError');
      },
    });
  }
  window.errors = [];
  addEventListener('error', ({ message }) => window.errors.push(message));
  addEventListener('unhandledrejection', ({ reason }) => window.errors.push(String(reason)));

  /** Until Maitre is there: what it says then, and from then on. */
  window.beginning = async () => {
    while (!window.maitre?.on) await new Promise((resolve) => setTimeout(resolve, 5));
    window.told = [];
    await window.maitre;
    window.maitre.on('problem', ({ what }) => window.told.push(what));
  };
  window.known = () => window.maitre.decide('count').offers.reduce((sum, { id }) => sum + Number(id), 0);
  window.began = window.beginning();
}

/** Runs in the page that is let into no storage: says to the page around it how it went. */
async function tellAround() {
  await window.began;
  for (let i = 0; i < 3; i += 1) window.maitre.track('ping');
  await new Promise((resolve) => setTimeout(resolve, 1500));
  window.maitre.track('ping');
  parent.postMessage({ known: window.known(), told: window.told, errors: window.errors }, '*');
}

/** Runs in the page around: what this state of storage comes to, in a page that begins with it. */
async function attempt({ local, database }) {
  const answered = (request) => new Promise((resolve, reject) => Object.assign(request, { onsuccess: () => resolve(request.result), onerror: () => reject(request.error) }));
  await answered(indexedDB.deleteDatabase('maitre'));
  localStorage.clear();
  sessionStorage.clear();
  for (const [key, value] of Object.entries(local)) localStorage.setItem(key, value);
  if (database) {
    const opening = indexedDB.open('maitre', 1);
    opening.onupgradeneeded = () => {
      const store = opening.result.createObjectStore('profile');
      for (const [key, value] of Object.entries(database)) store.put(value, key);
    };
    (await answered(opening)).close();
  }
  const frame = document.createElement('iframe');
  frame.src = '/t/faults-profile.html';
  await new Promise((resolve) => {
    frame.onload = resolve;
    document.body.append(frame);
  });
  const page = frame.contentWindow;
  await page.began;
  // What lies in the database only is put back when the browser is idle.
  const end = performance.now() + (database ? 15_000 : 0);
  while (performance.now() < end && page.known() !== 15 && !page.told.length) await new Promise((resolve) => setTimeout(resolve, 20));
  const found = { known: page.known(), told: page.told, errors: page.errors };
  frame.remove();
  return found;
}

let house;
before(async () => {
  house = await serveHouse();
  const shared = { 'access-control-allow-origin': '*' };
  house.put('/t/meddle.js', `(${meddle})()`);
  house.put('/t/tell-around.js', `(${tellAround})()`);
  for (const consent of ['visit', 'profile']) house.shop(`/t/faults-${consent}.html`, { offers: COUNT, consent, head: '<script src="/t/meddle.js"></script>' });
  house.put('/t/bare.html', '<!doctype html><link rel="icon" href="data:,"><body>', { headers: { 'content-security-policy': "default-src 'self'" } });

  // A page without an origin of its own fetches as a stranger does.
  for (const name of readdirSync(ROOTS['/maitre/']).filter((name) => ['.js', '.wasm'].includes(extname(name)))) {
    const type = name.endsWith('.js') ? 'text/javascript' : 'application/wasm';
    house.put(`/maitre/${name}`, readFileSync(join(ROOTS['/maitre/'], name)), { headers: { ...shared, 'content-type': type } });
  }
  house.put('/t/faults-profile.offers.json', JSON.stringify(COUNT), { headers: shared });
  house.shop('/t/within.html', { consent: 'profile', head: '<script src="/t/meddle.js"></script>', body: '<script src="/t/tell-around.js"></script>', headers: { 'content-security-policy': `default-src ${house.url} data:; script-src ${house.url} 'wasm-unsafe-eval'; style-src ${house.url} 'unsafe-inline'` } });
  house.put('/t/within.offers.json', JSON.stringify(COUNT), { headers: shared });
  house.put('/t/around.html', '<!doctype html><link rel="icon" href="data:,"><script src="/t/around.js"></script><iframe sandbox="allow-scripts" src="/t/within.html"></iframe>', { headers: { 'content-security-policy': "default-src 'self' data:" } });
  house.put('/t/around.js', 'addEventListener("message", ({ data }) => { window.said = data })');
});
after(() => house?.close());

inEach(() => house, (engine) => {
  let tab;
  before(async () => {
    tab = await engine.browser.open(`${house.url}/t/bare.html`);
  });

  /** The page at this address, once Maitre is there. */
  async function enter(address) {
    await tab.goto(house.url + address);
    await ready(tab);
    await tab.evaluate(() => window.began);
  }
  const track = (times) => tab.evaluate((times) => { for (let i = 0; i < times; i += 1) window.maitre.track('ping'); }, times);
  const state = () => tab.evaluate(() => ({ known: window.known(), told: window.told, errors: window.errors }));
  const deltas = () => tab.evaluate(() => Object.entries(localStorage).filter(([key]) => key.startsWith('maitre:') && key !== 'maitre:ahead'));
  /** Until this page has written to the one key it writes. */
  const written = () => until(async () => (await deltas()).length > 0);
  /** In another tab: pages that are kept for going back to are gone with the one before. */
  async function clear() {
    const before = tab;
    tab = await engine.browser.open(`${house.url}/t/bare.html`);
    await before.close();
    await tab.evaluate(async () => {
      localStorage.clear();
      sessionStorage.clear();
      const deleting = indexedDB.deleteDatabase('maitre');
      await new Promise((resolve, reject) => Object.assign(deleting, { onsuccess: resolve, onerror: reject }));
    });
    // The one that was closed may have written since.
    await until(() =>
      tab.evaluate(async () => {
        localStorage.clear();
        await new Promise((resolve) => setTimeout(resolve, 500));
        return localStorage.length === 0;
      }),
    );
  }

  for (const [blocked, needed] of [['localStorage', 'profile'], ['sessionStorage', 'visit'], ['indexedDB'], ['localStorage,sessionStorage,indexedDB', 'profile', 'visit']].map(([names, ...needed]) => [names, needed])) {
    test(`with ${blocked} blocked it runs, and says so once where it matters`, async () => {
      for (const consent of ['visit', 'profile']) {
        await clear();
        await enter(`/t/faults-${consent}.html?block=${blocked}`);
        await track(1);
        // Longer than writing is put off, so that it has failed.
        await new Promise((resolve) => setTimeout(resolve, 1500));
        await track(1);
        const { known, told, errors } = await state();
        assert.equal(known, 2);
        assert.deepEqual(errors, []);
        assert.equal(told.length, needed.includes(consent) ? 1 : 0, `${consent}: ${told.join('; ')}`);
        assert.match(told.join(), needed.includes(consent) ? /^nothing can be kept: / : /^$/);
      }
    });
  }

  test('in a frame without an origin of its own it runs, and says so once', async () => {
    await tab.goto(`${house.url}/t/around.html`);
    await until(() => tab.evaluate(() => window.said !== undefined));
    const { known, told, errors } = await tab.evaluate(() => window.said);
    assert.equal(known, 4);
    assert.deepEqual(errors, []);
    assert.equal(told.length, 1, told.join('; '));
    assert.match(told[0], /^nothing can be kept: /);
  });

  test('with a full storage it runs, says so once, keeps what was there, and goes on when there is room', async () => {
    await clear();
    await enter('/t/faults-profile.html');
    await track(3);
    await written();
    await tab.evaluate(() => {
      let part = 'x'.repeat(1 << 20);
      for (let i = 0; part; i += 1) {
        try {
          localStorage.setItem(`ballast${i}`, part);
        } catch {
          part = part.slice(0, part.length >> 1);
        }
      }
    });
    // What this tab wrote has its room already, so the next page is another tab's.
    await tab.evaluate(() => addEventListener('pagehide', () => sessionStorage.clear()));
    await enter('/t/faults-profile.html?again');
    await track(2);
    await until(async () => (await state()).told.length > 0);
    await track(1);
    const full = await state();
    assert.deepEqual([full.known, full.errors], [6, []]);
    assert.equal(full.told.length, 1, full.told.join('; '));
    assert.match(full.told[0], /^nothing can be kept: /);
    await enter('/t/faults-profile.html?once-more');
    assert.ok((await state()).known >= 3);

    await tab.evaluate(() => { for (const key of Object.keys(localStorage)) if (key.startsWith('ballast')) localStorage.removeItem(key); });
    await enter('/t/faults-profile.html');
    const { known, told } = await state();
    assert.ok(known >= 3);
    assert.deepEqual(told, []);
    await track(1);
    await enter('/t/faults-profile.html?later');
    assert.equal((await state()).known, known + 1);
  });

  /** A base of 7 pings and two deltas, of 3 and of 5, as they lie in storage. */
  async function laid() {
    await clear();
    const texts = [];
    for (const times of [7, 3, 5]) {
      await enter(`/t/faults-profile.html?${times}`);
      // What a page leaves to the next of its tab would go on.
      await tab.evaluate(() => sessionStorage.clear());
      await track(times);
      await until(async () => (await deltas()).length === texts.length + 1);
      const [, value] = (await deltas()).find(([, value]) => !texts.includes(value));
      texts.push(value);
      // The next page is another tab's.
      await tab.evaluate(() => addEventListener('pagehide', () => sessionStorage.clear()));
    }
    await clear();
    const [base, a, b] = texts.map((value) => value.replace(/^\d+ /, ''));
    const at = Date.now() - 60_000;
    return { maitre: `1 - ${base}`, 'maitre:a': `${at} ${a}`, 'maitre:b': `${at} ${b}` };
  }

  test('a byte that is damaged costs what it lies in, at most, and is told once', async () => {
    const random = chance(engine.name.length * 7919);
    const whole = await laid();
    const parts = { maitre: 7, 'maitre:a': 3, 'maitre:b': 5 };
    const flips = Object.keys(whole).flatMap((key) =>
      Array.from({ length: 14 }, () => {
        const index = Math.floor(random() * whole[key].length);
        const damaged = String.fromCharCode(whole[key].charCodeAt(index) ^ (1 << Math.floor(random() * 7)));
        return { key, index, value: whole[key].slice(0, index) + damaged + whole[key].slice(index + 1) };
      }),
    );
    const inDatabase = (values) => ({ base: values.maitre, a: values['maitre:a'], b: values['maitre:b'] });
    const states = [
      { local: whole },
      { local: {}, database: inDatabase(whole) },
      ...flips.map(({ key, value }) => ({ local: { ...whole, [key]: value } })),
      ...flips.filter((_, i) => i % 6 === 0).map(({ key, value }) => ({ local: {}, database: inDatabase({ ...whole, [key]: value }) })),
    ];
    const cases = [undefined, undefined, ...flips, ...flips.filter((_, i) => i % 6 === 0)];
    const results = [];
    for (const state of states) results.push(await tab.evaluate(attempt, state));
    for (const [i, { known, told, errors }] of results.entries()) {
      const flip = cases[i];
      const what = `${states[i].database ? 'database' : 'localStorage'}, ${flip ? `${flip.key}, byte ${flip.index}: ${flip.value}` : 'whole'}: ${known} known; ${told.join('; ')}`;
      assert.deepEqual(errors, [], what);
      const isLost = known !== 15;
      if (isLost) assert.equal(known, 15 - (flip ? parts[flip.key] : 0), what);
      assert.equal(told.length, isLost ? 1 : Math.min(told.length, flip ? 1 : 0), what);
    }
  });

  test('what a newer version wrote is left as it is, and told once', async () => {
    const whole = await laid();
    const newer = `${Date.now() - SILENCE} 2.AbCdEf0123`;
    for (const [local, expected] of [
      [{ ...whole, 'maitre:n': newer }, 15],
      [{ ...whole, maitre: '9 - 2.AbCdEf0123' }, 8],
    ]) {
      await clear();
      await tab.evaluate((local) => { for (const [key, value] of Object.entries(local)) localStorage.setItem(key, value); }, local);
      for (const ahead of [0, SILENCE]) {
        await enter(`/t/faults-profile.html?ahead=${ahead}`);
        const { known, told, errors } = await state();
        assert.equal(known, expected + (ahead ? 1 : 0));
        assert.deepEqual(errors, []);
        assert.equal(told.length, 1, told.join('; '));
        assert.match(told[0], /newer version/);
        if (ahead === 0) await track(1);
        // What is silent for long would be folded by now, were all of it understood.
        await new Promise((resolve) => setTimeout(resolve, 1500));
      }
      const [key, value] = local['maitre:n'] ? ['maitre:n', newer] : ['maitre', local.maitre];
      assert.equal(await tab.evaluate((key) => localStorage.getItem(key), key), value);
    }
    assert.equal(await pings(tab), 9);
  });
});
