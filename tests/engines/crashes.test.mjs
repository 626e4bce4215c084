// Tabs never lose each other's updates, and what is flushed outlives whatever is killed, in each engine. Each `ping` is
// counted once: none is lost, none is counted twice.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { serveHouse } from '../browser/house.mjs';
import { ENGINES, launch } from './engine.mjs';
import { chance, COUNT, pings, ready, until } from './fixtures.mjs';
import { recordingProxy } from './proxy.mjs';

const PATH = '/t/count.html';
const SILENCE = 31 * 60_000;

/** Runs in the page, before Maitre: says what happens to it, and moves its clock by `?ahead=`. */
function watch() {
  const now = Date.now.bind(Date);
  window.ahead = Number(new URLSearchParams(location.search).get('ahead'));
  Date.now = () => now() + window.ahead;

  /** Which deltas were written to localStorage, in order. */
  window.writes = [];
  const { setItem } = Storage.prototype;
  Storage.prototype.setItem = function (key, value) {
    setItem.call(this, key, value);
    if (this === localStorage && key.startsWith('maitre:') && !key.startsWith('maitre:ahead')) window.writes.push(key);
  };

  window.counted = 0;
  window.isLeft = false;
  window.restored = false;
  addEventListener('pagehide', () => {
    window.isLeft = true;
    if (window.name) localStorage.setItem(`counted:${window.name}`, String(window.counted));
  });
  addEventListener('pageshow', ({ persisted }) => {
    window.isLeft = false;
    window.restored = persisted;
  });

  /** Counts with these gaps, in ms, and is through when the last is written to localStorage. */
  window.count = async (gaps) => {
    for (const gap of gaps) {
      if (window.isLeft) return;
      window.mark = window.writes.length;
      window.maitre.track('ping');
      window.counted += 1;
      await new Promise((resolve) => setTimeout(resolve, gap));
    }
    while (window.writes.length === window.mark) await new Promise((resolve) => setTimeout(resolve, 10));
  };

  /** Whether what this page has written last is kept where a kill can't reach it: the same text lies in the database. */
  window.isKept = async () => {
    const key = window.writes.at(-1);
    const written = localStorage.getItem(key);
    // Folded by another tab: a transaction has it.
    if (written === null) return true;
    if (!(await indexedDB.databases()).some(({ name, version }) => name === 'maitre' && version > 0)) return false;
    const opening = indexedDB.open('maitre');
    const database = await new Promise((resolve) => (opening.onsuccess = () => resolve(opening.result)));
    const values = [...database.objectStoreNames].map((name) => database.transaction(name).objectStore(name).getAll());
    const found = await Promise.all(values.map((reading) => new Promise((resolve) => (reading.onsuccess = () => resolve(reading.result)))));
    database.close();
    return found.flat().includes(written);
  };
}

let house;
let proxy;
before(async () => {
  house = await serveHouse();
  proxy = await recordingProxy(house);
  house.put('/t/watch.js', `(${watch})()`);
  house.put('/t/bare.html', '<!doctype html><link rel="icon" href="data:,">');
  house.shop(PATH, { offers: COUNT, consent: 'profile', head: '<script src="/t/watch.js"></script>' });
});
after(async () => {
  await house?.close();
  await proxy?.close();
});

async function enter(browser, ahead = 0) {
  const tab = await browser.open(`${house.url}${PATH}?ahead=${ahead}`);
  await ready(tab);
  return tab;
}

async function reload(tab) {
  await tab.reload();
  await ready(tab);
}

const count = (tab, gaps) => tab.evaluate((gaps) => window.count(gaps), gaps);
const kept = (tab) => until(() => tab.evaluate(() => window.isKept()));
const gapsOf = (random, times, longest) => Array.from({ length: times }, () => Math.floor(random() * longest));

/** Until so many are known, and a page that begins anew knows as many. */
async function knows(tab, expected) {
  try {
    await until(async () => (await pings(tab)) === expected, 8000);
  } catch {
    assert.equal(await pings(tab), expected);
  }
  await reload(tab);
  assert.equal(await pings(tab), expected, 'after a reload');
}

for (const name of ENGINES) {
  describe(name, { timeout: 600_000 }, () => {
    const random = chance(20261128);
    let browser;
    before(async () => void (browser = await launch(name, { proxy })));
    after(() => browser?.close());

    test('six tabs count at once, two are closed in the midst of it, then the process of one is killed: none is lost', async () => {
      const tabs = await Promise.all(Array.from({ length: 6 }, () => enter(browser)));
      const closing = tabs.slice(0, 2);
      for (const [i, tab] of closing.entries()) await tab.evaluate((i) => void (window.name = String(i)), i);
      await Promise.all(tabs.map((tab) => tab.evaluate((gaps) => void (window.counting = window.count(gaps)), gapsOf(random, 20, 60))));
      for (const tab of closing) {
        await until(() => tab.evaluate(() => window.counted > 5));
        await tab.close();
      }
      const others = tabs.slice(2);
      await Promise.all(others.map((tab) => tab.evaluate(() => window.counting.then(() => true))));
      // Timers of tabs that are not in front come late, and what was counted as a page was left is told by it.
      await until(() => others[0].evaluate(() => ['0', '1'].every((name) => localStorage.getItem(`counted:${name}`) !== null)));
      const said = await others[0].evaluate(() => ['0', '1'].map((name) => Number(localStorage.getItem(`counted:${name}`))));
      let expected = said[0] + said[1] + 20 * others.length;

      await others[0].killRenderer();
      const alive = [...browser.tabs];
      await Promise.all(alive.map((tab) => count(tab, gapsOf(random, 10, 20))));
      expected += 10 * alive.length;
      const last = await enter(browser);
      await knows(last, expected);
      for (const tab of [...browser.tabs]) await tab.close();
    });

    test('a page that is kept for going back, and one that stood still while another folded what it wrote, go on counting', async (context) => {
      const tab = await enter(browser);
      let expected = await pings(tab);
      await count(tab, [0, 0]);
      await tab.goto(`${house.url}/t/bare.html`);
      const other = await enter(browser);
      await count(other, [0]);
      await tab.back();
      await until(() => tab.evaluate(() => location.pathname === '/t/count.html' && document.readyState === 'complete'));
      context.diagnostic(`${name}: kept for going back: ${await tab.evaluate(() => window.restored)}`);
      await ready(tab);
      await count(tab, [0, 0, 0]);
      expected += 6;
      await until(async () => (await pings(tab)) === expected);

      const silent = [tab, other];
      if ((await tab.renderer()) === (await other.renderer())) context.diagnostic(`${name}: both tabs share a process`);
      const { thaw } = await tab.freeze();
      const folder = await enter(browser, SILENCE).catch((error) => {
        thaw();
        throw error;
      });
      await until(() => folder.evaluate(() => localStorage.getItem('maitre') !== null));
      thaw();
      for (const each of silent) {
        await each.evaluate((ahead) => void (window.ahead = ahead), SILENCE);
        await count(each, [0, 0]);
      }
      expected += 4;
      await knows(folder, expected);
      for (const each of [...browser.tabs]) await each.close();
    });

    test('the browser is killed again and again: what was flushed is there, once', async () => {
      let first = await enter(browser);
      let expected = await pings(first);
      await first.close();
      let ahead = SILENCE;
      for (let round = 0; round < 4; round += 1) {
        const tabs = await Promise.all(Array.from({ length: 4 }, () => enter(browser, ahead)));
        const rows = tabs.map(() => gapsOf(random, 3 + Math.floor(random() * 12), 80));
        await Promise.all(tabs.map((tab, i) => count(tab, rows[i])));
        await Promise.all(tabs.map(kept));
        expected += rows.flat().length;
        if (round % 2) {
          // What comes in the last moment may be lost, but harms nothing.
          await Promise.all(tabs.map((tab) => tab.evaluate(() => { for (let i = 0; i < 5; i += 1) window.maitre.track('ping'); })));
          await new Promise((resolve) => setTimeout(resolve, random() * 500));
        } else if (round) {
          await tabs[0].close();
        }
        await browser.kill();
        browser = await browser.restart();

        // All that was left behind is folded now; it may be killed in the midst of that, too.
        ahead += SILENCE;
        if (round > 1) {
          await enter(browser, ahead);
          await new Promise((resolve) => setTimeout(resolve, random() * 800));
          await browser.kill();
          browser = await browser.restart();
        }
        first = await enter(browser, ahead);
        if (round % 2) {
          await until(async () => (await pings(first)) >= expected);
          const found = await pings(first);
          assert.ok(found <= expected + 20, `${found} of at most ${expected + 20}`);
          expected = found;
        }
        await knows(first, expected);
        await first.close();
      }
    });
  });
}
