// The engines do what the other tests rely on.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { serveHouse } from '../browser/house.mjs';
import { ENGINES, launch } from './engine.mjs';
import { until } from './fixtures.mjs';
import { recordingProxy } from './proxy.mjs';

let house;
let proxy;
before(async () => {
  house = await serveHouse();
  proxy = await recordingProxy(house);
  house.put('/t/plain.html', '<!doctype html><title>Good evening</title><link rel="icon" href="data:,"><script src="/t/plain.js"></script><button>One</button><button>Two</button><input>');
  house.put('/t/plain.js', 'window.heard = []; for (const type of ["keydown", "keyup"]) addEventListener(type, ({ key, shiftKey, isTrusted }) => heard.push([type, key, shiftKey, isTrusted])); addEventListener("pagehide", () => localStorage.setItem("left", "yes"))');
  house.put('/t/away.html', '<!doctype html><title>Away</title><link rel="icon" href="data:,"><script src="/t/away.js"></script>', { headers: { 'content-security-policy': 'default-src *' } });
  house.put('/t/away.js', 'fetch("http://elsewhere.example/plain").catch(() => {}); fetch("https://elsewhere.example/").catch(() => {}).then(() => { window.asked = true })');
});
after(async () => {
  await house?.close();
  await proxy?.close();
});

const focus = () => document.activeElement.textContent || document.activeElement.localName;

for (const name of ENGINES) {
  describe(name, { timeout: 600_000 }, () => {
    let browser;
    before(async () => void (browser = await launch(name, { proxy })));
    after(() => browser?.close());

    test('a page answers, whatever its policy; what it throws is thrown here', async () => {
      const tab = await browser.open(`${house.url}/t/plain.html`);
      assert.deepEqual(await tab.evaluate(async (a, b) => [document.title, a, b, await Promise.resolve(3)], 1, { two: 2 }), ['Good evening', 1, { two: 2 }, 3]);
      assert.equal(await tab.evaluate(() => undefined), null);
      await assert.rejects(tab.evaluate(() => { throw new Error('dropped a plate'); }), /dropped a plate/);
      await tab.goto(`${house.url}/t/plain.html?two`);
      assert.equal(await tab.evaluate(() => location.search), '?two');
      await tab.reload();
      await tab.back();
      await until(async () => (await tab.evaluate(() => location.search)) === '');
      await tab.close();
    });

    test('keys are real: they move the focus', async () => {
      const tab = await browser.open(`${house.url}/t/plain.html`);
      await tab.show();
      await tab.press('Tab', 'Tab');
      assert.equal(await tab.evaluate(focus), 'Two');
      await tab.press('Shift+Tab');
      assert.equal(await tab.evaluate(focus), 'One');
      await tab.press('Tab', 'Tab', 'a');
      assert.equal(await tab.evaluate(() => document.querySelector('input').value), 'a');
      assert.deepEqual((await tab.evaluate(() => window.heard)).at(-2), ['keydown', 'a', false, true]);
      await tab.close();
    });

    test('all that a page asks for goes through the proxy, and all that is closed to it is seen', async () => {
      proxy.requests.length = 0;
      const tab = await browser.open(`${house.url}/t/away.html`);
      await until(() => tab.evaluate(() => window.asked === true));
      await tab.close();
      assert.deepEqual(browser.asked(proxy.requests).map(({ method, path, url }) => `${method} ${path ?? url}`).sort(), [
        'CONNECT elsewhere.example:443',
        'GET /t/away.html',
        'GET /t/away.js',
        'GET http://elsewhere.example/plain',
      ]);
    });

    test('the page of a process that is killed is gone, others are not', async () => {
      const [one, two] = [await browser.open(`${house.url}/t/plain.html`), await browser.open(`${house.url}/t/plain.html`)];
      await one.killRenderer();
      assert.equal(browser.tabs.includes(one), false);
      const fresh = await browser.open(`${house.url}/t/plain.html`);
      assert.equal(await fresh.evaluate(() => document.title), 'Good evening');
      if (browser.tabs.includes(two)) assert.equal(await two.evaluate(() => document.title), 'Good evening');
      for (const tab of [...browser.tabs]) await tab.close();
    });

    test('a tab that is closed hears of it; what is stored outlives the browser', async () => {
      const tab = await browser.open(`${house.url}/t/plain.html`);
      const other = await browser.open(`${house.url}/t/plain.html`);
      await tab.evaluate(() => localStorage.clear());
      await tab.close();
      await until(async () => (await other.evaluate(() => localStorage.getItem('left'))) === 'yes');
      await other.evaluate(() => new Promise((resolve, reject) => {
        const opening = indexedDB.open('kept', 1);
        opening.onupgradeneeded = () => opening.result.createObjectStore('kept').put('still here', 'it');
        opening.onsuccess = () => resolve();
        opening.onerror = () => reject(opening.error);
      }));
      await browser.close();
      browser = await browser.restart();
      const again = await browser.open(`${house.url}/t/plain.html`);
      assert.equal(await again.evaluate(() => localStorage.getItem('left')), 'yes');
      assert.equal(await again.evaluate(kept), 'still here');

      await browser.kill();
      browser = await browser.restart();
      const later = await browser.open(`${house.url}/t/plain.html`);
      assert.equal(await later.evaluate(kept), 'still here');
    });
  });
}

function kept() {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open('kept', 1);
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const reading = opening.result.transaction('kept').objectStore('kept').get('it');
      reading.onsuccess = () => resolve(reading.result);
    };
  });
}
