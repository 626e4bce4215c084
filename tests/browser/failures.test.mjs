// A broken part never breaks the page: what is in the HTML stays, the rest runs, and the problem is told.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { heroes, HERO, ready, settled, shown, track } from './fixtures.mjs';
import { openHouse } from './harness.mjs';

let house;
before(async () => {
  house = await openHouse();
});
after(() => house?.close());

let pages = 0;
async function serve({ before, ...shop }) {
  pages += 1;
  const { path } = house.shop(`/t/failures-${pages}.html`, { body: HERO, offers: heroes({ id: 'evening' }), ...shop });
  const guest = await house.visitor();
  const page = await guest.context.newPage();
  await before?.(page, guest);
  await page.goto(path);
  await ready(page);
  return { page, guest, told: () => guest.messages.filter(({ text }) => text.startsWith('maitre: ')).map(({ text }) => text) };
}

/** The page lives on with its fallback, and the maître d' answers whatever is asked. */
async function livesOn({ page, guest }) {
  assert.equal(await shown(page), 'fallback');
  assert.equal(await page.locator('#fallback').isVisible(), true);
  const answers = await page.evaluate(() => {
    const { maitre } = window;
    maitre.track('sign_up', { a: 1 });
    maitre.set({ plan: 'pro' });
    maitre.consent('profile');
    maitre.consent('memory');
    maitre.forget();
    window.dataLayer.push({ event: 'view_item' });
    return [maitre.decide('hero').offer, maitre.explain('hero').shows];
  });
  assert.deepEqual(answers, [null, []]);
  assert.deepEqual(guest.problems.filter(({ kind }) => kind === 'uncaught'), []);
}

test('without the engine the fallback stays', async () => {
  const each = await serve({ before: (page) => page.route('**/maitre.wasm', (route) => route.fulfill({ status: 404 })) });
  await livesOn(each);
  assert.deepEqual(each.told().length, 1);
  assert.match(each.told()[0], /^maitre: .*maitre\.wasm answered 404; /);
  await each.guest.close();
});

test('with a broken engine the fallback stays', async () => {
  const each = await serve({ before: (page) => page.route('**/maitre.wasm', (route) => route.fulfill({ contentType: 'application/wasm', body: 'no wasm' })) });
  await livesOn(each);
  assert.equal(each.told().length, 1);
  await each.guest.close();
});

test('an engine that is served as another type runs', async () => {
  const { page, guest, told } = await serve({
    before: (page) => page.route('**/maitre.wasm', async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, headers: { ...response.headers(), 'content-type': 'application/octet-stream' } });
    }),
  });
  assert.deepEqual(await shown(page), ['evening']);
  assert.deepEqual(told(), []);
  await guest.close();
});

test('without a config the fallback stays', async () => {
  const each = await serve({ before: (page) => page.route('**/*.offers.json', (route) => route.fulfill({ status: 500 })) });
  await livesOn(each);
  assert.match(each.told()[0], /offers\.json answered 500/);
  await each.guest.close();
});

test('a tag that names no config is told so', async () => {
  house.put('/t/bare.html', `<!doctype html><link rel="icon" href="data:,"><script type="module" src="/maitre/maitre.js"></script>${HERO}`);
  const guest = await house.visitor();
  const page = await guest.open('/t/bare.html');
  await ready(page);
  assert.equal(await shown(page), 'fallback');
  assert.match(guest.messages[0].text, /`data-offers`/);
  assert.deepEqual(guest.requests.map(({ path }) => path), ['/t/bare.html', '/maitre/maitre.js']);
  await guest.close();
});

test('with a config that is not JSON the fallback stays, and where it breaks is told', async () => {
  const each = await serve({ offers: '{\n  "offers": oops' });
  assert.equal(await shown(each.page), 'fallback');
  assert.equal(await each.page.locator('#fallback').isVisible(), true);
  assert.match(each.told()[0], /^maitre: failures-\d+\.offers\.json:2:\d+ /);
  await each.guest.close();
});

test('one bad offer is left out and told; the others run', async () => {
  const offers = heroes({ id: 'bad', eligible: { 'page.pth': '/' } }, { id: 'good' });
  const { page, guest, told } = await serve({ offers });
  assert.deepEqual(await shown(page), ['good']);
  assert.equal(told().length, 1);
  assert.match(told()[0], /^maitre: failures-\d+\.offers\.json:1:\d+ \$\.offers\[0\].*page\.pth.*; .*page\.path/);
  await guest.close();
});

test('problems from before are told to the first who listens', async () => {
  const { page, guest } = await serve({ offers: heroes({ id: 'bad', eligible: { 'page.pth': '/' } }) });
  const heard = await page.evaluate(() => {
    const heard = [[], []];
    window.maitre.on('problem', (problem) => heard[0].push(problem));
    window.maitre.on('problem', (problem) => heard[1].push(problem));
    window.maitre.consent('everything');
    return heard;
  });
  assert.equal(heard[0].length, 2);
  assert.equal(heard[0][0].offer, 'bad');
  assert.equal(heard[0][0].severity, 'error');
  assert.deepEqual(heard[1], [heard[0][1]]);
  assert.match(heard[1][0].what, /everything/);
  await guest.close();
});

test('a page template that is missing is told, and the fallback stays', async () => {
  const { page, guest, told } = await serve({ offers: heroes({ id: 'evening', content: { template: 'nowhere', title: 'x' } }) });
  assert.equal(await shown(page), 'fallback');
  assert.equal(await page.locator('#fallback').isVisible(), true);
  assert.match(told()[0], /`<template id="nowhere">`/);
  await guest.close();
});

const blocked = (name) => (page) =>
  page.addInitScript((name) => {
    Object.defineProperty(window, name, {
      get() {
        throw new DOMException('denied', 'SecurityError');
      },
    });
  }, name);

for (const consent of ['memory', 'visit', 'profile']) {
  for (const name of ['localStorage', 'sessionStorage', 'indexedDB']) {
    test(`with ${name} blocked it runs at consent ${consent}`, async () => {
      const { page, guest, told } = await serve({ consent, before: blocked(name), offers: heroes({ id: 'fan', eligible: { $did: { event: 'view_item' } } }) });
      await track(page, 'view_item');
      assert.deepEqual(await shown(page), ['fan']);
      await page.waitForTimeout(300);
      await track(page, 'view_item');
      assert.deepEqual(await shown(page), ['fan']);
      assert.deepEqual(guest.problems, []);
      const isNeeded = (consent === 'visit' && name === 'sessionStorage') || (consent === 'profile' && name === 'localStorage');
      assert.equal(told().length, isNeeded ? 1 : 0, told().join('\n'));
      await guest.close();
    });
  }
}

test('with a full storage it runs, and tells once', async () => {
  const { page, guest, told } = await serve({
    consent: 'profile',
    offers: heroes({ id: 'fan', eligible: { $did: { event: 'view_item' } } }),
    before: (page) => page.addInitScript(() => localStorage.setItem('ballast', 'x'.repeat(5 * 1024 * 1024 - 7))),
  });
  await track(page, 'view_item');
  await page.waitForTimeout(300);
  await track(page, 'view_item');
  await page.waitForTimeout(300);
  assert.deepEqual(await shown(page), ['fan']);
  assert.equal(told().length, 1, told().join('\n'));
  assert.match(told()[0], /nothing can be kept/);
  assert.deepEqual(guest.problems, []);
  await guest.close();
});

test('what lies broken in storage is passed over, and told once', async () => {
  const junk = ['', 'x', '1', '1 - ', '1 - 1.AAAA.????', '99999999999999999999 a,b 1.', 'NaN NaN NaN', '1 - 1.'.padEnd(5000, 'Z'), '\u0000', '{"a":1}'];
  const { page, guest, told } = await serve({
    consent: 'profile',
    offers: heroes({ id: 'fan', eligible: { $did: { event: 'view_item' } } }),
    before: (page) =>
      page.addInitScript((junk) => {
        localStorage.setItem('maitre', junk[4]);
        sessionStorage.setItem('maitre:tab', 'x y z');
        junk.forEach((text, i) => localStorage.setItem(`maitre:junk${i}`, text));
      }, junk),
  });
  await track(page, 'view_item');
  assert.deepEqual(await shown(page), ['fan']);
  assert.deepEqual(told(), ['maitre: some of what was stored is damaged; nothing to do: the rest is used']);
  assert.deepEqual(guest.problems, []);
  await guest.close();
});

test('a trap in the engine turns it off: one problem, all back to the fallback', async () => {
  const each = await serve({
    consent: 'profile',
    offers: heroes({ id: 'evening', cap: { exposures: 9 }, eligible: { 'visit.number': { $gte: 1 } } }),
    before: (page) =>
      page.addInitScript(() => {
        const { Instance } = WebAssembly;
        WebAssembly.Instance = function (module, imports) {
          const { exports } = new Instance(module, imports);
          const trapping = Object.entries(exports).map(([name, value]) => [
            name,
            name !== 'core_call'
              ? value
              : (...given) => {
                  if (window.trap) throw new WebAssembly.RuntimeError('unreachable');
                  return value(...given);
                },
          ]);
          return { exports: Object.fromEntries(trapping) };
        };
      }),
  });
  assert.deepEqual(await shown(each.page), ['evening']);
  await each.page.waitForTimeout(300);
  const kept = () => each.page.evaluate(() => JSON.stringify(localStorage));
  const trap = () =>
    each.page.evaluate(() => {
      window.trap = true;
      window.maitre.track('sign_up');
    });
  const before = await kept();
  assert.notEqual(before, '{}');
  await trap();
  assert.equal(await shown(each.page), 'fallback');
  assert.equal(each.told().length, 1);
  assert.match(each.told()[0], /the engine has stopped: .*unreachable; /);

  // It steps aside for the visit: the next page doesn't even fetch it, and what was kept is left as it is.
  const asked = each.guest.requests.length;
  await each.page.reload();
  await ready(each.page);
  assert.equal(await shown(each.page), 'fallback');
  assert.equal(each.guest.requests.slice(asked).some(({ path }) => path?.endsWith('.wasm')), false);
  assert.match(each.told()[1], /its engine stopped on a page before; the fallbacks stay for this visit/);
  assert.equal(await kept(), before);
  await each.guest.pass('31m');
  await each.page.reload();
  await ready(each.page);
  assert.deepEqual(await shown(each.page), ['evening']);
  await trap();
  await livesOn(each);
  await each.guest.close();
});

test("what a page hands in can't do harm", async () => {
  const { page, guest } = await serve({});
  await page.evaluate(() => {
    const { maitre } = window;
    const loop = { name: 'loop' };
    loop.self = loop;
    const thrower = { get price() { throw new Error('no'); } };
    for (const odd of [undefined, null, 1, 'text', [], loop, thrower, window, document.body, () => {}, Symbol('x'), 10n, { n: 10n, f() {}, d: document, s: Symbol('x') }, new Proxy({}, { ownKeys() { throw new Error('no'); } })]) {
      maitre.track('sign_up', odd);
      maitre.set(odd);
      maitre.decide(odd);
      maitre.explain(odd);
      maitre.consent(odd);
      window.dataLayer.push(odd);
      window.dataLayer.push({ event: 'sign_up', odd });
      window.dataLayer.push({ event: odd, ecommerce: odd });
      (function () { window.dataLayer.push(arguments); })('event', odd, odd);
    }
  });
  await settled(page);
  assert.deepEqual(await shown(page), ['evening']);
  assert.deepEqual(guest.problems, []);
  await guest.close();
});

test('starting twice gives the same', async () => {
  const { page, guest } = await serve({});
  const same = await page.evaluate(async () => {
    const { start } = await import('/maitre/index.js');
    const one = start({ offers: { placements: { hero: {} }, offers: [] } });
    return one === start({ offers: '/elsewhere.json' }) && one !== window.maitre && (await one).then === undefined;
  });
  assert.equal(same, true);
  assert.deepEqual(await shown(page), ['evening']);
  await guest.close();
});
