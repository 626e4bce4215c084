import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openHouse } from './harness.mjs';

let house;
before(async () => {
  house = await openHouse();
});
after(() => house?.close());

test('a page made on the fly opens', async () => {
  house.put('/t/hello.html', '<!doctype html><title>Good evening</title><link rel="icon" href="data:,">');
  const guest = await house.visitor();
  const page = await guest.open('/t/hello.html');
  assert.equal(await page.title(), 'Good evening');
  assert.deepEqual(guest.problems, []);
  assert.deepEqual(guest.requests.map(({ path }) => path), ['/t/hello.html']);
  await guest.close();
});

test('the clock goes on in open tabs, after a reload and in new tabs', async () => {
  house.put('/t/clock.html', '<!doctype html><link rel="icon" href="data:,"><script src="/t/clock.js"></script>');
  house.put('/t/clock.js', 'globalThis.first = Date.now(); globalThis.early = new Date().getTime()');
  const guest = await house.visitor({ now: '2026-11-20T10:00:00Z' });
  const near = (actual, expected) => assert.ok(Math.abs(actual - Date.parse(expected)) < 30_000, `${new Date(actual).toISOString()} is not ${expected}`);
  const page = await guest.open('/t/clock.html');
  near(await page.evaluate(() => first), '2026-11-20T10:00:00Z');
  await guest.pass('2d');
  await guest.pass('1h30m');
  near(await page.evaluate(() => Date.now()), '2026-11-22T11:30:00Z');
  await page.reload();
  near(await page.evaluate(() => early), '2026-11-22T11:30:00Z');
  const other = await guest.open('/t/clock.html');
  near(await other.evaluate(() => first), '2026-11-22T11:30:00Z');
  await guest.pass('-30m');
  near(await other.evaluate(() => new Date().getTime()), '2026-11-22T11:00:00Z');
  assert.equal(await other.evaluate(() => new Date(0).toISOString() + (new Date() instanceof Date)), '1970-01-01T00:00:00.000Ztrue');
  await guest.close();
});

test('what goes wrong is seen: a request elsewhere, an exception, an inline script', async () => {
  house.put('/t/wrong.html', '<!doctype html><link rel="icon" href="data:,"><script>1</script><script src="/t/wrong.js"></script>');
  house.put('/t/wrong.js', 'navigator.sendBeacon("https://elsewhere.example/", "x"); setTimeout(() => { throw new Error("dropped a plate") })');
  const guest = await house.visitor();
  const page = await guest.open('/t/wrong.html');
  await page.waitForTimeout(300);
  const texts = guest.problems.map(({ text }) => text).join('\n');
  assert.match(texts, /dropped a plate/);
  assert.match(texts, /inline script/);
  assert.match(texts, /connect-src/);
  await guest.close();

  house.put('/t/open.html', '<!doctype html><link rel="icon" href="data:,"><script src="/t/wrong.js"></script>', { headers: { 'content-security-policy': "default-src *" } });
  const other = await house.visitor();
  await (await other.open('/t/open.html')).waitForTimeout(300);
  const beacon = other.requests.find(({ url }) => url === 'https://elsewhere.example/');
  assert.ok(beacon?.failed, 'the beacon was neither seen nor stopped');
  await other.close();
});
