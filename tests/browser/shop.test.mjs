// The demo shop as a visitor walks through it: with a mouse, a finger and time.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import { eventually, handClock, ready, shown } from './fixtures.mjs';
import { openHouse } from './harness.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** A morning in the middle of a week: no quiet hours. */
const MORNING = '2026-11-24T11:00:00+01:00';
const LARGE = { viewport: { width: 1280, height: 800 } };
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

let house;
before(async () => void (house = await openHouse()));
after(() => house?.close());

const enter = (options = LARGE) => house.visitor({ now: MORNING, timezoneId: 'Europe/Berlin', reducedMotion: 'reduce', ...options });
/** Another page, as far as Maitre has decided there. */
const go = async (page, path) => {
  await page.goto(path, { waitUntil: 'domcontentloaded' });
  await ready(page);
};
/** The offer that is over the page. */
const over = (page) => page.evaluate(() => document.querySelector('maitre-modal, maitre-bar, maitre-toast')?.dataset.offer ?? null);
const overSoon = (page, wanted) => eventually(() => over(page), wanted);
/** Out over the top of the window. */
const leave = async (page) => {
  // Whoever leaves within the first second has not been there.
  await page.waitForTimeout(1050);
  await page.mouse.move(500, 400);
  await page.mouse.move(500, 60, { steps: 3 });
  await page.mouse.move(500, -5);
};
const addToCart = async (page, path) => {
  await go(page, path);
  await page.getByRole('button', { name: 'Add to cart' }).click();
};
/** Ends a walk, in which nothing may have gone wrong. */
const done = async (guest) => {
  assert.deepEqual(guest.problems, []);
  await guest.close();
};

// Most of a walk is waiting, so two visitors walk at a time.
describe('the shop', { concurrency: 2 }, () => {
  test('who leaves the cart behind is asked once; after "Not now" there is nothing more', async () => {
    const guest = await enter();
    const page = await guest.open('/');
    await ready(page);
    await addToCart(page, '/hiking/corrie-24/');
    assert.equal(await over(page), null);
    await page.getByRole('link', { name: 'See the cart' }).click();
    await ready(page);
    await guest.pass('10m');
    await go(page, '/');
    assert.equal(await over(page), null);
    await leave(page);
    assert.equal(await overSoon(page, 'exit-cart'), 'exit-cart');
    assert.equal(await page.getByRole('dialog').count(), 1);
    await page.waitForTimeout(1100);
    await page.getByRole('button', { name: 'Not now' }).click();
    assert.equal(await over(page), null);

    await leave(page);
    assert.equal(await over(page), null, 'once in a visit');
    await guest.pass('2h');
    await go(page, '/hiking/');
    await leave(page);
    assert.equal(await over(page), null, 'a day of rest');
    await guest.pass('2d');
    await go(page, '/');
    await leave(page);
    assert.equal(await over(page), null, 'this one rests for a month');
    await done(guest);
  });

  test('socks come with shoes, once, and go with a click', async () => {
    const guest = await enter();
    const page = await guest.open('/running/canter/');
    await ready(page);
    await page.getByRole('button', { name: 'Add to cart' }).click();
    assert.equal(await overSoon(page, 'socks-that-match'), 'socks-that-match');
    await page.waitForTimeout(1200);
    await page.locator('maitre-toast').getByRole('link', { name: 'Have a look' }).click();
    await page.waitForURL('**/burr-socks/');
    await ready(page);
    await addToCart(page, '/running/scree/');
    assert.equal(await over(page), null);
    await done(guest);
  });

  test('who stays with the shoes is offered help with sizes; who knows the size is not spoken to of sizes again', async () => {
    const guest = await house.visitor({ timezoneId: 'Europe/Berlin', ...PHONE });
    await handClock(guest);
    const page = await guest.open('/guide/');
    await ready(page);
    await guest.context.clock.runFor(25_000);
    await go(page, '/running/canter/');
    assert.equal((await shown(page, 'aside'))[0], 'measure-with-paper');
    await guest.context.clock.runFor(12_000);
    assert.equal(await over(page), null);
    await guest.context.clock.runFor(5_000);
    assert.equal(await over(page), 'help-with-sizes');
    await guest.context.clock.runFor(2_000);
    await page.getByRole('button', { name: 'I know mine' }).click();
    assert.equal(await over(page), null);
    await go(page, '/running/scree/');
    assert.ok(!(await shown(page, 'aside')).includes('measure-with-paper'), 'the family rests');
    await done(guest);
  });

  test('a reader is told of the letter in the second half, and who takes it is not told again', async () => {
    const guest = await enter();
    const page = await guest.open('/guide/first-runs/');
    await ready(page);
    await page.mouse.move(600, 400);
    await page.mouse.wheel(0, 150);
    await page.waitForTimeout(100);
    assert.equal(await over(page), null);
    for (let i = 0; i < 12; i += 1) {
      await page.mouse.wheel(0, 200);
      await page.waitForTimeout(30);
    }
    assert.equal(await overSoon(page, 'letter-for-readers'), 'letter-for-readers');
    await page.waitForTimeout(1200);
    await page.getByRole('link', { name: 'About the letter' }).click();
    assert.equal(await over(page), null);
    await page.getByLabel('Your email address').fill('who@lopenfell.example');
    await page.getByRole('button', { name: 'Send me the letter' }).click();
    assert.match(await page.locator('#letter [role=status]').textContent(), /Thank you/);

    await guest.pass('60d');
    await go(page, '/guide/first-runs/');
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
    await page.waitForTimeout(150);
    assert.equal(await over(page), null);
    await done(guest);
  });

  test('what is remembered can be seen, and struck out', async () => {
    const guest = await enter();
    const page = await guest.open('/running/canter/');
    await ready(page);
    await go(page, '/running/scree/');
    await guest.pass('1d');
    await go(page, '/');
    assert.deepEqual(await shown(page), ['hero-runner']);
    await go(page, '/remembered/');
    const panel = page.locator('maitre-privacy');
    const running = panel.getByRole('checkbox', { name: 'Leave Running alone' });
    await running.focus();
    await page.keyboard.press('Space');
    const said = () => panel.getByRole('status').textContent();
    assert.equal(await eventually(said, 'Running: erased, and left alone from now on.'), 'Running: erased, and left alone from now on.');
    assert.equal(await running.isChecked(), true);
    await go(page, '/');
    assert.equal(await shown(page), 'fallback');
    await go(page, '/remembered/');
    assert.equal(await running.isChecked(), true);
    await panel.getByRole('button', { name: 'Forget all of it' }).click();
    await panel.getByRole('button', { name: 'Yes, forget it' }).click();
    assert.equal(await eventually(said, 'Done. All of it is forgotten.'), 'Done. All of it is forgotten.');
    await go(page, '/');
    assert.deepEqual(await shown(page, 'greeting'), ['greet-new']);
    await done(guest);
  });

  test('a file that was fetched, a search, and what a page says in microdata are known', async () => {
    const guest = await enter();
    const page = await guest.open('/search/?q=size');
    await ready(page);
    assert.deepEqual(await shown(page, 'search-help'), ['search-size']);
    await go(page, '/hiking/beck-bottle/');
    assert.equal(await page.evaluate(() => window.maitre.interests().find(({ topic }) => topic === 'hiking').score > 0.9), true);
    await go(page, '/guide/');
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: /size chart/i }).click()]);
    assert.equal(file.suggestedFilename(), 'size-chart.pdf');
    await go(page, '/search/?q=size');
    assert.equal(await shown(page, 'search-help'), 'fallback');
    await done(guest);
  });

  const PAGES = ['/', '/running/', '/running/canter/', '/running/burr-socks/', '/hiking/beck-bottle/', '/search/?q=shoe', '/guide/', '/guide/first-runs/', '/remembered/', '/about/', '/cart/', '/checkout/', '/thanks/'];

  /** What axe finds that is serious. */
  const complaints = async (page) => {
    await page.evaluate(AXE);
    return page.evaluate(async () =>
      (await window.axe.run({ resultTypes: ['violations'] })).violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`));
  };

  for (const [name, options] of Object.entries({ 'a large window': LARGE, 'a phone': PHONE })) {
    test(`no page of the shop is hard to use, moves while it fills, or is too wide, on ${name}`, async () => {
      const guest = await enter(options);
      await guest.context.addInitScript(() => {
        window.shifts = [];
        new PerformanceObserver((list) => {
          for (const { value, hadRecentInput, sources } of list.getEntries()) if (!hadRecentInput) window.shifts.push([value, sources.map(({ node }) => node?.className || node?.nodeName)]);
        }).observe({ type: 'layout-shift', buffered: true });
      });
      const page = await guest.open('/hiking/corrie-24/');
      await ready(page);
      await page.getByRole('button', { name: 'Add to cart' }).click();
      for (const path of PAGES) {
        await go(page, path);
        assert.deepEqual(await complaints(page), [], path);
        assert.equal(await over(page), null, path);
        const moved = await page.evaluate(() => window.shifts);
        assert.ok(moved.reduce((sum, [value]) => sum + value, 0) < 0.02, `${path} moves: ${JSON.stringify(moved)}`);
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${path} is too wide`);
      }
      await done(guest);
    });

    test(`nor with an offer over it, on ${name}`, async () => {
      for (const [path, wanted, raise] of [
        ['/guide/first-runs/', 'letter-for-readers', (page) => page.evaluate(() => scrollTo(0, document.body.scrollHeight))],
        ['/running/scree/', 'socks-that-match', (page) => page.getByRole('button', { name: 'Add to cart' }).click()],
        ['/', 'exit-cart', flee],
      ]) {
        const guest = await enter(options);
        const page = await guest.open('/hiking/corrie-24/');
        await ready(page);
        if (wanted === 'exit-cart') {
          await page.getByRole('button', { name: 'Add to cart' }).click();
          await go(page, '/cart/');
        }
        await go(page, path);
        await raise(page, options);
        assert.equal(await overSoon(page, wanted), wanted);
        await page.waitForTimeout(200);
        assert.deepEqual(await complaints(page), [], wanted);
        await done(guest);
      }
    });
  }
});

/** A mouse leaves over the top; a finger flicks back to it. */
async function flee(page, options) {
  if (options === LARGE) return leave(page);
  await page.waitForTimeout(1050);
  await page.evaluate(() => scrollTo({ top: 1500, behavior: 'instant' }));
  await page.waitForTimeout(100);
  await page.evaluate(() => {
    document.dispatchEvent(new Event('touchmove'));
    scrollTo({ top: 0, behavior: 'instant' });
  });
}
