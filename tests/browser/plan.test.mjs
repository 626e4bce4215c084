// A plan made ahead: the smaller engine runs it, and what can't be run gives way to the config, or to the fallback.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { heroes, HERO, ready, settled, shown, track } from './fixtures.mjs';
import { openHouse } from './harness.mjs';

const CLI = fileURLToPath(new URL('../../pkg/cli.js', import.meta.url));
const OFFERS = heroes({ id: 'fan', eligible: { $did: { event: 'view_item', where: { item_category: 'running' } } } }, { id: 'evening' });

let house;
let plan;
before(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'maitre-plan-'));
  try {
    writeFileSync(join(folder, 'offers.json'), JSON.stringify(OFFERS));
    execFileSync(process.execPath, [CLI, 'build', join(folder, 'offers.json')], { stdio: 'ignore' });
    plan = readFileSync(join(folder, 'offers.plan'));
  } finally {
    rmSync(folder, { recursive: true });
  }
  house = await openHouse();
});
after(() => house?.close());

let pages = 0;
async function serve(bytes) {
  pages += 1;
  const base = `/t/plan-${pages}`;
  house.put(`${base}.plan`, bytes, { headers: { 'content-type': 'application/octet-stream' } });
  house.put(`${base}.json`, JSON.stringify(OFFERS));
  const tag = `<script type="module" src="/maitre/maitre.js" data-offers="${base}.plan"></script>`;
  house.put(`${base}.html`, `<!doctype html><html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,"><title>Plan</title>${tag}<body>${HERO}</body></html>`);
  const guest = await house.visitor();
  const page = await guest.open(`${base}.html`);
  await ready(page);
  const loaded = () => guest.requests.map(({ path }) => path.replace(base, '')).filter((path) => /wasm|plan|json/.test(path));
  return { page, guest, loaded, told: () => guest.messages.filter(({ text }) => text.startsWith('maitre: ')).map(({ text }) => text) };
}

test('a plan is run by the smaller engine, as the config would be', async () => {
  const { page, guest, loaded, told } = await serve(plan);
  assert.deepEqual(await shown(page), ['evening']);
  await track(page, 'view_item', { item_category: 'running' });
  await settled(page);
  assert.deepEqual(await shown(page), ['fan']);
  assert.deepEqual(loaded(), ['/maitre/maitre-plan.wasm', '.plan']);
  assert.deepEqual(told(), []);
  assert.deepEqual(guest.problems, []);
  // What an explanation says is not in it.
  assert.deepEqual((await page.evaluate(() => window.maitre.explain('hero'))).offers, []);
  assert.match(told()[0], /a plan gives no explanations/);
  await guest.close();
});

test('a plan of another version gives way to the config', async () => {
  const other = Buffer.from(plan);
  other[4] = '9'.charCodeAt(0);
  const { page, guest, loaded, told } = await serve(other);
  assert.deepEqual(await shown(page), ['evening']);
  assert.deepEqual(loaded(), ['/maitre/maitre-plan.wasm', '.plan', '/maitre/maitre.wasm', '.json']);
  assert.match(told()[0], /is not a plan of this version; build it anew/);
  await guest.close();
});

test('a damaged plan leaves the fallback', async () => {
  const damaged = Buffer.from(plan);
  damaged[plan.length >> 1] ^= 4;
  const { page, guest, told } = await serve(damaged);
  assert.equal(await shown(page), 'fallback');
  assert.match(told()[0], /damaged; build it anew/);
  await guest.close();
});
