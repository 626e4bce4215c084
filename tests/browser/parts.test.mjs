// What only some configs need is fetched only for those, and its absence breaks nothing else.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { card, eventually, HERO, heroes, ready, shown } from './fixtures.mjs';
import { openHouse } from './harness.mjs';

let house;
before(async () => {
  house = await openHouse();
});
after(() => house?.close());

const evening = { id: 'evening', placement: 'hero', content: card('Evening') };
const CONFIGS = {
  nothing: [{ placements: { hero: {} }, offers: [evening] }, []],
  overlays: [{ placements: { hero: {}, over: { kind: 'overlay' } }, offers: [evening, { id: 'over', placement: 'over', content: { template: 'modal', title: 'Over' } }] }, ['overlays.js']],
  signals: [{ placements: { hero: {} }, offers: [evening, { id: 'x', placement: 'hero', trigger: { on: 'exit_intent' }, content: card('X') }] }, ['signals.js']],
  measurement: [{ placements: { hero: {} }, offers: [evening, { id: 'x', placement: 'hero', eligible: { $did: { event: 'file_download' } }, content: card('X') }] }, ['measurement.js']],
};

for (const [name, [offers, parts]] of Object.entries(CONFIGS)) {
  test(`a config that asks for ${name} is served with just that`, async () => {
    const { path } = house.shop(`/t/parts-${name}.html`, { offers, consent: 'visit', body: HERO });
    const guest = await house.visitor();
    const page = await guest.open(path);
    await ready(page);
    assert.deepEqual(await shown(page), ['evening']);
    assert.equal(await page.locator('maitre-modal').count(), name === 'overlays' ? 1 : 0);
    await page.waitForTimeout(300);
    const fetched = guest.requests.map(({ path }) => path).filter((path) => /^\/maitre\/(?!maitre\.)/.test(path)).map((path) => path.replace('/maitre/', ''));
    assert.deepEqual(fetched, parts);
    assert.deepEqual(guest.messages, []);
    await guest.close();
  });
}

test('a profile is served with what keeps it safe', async () => {
  const { path } = house.shop('/t/parts-profile.html', { offers: CONFIGS.nothing[0], consent: 'profile', body: HERO });
  const guest = await house.visitor();
  const page = await guest.open(path);
  await ready(page);
  const fetched = () => guest.requests.map(({ path }) => path).filter((path) => /^\/maitre\/(?!maitre\.)/.test(path));
  assert.deepEqual(await eventually(fetched, ['/maitre/safekeeping.js']), ['/maitre/safekeeping.js']);
  assert.deepEqual(guest.messages, []);
  await guest.close();
});

test('a part that is missing is reported, and the rest goes on', async () => {
  const [offers] = CONFIGS.overlays;
  const { path } = house.shop('/t/parts-missing.html', { offers, body: HERO });
  const guest = await house.visitor();
  const page = await guest.context.newPage();
  await page.route('**/overlays.js', (route) => route.fulfill({ status: 404 }));
  await page.goto(path);
  await ready(page);
  assert.deepEqual(await shown(page), ['evening']);
  const told = () => guest.messages.map(({ text }) => text).filter((text) => text.startsWith('maitre: '));
  assert.deepEqual(await eventually(told, ["maitre: `overlays.js` can't be fetched; put it beside the script"]), ["maitre: `overlays.js` can't be fetched; put it beside the script"]);
  assert.equal(guest.problems.some(({ kind }) => kind === 'uncaught'), false);
  await guest.close();
});

test('a moment is watched for as soon as its part is there', async () => {
  const { path } = house.shop('/t/parts-dwell.html', { offers: heroes({ id: 'then', trigger: { on: { dwell: '1s' } } }, { id: 'evening' }), body: HERO });
  const guest = await house.visitor();
  const page = await guest.open(path);
  await ready(page);
  assert.deepEqual(await shown(page), ['evening']);
  await page.mouse.move(10, 10);
  assert.equal(await eventually(() => page.evaluate(() => window.maitre.decide('hero').offer), 'then'), 'then');
  await guest.close();
});
