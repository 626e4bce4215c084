// Nothing leaves: a walk through the whole shop, in each engine, with a strict policy, and all that was asked for written down.

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { CSP, ROOTS } from '../../tools/serve.mjs';
import { serveHouse } from '../browser/house.mjs';
import { inEach, ready, until } from './fixtures.mjs';

/** The shop's own policy, without any Trusted Type at all; what it forbids is told by a request, which is written down, too. */
const STRICT = `${CSP}; trusted-types 'none'; report-uri /violation`;

const SHOP = readdirSync(ROOTS['/'], { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => `/${join(entry.parentPath ?? entry.path, entry.name).slice(ROOTS['/'].length).replace(/^\//, '')}`);
const PAGES = SHOP.filter((path) => path.endsWith('/index.html')).map((path) => path.replace('index.html', '')).sort();

/** All of Maitre that a page may fetch. */
const PARTS = ['maitre.js', 'maitre.wasm', 'ahead.js', 'measurement.js', 'overlays.js', 'privacy.js', 'safekeeping.js', 'signals.js'].map((name) => `/maitre/${name}`);
// Browsers ask for the icon by themselves, whatever a page says of it.
const ALLOWED = new Set([...SHOP, ...PAGES, ...PARTS, '/favicon.ico']);

let house;
before(async () => {
  house = await serveHouse({ csp: STRICT });
});
after(() => house?.close());

/** What a visitor does on a page, beside what they do on all. Presses are real keys. */
const DOINGS = {
  async '/'(tab) {
    await click(tab, 'Pointer leaves');
    await click(tab, 'Back from another tab');
  },
  async '/running/canter/'(tab) {
    await focus(tab, 'form[data-add] button');
    await tab.press('Enter');
    await until(() => tab.evaluate(() => document.querySelector('maitre-toast')?.dataset.offer === 'socks-that-match'));
    await tab.press('Escape');
    await until(() => tab.evaluate(() => !document.querySelector('maitre-toast')));
  },
  async '/hiking/corrie-24/'(tab) {
    await focus(tab, 'form[data-add] button');
    await tab.press('Space');
    await until(() => tab.evaluate(() => document.querySelector('form[data-add] [role=status]').textContent.includes('is in your cart')));
  },
  async '/guide/first-runs/'(tab) {
    await tab.evaluate(() => {
      document.querySelector('#letter input[type=email]').value = 'who@lopenfell.example';
      document.querySelector('#letter').requestSubmit();
    });
  },
  async '/remembered/'(tab) {
    const box = () => document.querySelector('maitre-privacy').shadowRoot?.querySelector('input[type=checkbox]');
    await until(() => tab.evaluate(`() => Boolean((${box})())`));
    await tab.evaluate(`() => (${box})().focus()`);
    await tab.press('Space');
    await until(() => tab.evaluate(`() => (${box})().checked`));
  },
  async '/about/'(tab) {
    for (const level of ['visit', 'memory', 'off', 'profile']) await tab.evaluate((level) => window.maitre.consent(level), level);
    await tab.evaluate(() => window.maitre.forget());
  },
};

inEach(() => house, (engine) => {
  test('what breaks the policy is seen, and what asks elsewhere, and a cookie', async () => {
    house.put('/t/wrong.html', '<!doctype html><link rel="icon" href="data:,"><script src="/t/wrong.js"></script>', { headers: { 'set-cookie': 'taste=sweet' } });
    house.put('/t/wrong.js', 'try { document.createElement("p").innerHTML = "<b>x</b>" } catch {}');
    house.put('/t/elsewhere.html', '<!doctype html><link rel="icon" href="data:,"><script src="/t/elsewhere.js"></script>', { headers: { 'content-security-policy': "default-src *" } });
    house.put('/t/elsewhere.js', 'navigator.sendBeacon("http://elsewhere.example/", "x")');
    const seen = engine.proxy.requests.length;
    const tab = await engine.browser.open(`${house.url}/t/wrong.html`);
    await until(() => engine.proxy.requests.slice(seen).some(({ path, method }) => path === '/violation' && method === 'POST'));
    assert.match(await tab.evaluate(() => document.cookie), /sweet/);
    await tab.goto(`${house.url}/t/elsewhere.html`);
    await until(() => engine.proxy.requests.slice(seen).some(({ url }) => url === 'http://elsewhere.example/'));
    assert.ok(engine.proxy.requests.slice(seen).some(({ setCookie }) => setCookie));
    assert.ok(engine.proxy.requests.slice(seen).some(({ cookie }) => cookie));
    await tab.evaluate(() => void (document.cookie = 'taste=; max-age=0'));
    await tab.close();
  });

  test('a walk through the shop asks for its own files and no more, and once a page is loaded for nothing', async () => {
    const from = engine.proxy.requests.length;
    const asked = (since) => engine.browser.asked(engine.proxy.requests.slice(since));
    const tab = await engine.browser.open(`${house.url}/`);
    // By day, so that there is something to see.
    await tab.evaluate(() => localStorage.setItem('lopenfell.demo.clock', String(((34 - new Date().getHours()) % 24) * 3_600_000)));
    const late = [];
    const visit = async (go, does = async () => {}) => {
      await go();
      await loaded(tab);
      const since = engine.proxy.requests.length;
      const path = await tab.evaluate(() => location.pathname);
      await does(tab);
      await tab.evaluate(everywhere);
      assert.equal(await tab.evaluate(() => document.cookie), '', path);
      // Pictures that come into view only now, an offer's too, are the shop's.
      late.push(...asked(since).filter((request) => !/^\/(img\/|favicon\.ico$)/.test(request.path ?? '')).map((request) => `${path}: ${request.method} ${request.url}`));
    };

    // First what is offered over the page: after a purchase, say, it rests.
    const first = '/running/canter/';
    await visit(() => tab.goto(house.url + first), DOINGS[first]);
    for (const path of PAGES.filter((path) => path !== first)) await visit(() => tab.goto(house.url + path), DOINGS[path]);
    await visit(() => tab.goto(`${house.url}/search/?q=shoe`));
    // Links that are clicked, back again, and an order.
    await visit(async () => {
      await tab.evaluate(() => document.querySelector('#results a').click());
      await until(() => tab.evaluate(() => location.pathname !== '/search/'));
    });
    await visit(async () => {
      await tab.back();
      await until(() => tab.evaluate(() => location.pathname === '/search/'));
    });
    await visit(() => tab.goto(`${house.url}/running/canter/`), DOINGS['/hiking/corrie-24/']);
    await visit(() => tab.goto(`${house.url}/cart/`), () =>
      tab.evaluate(() => {
        const quantity = document.querySelector('#cart select');
        quantity.value = '2';
        quantity.dispatchEvent(new Event('change'));
      }),
    );
    await visit(() => tab.goto(`${house.url}/checkout/`));
    await visit(async () => {
      await tab.evaluate(() => document.querySelector('#checkout').requestSubmit());
      await until(() => tab.evaluate(() => location.pathname === '/thanks/'));
    });
    await visit(() => tab.goto(`${house.url}/remembered/`), async () => {
      const forget = () => [...(document.querySelector('maitre-privacy').shadowRoot?.querySelectorAll('button') ?? [])].find(({ textContent }) => textContent === 'Forget all of it');
      await until(() => tab.evaluate(`() => Boolean((${forget})())`));
      await tab.evaluate(`() => (${forget})().click()`);
      // That nothing comes can only be waited for: longer than anything is put off.
      await new Promise((resolve) => setTimeout(resolve, 2000));
    });

    assert.deepEqual(late, []);
    const all = asked(from);
    assert.deepEqual(all.filter(({ method, path }) => method !== 'GET' || !ALLOWED.has(path?.replace(/[?#].*/, ''))).map(({ method, url }) => `${method} ${url}`), []);
    assert.deepEqual(all.filter(({ cookie, setCookie }) => cookie || setCookie).map(({ url }) => url), []);
    // The walk was one: every page was seen, and every part of Maitre was there.
    for (const path of [...PAGES, ...PARTS]) assert.ok(all.some((request) => request.path?.replace(/\?.*/, '') === path), `${path} was not asked for`);
    await tab.close();
  });
});

/** Until the page and what Maitre fetches for it is there; what keeps it safe and what looks ahead is the last. */
async function loaded(tab) {
  await ready(tab);
  await until(() =>
    tab.evaluate(() => {
      const there = performance.getEntriesByType('resource').filter(({ responseEnd }) => responseEnd > 0).map(({ name }) => new URL(name).pathname);
      return document.readyState === 'complete' && ['ahead', 'safekeeping'].every((part) => there.includes(`/maitre/${part}.js`));
    }),
  );
}

/** Runs in the page: what a page and its visitor may do anywhere. */
async function everywhere() {
  const { maitre } = window;
  window.dataLayer.push({ event: 'view_item', ecommerce: { items: [{ item_id: 'LF-101', item_category: 'running' }] } });
  window.dataLayer.push({ event: 'sign_up', method: 'email', email: 'who@lopenfell.example' });
  maitre.track('purchase', { value: 9 });
  maitre.set({ plan: 'pro' });
  for (const { dataset } of document.querySelectorAll('[data-placement]')) {
    maitre.decide(dataset.placement);
    maitre.explain(dataset.placement);
  }
  maitre.explain('overlay');
  maitre.interests();
  scrollTo(0, document.body.scrollHeight);
  history.replaceState(null, '', location.href);
  for (let frames = 0; frames < 3; frames += 1) await new Promise((resolve) => requestAnimationFrame(resolve));
  scrollTo(0, 0);
}

const focus = (tab, selector) => tab.evaluate((selector) => document.querySelector(selector).focus(), selector);

const click = (tab, name) =>
  tab.evaluate((name) => [...document.querySelectorAll('button, a')].find(({ textContent }) => textContent.trim() === name).click(), name);
