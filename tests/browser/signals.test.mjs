// Signals: what the visitor does that may be the moment for an offer. The module by itself, with a mouse, a finger and a clock.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { eventually, handClock } from './fixtures.mjs';
import { openHouse } from './harness.mjs';

const NOTHING = { exit_intent: false, return_to_tab: false, scroll: [], idle: [], dwell: [] };

/** Runs in the page; as the core, it leaves out the active times that were told. */
const SCRIPT = `
  import { signals } from './signals';
  const asked = JSON.parse(document.body.dataset.needs);
  window.told = [];
  window.failed = [];
  let passed = 0;
  window.needs = () => asked && ({ signals: { ...asked, dwell: asked.dwell.filter((point) => point > passed) }, events: [], overlays: true });
  const tell = (kind, value) => {
    told.push([kind, value]);
    sessionStorage.told = (sessionStorage.told ?? '') + kind + ' ' + value + ';';
    if (kind === 'dwell') passed = value;
  };
  const guard = (work) => (...args) => { try { work(...args) } catch (error) { failed.push(String(error)) } };
  window.watched = signals({ needs: () => window.needs(), tell, whenLeft: (heard) => addEventListener('pagehide', heard), guard });
  window.turn = () => { watched.leave(); passed = 0; watched.again() };
  watched.again();
  addEventListener('pageshow', ({ persisted }) => persisted && turn());
`;

let house;
before(async () => {
  house = await openHouse({ bfcache: true });
  const { outputFiles } = await build({
    stdin: { contents: SCRIPT, resolveDir: fileURLToPath(new URL('../../js', import.meta.url)), loader: 'ts' },
    bundle: true,
    format: 'esm',
    write: false,
  });
  house.put('/t/signals.js', outputFiles[0].text);
  house.put('/t/signals.css', 'body { margin: 0 } #long { height: 4000px } #low { height: 100px }');
});
after(() => house?.close());

/** A page that needs some signals. By its clock an hour may pass at once, if `byHand`. */
async function open(needs, { body = '<div id="long">A page</div>', byHand = true, path = '/t/signals.html', headers, init, ...options } = {}) {
  const text = JSON.stringify(needs && { ...NOTHING, ...needs }).replaceAll('"', '&quot;');
  house.put(
    path,
    `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"><title>A page</title><link rel="stylesheet" href="/t/signals.css"><script type="module" src="/t/signals.js"></script><body data-needs="${text}">${body}</body></html>`,
    { headers },
  );
  const guest = await house.visitor({ viewport: { width: 800, height: 600 }, ...options });
  if (byHand) await handClock(guest);
  if (init) await guest.context.addInitScript(init);
  const page = await guest.open(path);
  const pass = (ms) => guest.context.clock.runFor(ms);
  const told = () => page.evaluate(() => window.told.splice(0));
  /** Ends it all: nothing may have gone wrong meanwhile. */
  const done = async () => {
    assert.deepEqual(await page.evaluate(() => window.failed), []);
    assert.deepEqual(guest.problems, []);
    await guest.close();
  };
  return { guest, page, pass, told, done };
}

/** The tab is hidden, or seen again. */
const hide = (page, hidden) =>
  page.evaluate((hidden) => {
    Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);

const EXIT = ['exit_intent', ''];
const PHONE = { viewport: { width: 390, height: 800 }, screen: { width: 390, height: 800 }, hasTouch: true, isMobile: true };

test('exit: the mouse leaves over the top, once for each time it does', async () => {
  const { page, pass, told, done } = await open({ exit_intent: true });
  await pass(1000);
  await page.mouse.move(300, 300);
  await page.mouse.move(300, 20, { steps: 4 });
  assert.deepEqual(await told(), []);
  await page.mouse.move(300, -5, { steps: 2 });
  assert.deepEqual(await told(), [EXIT]);
  await page.mouse.move(320, -8);
  assert.deepEqual(await told(), []);
  await page.mouse.move(300, 300);
  await page.mouse.move(300, -1);
  assert.deepEqual(await told(), [EXIT]);
  await done();
});

test('exit: not over another edge, in the first second, with a button held, into a frame, nor when nobody asks', async () => {
  house.put('/t/frame.html', '<p>A frame</p>');
  const { page, pass, told, done } = await open({ exit_intent: true }, { body: '<iframe src="/t/frame.html"></iframe><p>A page</p>', headers: { 'content-security-policy': "default-src 'self' data:" } });
  const leave = async (x, y) => {
    await page.mouse.move(400, 300);
    await page.mouse.move(x, y);
  };
  await pass(900);
  await leave(400, -5);
  assert.deepEqual(await told(), [], 'the first second');
  await pass(100);
  for (const [x, y] of [[-5, 300], [805, 300], [400, 605], [50, 0], [50, 50]]) await leave(x, y);
  assert.deepEqual(await told(), [], 'other ways');
  await page.mouse.move(400, 300);
  await page.mouse.down();
  await page.mouse.move(400, -5);
  await page.mouse.up();
  assert.deepEqual(await told(), [], 'with a button held');
  await leave(400, -5);
  assert.deepEqual(await told(), [EXIT]);
  await done();

  const other = await open({ return_to_tab: true });
  await other.pass(1000);
  await other.page.mouse.move(300, 300);
  await other.page.mouse.move(300, -5);
  assert.deepEqual(await other.told(), []);
  await other.done();
});

test("exit: not where the list of a `select` lies over the page", async () => {
  const { page, pass, told, done } = await open({ exit_intent: true }, { body: '<select><option>A<option>B</select>' });
  await pass(1000);
  await page.mouse.move(20, 15);
  // Over the list the select's own document sees the mouse leave.
  await page.evaluate(() => document.querySelector('select').dispatchEvent(new MouseEvent('mouseout', { bubbles: true, clientX: 20, clientY: -3 })));
  assert.deepEqual(await told(), []);
  await done();
});

/** A finger draws over the page, up the page when `distance` (px) is positive, by `step` px each frame or two. */
async function draw(page, distance, step) {
  const cdp = await page.context().newCDPSession(page);
  let y = distance > 0 ? 100 : 700;
  const end = y + distance;
  const touch = (type) => cdp.send('Input.dispatchTouchEvent', { type, touchPoints: type === 'touchEnd' ? [] : [{ x: 200, y }] });
  await touch('touchStart');
  while (y !== end) {
    y += Math.sign(distance) * Math.min(step, Math.abs(end - y));
    await touch('touchMove');
  }
  await touch('touchEnd');
  await cdp.detach();
}

test('exit: a flick back up, not a slow way up, nor one that the page makes', async () => {
  const { page, told, done } = await open({ exit_intent: true }, { byHand: false, ...PHONE });
  await page.waitForTimeout(1000);
  await draw(page, -600, 120);
  await page.evaluate(() => scrollTo(0, 2500));
  assert.deepEqual(await told(), []);
  await draw(page, 500, 15);
  assert.deepEqual(await told(), [], 'slowly');
  await page.evaluate(() => scrollTo(0, 2500));
  await draw(page, 600, 120);
  assert.deepEqual(await eventually(told, [EXIT], 500), [EXIT], 'a flick');
  await page.waitForTimeout(300);
  assert.deepEqual(await told(), [], 'once');

  await page.evaluate(() => scrollTo(0, 2500));
  await page.touchscreen.tap(200, 400);
  await page.evaluate(() => scrollTo({ top: 0, behavior: 'smooth' }));
  await page.waitForFunction(() => scrollY === 0);
  assert.deepEqual(await told(), [], 'a button that leads to the top');

  await page.evaluate(() => scrollTo(0, 350));
  await draw(page, 350, 120);
  assert.deepEqual(await told(), [], 'near the top');
  await done();
});

test('exit: the finger goes back in the page, before the page itself changes; not to a fragment, nor on', async () => {
  const { page, told, done } = await open({ exit_intent: true }, { byHand: false, ...PHONE });
  await page.waitForTimeout(1000);
  await page.evaluate(() => {
    history.pushState(null, '', '?next');
    location.hash = 'down';
  });
  await page.evaluate(() => history.back());
  await page.waitForFunction(() => !location.hash);
  assert.deepEqual(await told(), []);
  await page.evaluate(() => history.back());
  await page.waitForFunction(() => !location.search);
  assert.deepEqual(await told(), [EXIT]);
  await page.evaluate(() => history.forward());
  await page.waitForFunction(() => location.search);
  assert.deepEqual(await told(), []);
  await done();
});

test('exit: the finger goes back to the page before, and that page may show it', async () => {
  const { page, told, done } = await open({ exit_intent: true }, { byHand: false, ...PHONE });
  await page.goto('/t/signals.html?two');
  await page.waitForTimeout(1000);
  assert.deepEqual(await told(), []);
  await page.evaluate(() => setTimeout(() => history.back()));
  await page.waitForURL(/html$/, { waitUntil: 'commit' });
  assert.equal(await page.evaluate(() => sessionStorage.told), 'exit_intent ;');
  await done();
});

test('exit: back without the Navigation API is told when the page has changed', async () => {
  const init = () => Object.defineProperty(window, 'navigation', { value: undefined });
  const { page, told, done } = await open({ exit_intent: true }, { byHand: false, init, ...PHONE });
  await page.evaluate(() => {
    addEventListener('popstate', () => window.told.push(['page', location.search + location.hash]));
    history.pushState(null, '', '?next');
    window.turn();
    location.hash = 'down';
  });
  await page.waitForTimeout(1000);
  await page.evaluate(() => history.back());
  await page.waitForFunction(() => !location.hash);
  await page.evaluate(() => history.back());
  await page.waitForFunction(() => !location.search);
  await page.waitForTimeout(20);
  const all = await told();
  assert.deepEqual(all.slice(-2), [['page', ''], EXIT]);
  assert.equal(all.filter(([kind]) => kind === 'exit_intent').length, 1, 'not back to a fragment');
  await done();
});

test('return: seen again after it was hidden, and not when it is seen first', async () => {
  const { page, told, done } = await open({ return_to_tab: true });
  await hide(page, false);
  assert.deepEqual(await told(), []);
  await hide(page, true);
  assert.deepEqual(await told(), []);
  await hide(page, false);
  assert.deepEqual(await told(), [['return_to_tab', '']]);
  await hide(page, false);
  assert.deepEqual(await told(), []);
  await done();
});

test('return: coming back to a page by going back is none', async () => {
  const { page, told, done } = await open({ return_to_tab: true, dwell: [60_000] }, { byHand: false });
  await page.evaluate(() => (window.isKept = true));
  await page.goto('/t/signals.html?two');
  await page.goBack({ waitUntil: 'commit' });
  await page.waitForFunction(() => window.isKept, undefined, { timeout: 2000 });
  await page.waitForTimeout(100);
  assert.deepEqual((await told()).filter(([kind]) => kind !== 'dwell'), []);
  await done();
});

test('dwell: told at its points, and when the page is hidden', async () => {
  const { page, pass, told, done } = await open({ dwell: [5000, 20_000, 25_000] });
  await pass(4999);
  assert.deepEqual(await told(), []);
  await pass(1);
  assert.deepEqual(await told(), [['dwell', 5000]]);
  await pass(3000);
  await hide(page, true);
  assert.deepEqual(await told(), [['dwell', 8000]]);
  await pass(60_000);
  await hide(page, false);
  assert.deepEqual(await told(), []);
  await pass(11_999);
  assert.deepEqual(await told(), []);
  await pass(1);
  assert.deepEqual(await told(), [['dwell', 20_000]]);
  await pass(10_000);
  assert.deepEqual(await told(), [['dwell', 25_000]], 'the rest of it needs nobody');
  await hide(page, true);
  assert.deepEqual(await told(), []);
  await done();
});

test('dwell: after half a minute without input time does not count, until there is some again', async () => {
  const { page, pass, told, done } = await open({ dwell: [40_000] });
  await pass(20_000);
  await page.mouse.move(10, 10);
  await pass(19_999);
  assert.deepEqual(await told(), []);
  await pass(1);
  assert.deepEqual(await told(), [['dwell', 40_000]]);
  await done();

  for (const input of [(page) => page.mouse.move(10, 10), (page) => page.keyboard.press('a'), (page) => page.mouse.wheel(0, 10)]) {
    const other = await open({ dwell: [40_000] });
    await other.pass(300_000);
    assert.deepEqual(await other.told(), []);
    await input(other.page);
    await other.page.waitForTimeout(100);
    await other.pass(9990);
    assert.deepEqual(await other.told(), []);
    await other.pass(10);
    assert.deepEqual(await other.told(), [['dwell', 40_000]]);
    await other.done();
  }
});

test('dwell: told before another page, in this document or the next', async () => {
  const { page, pass, told, done } = await open({ dwell: [60_000] });
  await pass(7000);
  // As storage does: what is told after this is not kept.
  await page.evaluate(() => addEventListener('pagehide', () => (sessionStorage.told += 'closed;')));
  await page.evaluate(() => window.turn());
  assert.deepEqual(await told(), [['dwell', 7000]]);
  await pass(3000);
  await page.evaluate(() => (sessionStorage.told = ''));
  await page.goto('/t/signals.html?two');
  assert.equal(await page.evaluate(() => sessionStorage.told), 'dwell 3000;closed;');
  await done();
});

test('idle: each stretch tells each point once, and what is hidden is not idle', async () => {
  const { page, pass, told, done } = await open({ idle: [10_000, 40_000] });
  await pass(9000);
  await page.mouse.move(10, 10);
  await pass(9999);
  assert.deepEqual(await told(), []);
  await pass(1);
  assert.deepEqual(await told(), [['idle', 10_000]]);
  await pass(29_999);
  assert.deepEqual(await told(), []);
  await pass(1);
  assert.deepEqual(await told(), [['idle', 40_000]]);
  await pass(600_000);
  assert.deepEqual(await told(), []);
  await page.mouse.move(20, 20);
  await pass(10_000);
  assert.deepEqual(await told(), [['idle', 10_000]]);
  await hide(page, true);
  await pass(600_000);
  assert.deepEqual(await told(), []);
  await hide(page, false);
  await pass(9999);
  assert.deepEqual(await told(), []);
  await pass(1);
  assert.deepEqual(await told(), [['idle', 10_000]]);
  await done();
});

/** Scrolls, and lets the page see it. */
async function scroll(page, top) {
  await page.evaluate((top) => new Promise((resolve) => {
    document.addEventListener('scroll', resolve, { once: true });
    scrollTo(0, top);
  }), top);
  await page.context().clock.runFor(50);
}

test('scroll: the deepest point, told when it passes another of those asked for', async () => {
  const { page, told, done } = await open({ scroll: [0.25, 0.6, 1] });
  await scroll(page, 100);
  assert.deepEqual(await told(), []);
  await scroll(page, 400);
  const [[kind, share]] = await told();
  assert.equal(kind, 'scroll');
  assert.ok(Math.abs(share - 0.25) < 0.001 && share >= 0.25, String(share));
  await scroll(page, 1000);
  await scroll(page, 100);
  await scroll(page, 500);
  assert.deepEqual(await told(), []);
  await scroll(page, 3400);
  assert.deepEqual(await told(), [['scroll', 1]]);
  await page.evaluate(() => window.turn());
  assert.deepEqual(await told(), []);
  await scroll(page, 3000);
  assert.equal((await told()).length, 1, 'another page view');
  await done();
});

test('scroll: not told of a page that does not scroll, nor of what scrolls within one', async () => {
  const { page, pass, told, done } = await open({ scroll: [0.1], idle: [1000] }, { body: '<div id="low">A page</div><textarea rows="2">a\nb\nc\nd\ne\nf</textarea>' });
  await pass(500);
  await page.evaluate(() => document.querySelector('textarea').scrollTo(0, 40));
  await page.waitForTimeout(50);
  await pass(500);
  assert.deepEqual(await told(), [['idle', 1000]]);
  await done();
});

test('nothing is watched that nobody needs, nor before there is an engine, nor after the end', async () => {
  const count = () => {
    window.heard = [];
    for (const target of [document, window, window.navigation]) {
      const add = target.addEventListener;
      target.addEventListener = function (type, ...rest) {
        if (new Error().stack.includes('/t/signals.js')) window.heard.push(type);
        return add.call(this, type, ...rest);
      };
    }
  };
  for (const [needs, types] of [
    [null, []],
    [{}, []],
    [{ exit_intent: true }, ['mouseout']],
    [{ scroll: [0.5] }, ['scroll']],
    [{ return_to_tab: true }, ['visibilitychange']],
    [{ idle: [1000] }, ['keydown', 'pointerdown', 'pointermove', 'scroll', 'touchmove', 'visibilitychange', 'wheel']],
  ]) {
    const { page, pass, told, done } = await open(needs, { body: '', init: count });
    assert.deepEqual(await page.evaluate(() => window.heard.filter((type) => !type.startsWith('page')).sort()), types, JSON.stringify(needs));
    await page.evaluate(() => window.watched.stop());
    await pass(5000);
    await page.mouse.move(20, 20);
    await page.mouse.move(20, -5);
    assert.deepEqual(await told(), []);
    await done();
  }
});
