// A page that pins Maitre's files runs those and no others; what is not what it was pinned to is as good as missing.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { card, eventually, HERO, ready, shown } from './fixtures.mjs';
import { openHouse } from './harness.mjs';

const { files } = JSON.parse(readFileSync(new URL('../../pkg/integrity.json', import.meta.url), 'utf8'));
const OFFERS = {
  placements: { hero: {}, over: { kind: 'overlay' } },
  offers: [
    { id: 'evening', placement: 'hero', content: card('Evening') },
    { id: 'over', placement: 'over', content: { template: 'modal', title: 'Over' } },
  ],
};

let house;
before(async () => {
  house = await openHouse();
  house.put('/t/pinned.json', JSON.stringify(OFFERS));
});
after(() => house?.close());

/** A page that pins the script and its parts, as the README says; `changed` is a file that is served with one byte more. */
async function open(changed) {
  const pinned = Object.keys(files).filter((file) => file.endsWith('.js') && !/^(index|snippet)\.js$/.test(file));
  const map = JSON.stringify({ integrity: Object.fromEntries(pinned.map((file) => [`/maitre/${file}`, files[file]])) });
  const policy = `script-src 'self' 'wasm-unsafe-eval' 'sha256-${createHash('sha256').update(map).digest('base64')}'; connect-src 'self'`;
  // What is preloaded without a hash is never compared with the script's own: the map's counts for it, too.
  const preload = '<link rel="modulepreload" href="/maitre/maitre.js">';
  const tag = `<script type="importmap">${map}</script>${preload}<script type="module" src="/maitre/maitre.js" integrity="${files['maitre.js']}" data-offers="/t/pinned.json"></script>`;
  house.put('/t/pinned.html', `<!doctype html><html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,"><title>Pinned</title>${tag}<body>${HERO}`, {
    headers: { 'content-security-policy': policy },
  });
  const guest = await house.visitor();
  const page = await guest.context.newPage();
  if (changed) {
    await page.route(`**/maitre/${changed}`, async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, body: `${await response.text()}\n` });
    });
  }
  await page.goto('/t/pinned.html');
  /** Which files the browser refused. */
  const refused = () => guest.problems.flatMap(({ text }) => (text.includes("valid digest in the 'integrity' attribute") ? [/\/maitre\/([\w.-]+)/.exec(text)[1]] : []));
  return { page, guest, refused };
}

test('pinned to what the package says of itself, it runs', async () => {
  const { page, guest } = await open();
  await ready(page);
  assert.deepEqual(await shown(page), ['evening']);
  await page.locator('maitre-modal').waitFor({ state: 'attached' });
  assert.deepEqual(guest.problems, []);
  await guest.close();
});

test('a script that was changed does not run, and the page stays as it was', async () => {
  const { page, guest, refused } = await open('maitre.js');
  // Preloaded, and then once more for the script.
  assert.deepEqual(await eventually(() => [...new Set(refused())], ['maitre.js']), ['maitre.js']);
  assert.equal(await page.evaluate(() => typeof window.maitre), 'undefined');
  assert.equal(await page.locator('#fallback').isVisible(), true);
  await guest.close();
});

test('a part that was changed is as good as missing', async () => {
  const { page, guest, refused } = await open('overlays.js');
  await ready(page);
  assert.deepEqual(await shown(page), ['evening']);
  assert.deepEqual(await eventually(refused, ['overlays.js']), ['overlays.js']);
  const told = () => guest.messages.map(({ text }) => text).filter((text) => text.startsWith('maitre: '));
  assert.deepEqual(await eventually(told, ["maitre: `overlays.js` can't be fetched; put it beside the script"]), ["maitre: `overlays.js` can't be fetched; put it beside the script"]);
  assert.equal(await page.locator('maitre-modal').count(), 0);
  await guest.close();
});

for (const [name, attribute, path] of [['engine', 'wasm', '/maitre/maitre.wasm'], ['config', 'offers', '/t/pinned.json']]) {
  test(`${name}: what was fetched and is not what was pinned does not run`, async () => {
    const hash = name === 'engine' ? files['maitre.wasm'] : `sha384-${createHash('sha384').update(JSON.stringify(OFFERS)).digest('base64')}`;
    for (const [pin, expected] of [[hash, ['evening']], [hash.replace(/.{8}$/, 'AAAAAAAA'), 'fallback'], ['md5-foo', 'fallback']]) {
      house.put('/t/fetched.html', `<!doctype html><html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,"><title>Pinned</title><script type="module" src="/maitre/maitre.js" data-integrity-${attribute}="${pin}" data-offers="/t/pinned.json"></script><body>${HERO}`);
      const guest = await house.visitor();
      const page = await guest.open('/t/fetched.html');
      await ready(page);
      assert.deepEqual(await shown(page), expected);
      const told = guest.messages.map(({ text }) => text).filter((text) => text.startsWith('maitre: '));
      assert.equal(told.length, expected === 'fallback' ? 1 : 0, told.join());
      if (expected === 'fallback') assert.match(told[0], pin === 'md5-foo' ? /`md5-foo` is no hash; write `sha384-…`/ : new RegExp(`${path.replaceAll('.', '\\.')} can't be fetched; .*correct its hash`));
      await guest.close();
    }
  });
}
