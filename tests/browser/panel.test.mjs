// The visitor's panel: what it says, what it does, and that a keyboard is enough for all of it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { card, decided, eventually, HERO, ready, stored, STRICT, track } from './fixtures.mjs';
import { openHouse } from './harness.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let house;
before(async () => {
  house = await openHouse();
  house.put('/t/ground.css', ':root { color-scheme: light dark; color: CanvasText; background: Canvas }');
});
after(() => house?.close());

const OFFERS = {
  site: { retention: '180d', keep: ['plan'] },
  interests: {
    running: { title: 'Running', halfLife: '14d', from: [{ event: 'view_item', where: { item_category: 'running' } }] },
    pregnancy: { title: 'Expecting', ground: 'explicit_consent', from: [{ event: 'view_item', where: { item_category: 'baby' } }] },
  },
  audiences: { fan: { $title: 'Keen runners', 'interest.running': { $gte: 0.5 } } },
  placements: { hero: {} },
  offers: [
    { id: 'run', placement: 'hero', eligible: { audience: 'fan' }, content: card('Run with us') },
    { id: 'baby', placement: 'hero', eligible: { 'interest.pregnancy': { $gte: 0.5 } }, content: card('For two') },
    { id: 'bought', placement: 'hero', eligible: { $did: { event: 'purchase', within: '7d' }, 'user.plan': 'pro' }, content: card('Thank you') },
    { id: 'evening', placement: 'hero', cap: { exposures: 9, per: '7d' }, content: card('Evening') },
  ],
};

let pages = 0;
async function open({ lang = 'en', consent = 'profile', head = '', visitor, before, guest } = {}) {
  pages += 1;
  const { path } = house.shop(`/t/panel-${pages}.html`, {
    offers: OFFERS,
    consent,
    lang,
    body: `${HERO}<main><h1>Privacy</h1><maitre-privacy></maitre-privacy></main>`,
    head: `<script type="module" src="/maitre/privacy.js"></script>${head}`,
    headers: { 'content-security-policy': STRICT },
  });
  guest ??= await house.visitor(visitor);
  const page = await guest.context.newPage();
  await before?.(page);
  await page.goto(path);
  await ready(page);
  await said(page);
  return { page, guest, path };
}

const panel = (page) => page.locator('maitre-privacy');
const said = (page) => panel(page).getByRole('heading', { level: 2 }).waitFor();
/** All that the panel says, but for what no script may see. */
const words = (page) => page.evaluate(() => document.querySelector('maitre-privacy').shadowRoot.textContent);
const status = (page) => panel(page).getByRole('status').textContent();
/** What has the focus, through all shadows that are open. */
const focused = (page) =>
  page.evaluate(() => {
    let { activeElement } = document;
    while (activeElement?.shadowRoot?.activeElement) ({ activeElement } = activeElement.shadowRoot);
    return activeElement?.id || activeElement?.localName;
  });
/** Presses Tab until the focus is where it should be. */
async function tabTo(page, id) {
  for (let i = 0; i < 60; i += 1) {
    if ((await focused(page)) === id) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`the keyboard never came to ${id}, but to ${await focused(page)}`);
}
const interest = (page) => page.evaluate(() => window.maitre.interests().find(({ topic }) => topic === 'running'));

test('it says what is remembered, why by the titles of offers and audiences, and until when', async () => {
  const { page, guest } = await open();
  await track(page, 'view_item', { item_category: 'running' });
  await track(page, 'purchase', { value: 9 });
  await page.evaluate(() => window.maitre.set({ plan: 'pro', name: 'never kept' }));
  await page.evaluate(() => document.querySelector('maitre-privacy').refresh());
  const text = await words(page);
  for (const part of ['on this device, and nowhere else', 'Running', 'For what may be shown to you: “Run with us”.', 'To know whether you belong to: “Keen runners”.', 'Fades by half every 14 days.',
    'Purchases: once', 'plan: pro', 'Because the site asks to remember it.', 'Goes by itself after', 'All of this is kept until you erase it, and is gone after']) {
    assert.ok(text.includes(part), `${part}\n${text}`);
  }
  assert.doesNotMatch(text, /never kept|undefined|NaN|%|\[object/);
  assert.deepEqual(guest.problems, []);
  await guest.close();
});

test('with a keyboard alone: a topic is corrected and muted, consent taken back, and all forgotten', async () => {
  const { page, guest } = await open();
  await track(page, 'view_item', { item_category: 'running' });
  await page.evaluate(() => document.querySelector('maitre-privacy').refresh());
  assert.deepEqual(await decided(page), ['run']);

  await tabTo(page, 'amount-running');
  await page.keyboard.press('End');
  assert.equal(await eventually(() => status(page), 'Running: a lot. Noted.'), 'Running: a lot. Noted.');
  assert.equal((await interest(page)).score > 7.9, true);
  assert.equal(await focused(page), 'amount-running', 'the focus stays');

  await tabTo(page, 'mute-running');
  await page.keyboard.press('Space');
  assert.match(await eventually(() => status(page), 'Running: erased, and left alone from now on.'), /left alone/);
  assert.deepEqual({ ...(await interest(page)), title: '' }, { topic: 'running', title: '', score: 0, muted: true });
  assert.deepEqual(await decided(page), ['evening']);
  await page.keyboard.press('Space');
  assert.match(await eventually(() => status(page), 'Running: noticed again from now on.'), /again/);

  await tabTo(page, 'why-running-summary');
  await page.keyboard.press('Enter');
  assert.equal(await panel(page).getByText('Keen runners').first().isVisible(), true);

  // Arrows move within the choice, and change nothing before it is saved.
  await page.keyboard.press('Shift+Tab');
  await tabTo(page, 'amount-running');
  for (let i = 0; i < 20 && !(await focused(page)).startsWith('level-'); i += 1) await page.keyboard.press('Shift+Tab');
  assert.equal(await focused(page), 'level-profile');
  await page.waitForFunction(() => Object.keys(localStorage).some((key) => key.startsWith('maitre:')));
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('ArrowUp');
  assert.equal(await focused(page), 'level-memory');
  assert.notDeepEqual((await stored(page)).local, []);
  await tabTo(page, 'apply');
  await page.keyboard.press('Enter');
  assert.equal(await eventually(() => status(page), 'Saved: This page only.'), 'Saved: This page only.');
  assert.deepEqual((await stored(page)).local, ['maitre-consent']);
  assert.deepEqual(await eventually(async () => (await stored(page)).databases, []), []);

  await track(page, 'view_item', { item_category: 'running' });
  await tabTo(page, 'forget');
  await page.keyboard.press('Enter');
  assert.equal(await eventually(() => focused(page), 'no'), 'no', 'the harmless answer comes first');
  await page.keyboard.press('Enter');
  assert.equal(await eventually(() => focused(page), 'forget'), 'forget');
  assert.equal((await interest(page)).score > 0.9, true, 'kept');
  await page.keyboard.press('Enter');
  await eventually(() => focused(page), 'no');
  await page.keyboard.press('Escape');
  assert.equal(await eventually(() => focused(page), 'forget'), 'forget');
  assert.equal((await interest(page)).score > 0.9, true, 'kept');
  await page.keyboard.press('Enter');
  await eventually(() => focused(page), 'no');
  await tabTo(page, 'yes');
  await page.keyboard.press('Enter');
  assert.equal(await eventually(() => status(page), 'Done. All of it is forgotten.'), 'Done. All of it is forgotten.');
  assert.equal(await eventually(() => focused(page), 'forget'), 'forget');
  assert.equal((await interest(page)).score, 0);
  assert.deepEqual(guest.problems, []);
  await guest.close();
});

test("the visitor's own word goes before what pages say, until the visitor says otherwise", async () => {
  const { page, guest, path } = await open();
  await track(page, 'view_item', { item_category: 'running' });
  await panel(page).locator('#level-memory').check();
  await panel(page).getByRole('button', { name: 'Save this choice' }).click();
  assert.equal(await eventually(() => status(page), 'Saved: This page only.'), 'Saved: This page only.');
  await page.goto(path);
  await ready(page);
  assert.equal(await page.evaluate(() => window.maitre.kept().consent), 'memory', 'though the tag says `profile`');
  await page.evaluate(() => window.maitre.consent('profile'));
  assert.equal(await page.evaluate(() => window.maitre.kept().consent), 'memory');
  await said(page);
  await panel(page).locator('#level-profile').check();
  await panel(page).getByRole('button', { name: 'Save this choice' }).click();
  assert.equal(await eventually(() => page.evaluate(() => window.maitre.kept().consent), 'profile'), 'profile');
  await page.reload();
  await ready(page);
  assert.equal(await page.evaluate(() => window.maitre.kept().consent), 'profile');
  await guest.close();
});

test('a tag may leave the level to the visitor', async () => {
  const { page, guest } = await open({ consent: 'own' });
  const level = () => page.evaluate(() => window.maitre.kept().consent);
  assert.equal(await level(), 'memory', 'until there is a word');
  for (const [id, chosen] of [['#level-profile', 'profile'], ['#level-off', 'off'], ['#level-visit', 'visit']]) {
    await panel(page).locator(id).check();
    await panel(page).getByRole('button', { name: 'Save this choice' }).click();
    assert.equal(await eventually(level, chosen), chosen);
    await page.reload();
    await ready(page);
    await said(page);
    assert.equal(await level(), chosen);
  }
  await guest.close();
});

test('what is remembered can be taken along, as JSON', async () => {
  const { page, guest } = await open();
  await track(page, 'view_item', { item_category: 'running' });
  await track(page, 'view_item', { item_category: 'baby' });
  await page.evaluate(() => window.maitre.set({ plan: { first: 3 } }));
  await page.evaluate(() => document.querySelector('maitre-privacy').refresh());
  const [file] = await Promise.all([page.waitForEvent('download'), panel(page).getByRole('button', { name: 'Download all of it (JSON)' }).click()]);
  assert.equal(file.suggestedFilename(), 'localhost-remembered.json');
  const all = JSON.parse(readFileSync(await file.path(), 'utf8'));
  assert.equal(all.consent, 'profile');
  assert.deepEqual(all.entries.filter(({ kind }) => kind === 'interest').map(({ topic, score }) => [topic, Math.round(score)]), [['running', 1], ['pregnancy', 1]]);
  assert.match(all.profile, /^1\./);
  // Times are for people to read.
  const DATE = /^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
  assert.match(all.until, DATE);
  const { value, since } = all.entries.find(({ kind }) => kind === 'attribute');
  assert.match(since, DATE);
  assert.deepEqual(value, { first: 3 });
  assert.match(all.entries.find(({ topic }) => topic === 'running').halfLife, /^P14D$/);
  assert.deepEqual(guest.problems, []);
  await guest.close();
});

test("what is nobody's business is shown to the visitor, and to no script", async () => {
  const { page, guest } = await open();
  await track(page, 'view_item', { item_category: 'baby' });
  assert.deepEqual(await decided(page), ['baby']);
  await page.evaluate(() => document.querySelector('maitre-privacy').refresh());
  const seen = await page.evaluate(async () => {
    const { ledger } = await import('/maitre/privacy.js');
    return JSON.stringify([window.maitre.interests(), await ledger(window.maitre), window.maitre.explain('hero'), document.querySelector('maitre-privacy').shadowRoot.innerHTML]);
  });
  assert.doesNotMatch(seen, /pregnancy|Expecting/);
  // On the screen it is there, and a keyboard gets to it.
  const client = await guest.context.newCDPSession(page);
  const tree = async () => (await client.send('Accessibility.getFullAXTree')).nodes.map(({ name, role }) => `${role?.value} ${name?.value}`).join('\n');
  assert.match(await tree(), /checkbox Leave Expecting alone/);
  await page.evaluate(() => document.querySelector('maitre-privacy').shadowRoot.querySelector('#why-running-summary').focus());
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Space');
  assert.equal(await eventually(() => status(page), 'Expecting: erased, and left alone from now on.'), 'Expecting: erased, and left alone from now on.');
  assert.deepEqual(await decided(page), ['evening']);
  await page.keyboard.press('Space');
  assert.equal(await eventually(() => status(page), 'Expecting: noticed again from now on.'), 'Expecting: noticed again from now on.', 'the focus is where it was');
  await guest.close();
});

for (const [lang, title] of [['en-GB', 'What is remembered of you'], ['fr', 'Ce qui est retenu de vous'], ['de-AT', 'Was wir uns von Ihnen merken'], ['es-MX', 'Lo que recordamos de usted'], ['xx', 'What is remembered of you']]) {
  test(`it speaks ${lang}`, async () => {
    const { page, guest } = await open({ lang, visitor: { locale: 'en' } });
    await track(page, 'view_item', { item_category: 'running' });
    await track(page, 'purchase', { value: 9 });
    await page.evaluate(() => document.querySelector('maitre-privacy').refresh());
    assert.equal(await panel(page).getByRole('heading', { level: 2 }).textContent(), title);
    assert.doesNotMatch(await words(page), /undefined|NaN|%|\[object/);
    assert.deepEqual(guest.problems, []);
    await guest.close();
  });
}

test('a page adds a language of its own', async () => {
  house.put('/t/italian.js', "import { words } from '/maitre/privacy.js'; words.it = { ...words.en, title: 'Che cosa ricordiamo di lei' };");
  const { page, guest } = await open({ lang: 'it', head: '<script type="module" src="/t/italian.js"></script>' });
  assert.equal(await panel(page).getByRole('heading', { level: 2 }).textContent(), 'Che cosa ricordiamo di lei');
  await guest.close();
});

test('every language says everything', async () => {
  const { page, guest } = await open();
  const faults = await page.evaluate(async () => {
    const { words } = await import('/maitre/privacy.js');
    const shape = (value, path = '') =>
      typeof value === 'string' ? [`${path} ${(value.match(/%/g) ?? []).length}`] : Object.entries(value).flatMap(([key, each]) => shape(each, `${path}.${key}`));
    const english = shape(words.en).sort();
    return Object.entries(words).flatMap(([language, said]) => {
      const own = shape(said).sort();
      return [...english.filter((line) => !own.includes(line)), ...own.filter((line) => !english.includes(line))].map((line) => `${language}${line}`);
    });
  });
  assert.deepEqual(faults, []);
  await guest.close();
});

for (const [name, visitor] of Object.entries({ 'a large window': {}, 'a phone in the dark': { viewport: { width: 320, height: 640 }, colorScheme: 'dark' } })) {
  test(`axe finds nothing wrong with it, and nothing is too wide, on ${name}`, async () => {
    const { page, guest } = await open({ visitor, head: '<link rel="stylesheet" href="/t/ground.css">' });
    await track(page, 'view_item', { item_category: 'running' });
    await track(page, 'purchase', { value: 9 });
    await page.evaluate(() => document.querySelector('maitre-privacy').refresh());
    await page.evaluate(() => {
      for (const details of document.querySelector('maitre-privacy').shadowRoot.querySelectorAll('details')) details.open = true;
    });
    await page.evaluate(AXE);
    const complaints = await page.evaluate(async () => (await window.axe.run('maitre-privacy')).violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`));
    assert.deepEqual(complaints, []);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
    await guest.close();
  });
}

test('it takes the colours of the page, and each part can be styled', async () => {
  house.put('/t/panel.css', ':root { --maitre-accent: rgb(0, 80, 60); --maitre-surface: rgb(240, 250, 245) } maitre-privacy::part(title) { text-transform: uppercase }');
  const { page, guest } = await open({ head: '<link rel="stylesheet" href="/t/panel.css">' });
  const style = await page.evaluate(() => {
    const root = document.querySelector('maitre-privacy').shadowRoot;
    const of = (part) => getComputedStyle(root.querySelector(`[part~=${part}]`));
    return [of('title').textTransform, of('entry').backgroundColor, of('choice').backgroundColor];
  });
  assert.deepEqual(style, ['uppercase', 'rgb(240, 250, 245)', 'rgb(240, 250, 245)']);
  await guest.close();
});

test('on a page that loads a plan it reads the config beside it', async () => {
  const { page, guest } = await open();
  await track(page, 'view_item', { item_category: 'running' });
  // The plan is another form of the same config, and lies beside it.
  const { execFileSync } = await import('node:child_process');
  const { mkdtempSync, rmSync, writeFileSync } = await import('node:fs');
  const { tmpdir } = await import('node:os');
  const { join } = await import('node:path');
  const { fileURLToPath } = await import('node:url');
  const folder = mkdtempSync(join(tmpdir(), 'maitre-panel-'));
  try {
    writeFileSync(join(folder, 'offers.json'), JSON.stringify(OFFERS));
    execFileSync(process.execPath, [fileURLToPath(new URL('../../pkg/cli.js', import.meta.url)), 'build', join(folder, 'offers.json')]);
    const planPath = `/t/panel-${pages}.offers.plan`;
    house.put(planPath, readFileSync(join(folder, 'offers.plan')), { headers: { 'content-type': 'application/octet-stream' } });
    house.put('/t/planned.html', `<!doctype html><html lang="en"><link rel="icon" href="data:,"><title>Planned</title><script type="module" src="/maitre/maitre.js" data-offers="${planPath}" data-consent="profile"></script><script type="module" src="/maitre/privacy.js"></script><body>${HERO}<maitre-privacy></maitre-privacy>`, { headers: { 'content-security-policy': STRICT } });
  } finally {
    rmSync(folder, { recursive: true });
  }
  await page.goto('/t/planned.html');
  await ready(page);
  await said(page);
  assert.deepEqual(await decided(page), ['run']);
  assert.match(await words(page), /“Run with us”.*“Keen runners”/);
  assert.deepEqual(guest.problems, []);
  await guest.close();
});

test('without Maitre, or without its config, it says so, and what can be done can be done', async () => {
  house.put('/t/bare-panel.html', '<!doctype html><html lang="en"><link rel="icon" href="data:,"><title>Bare</title><script type="module" src="/maitre/privacy.js"></script><maitre-privacy></maitre-privacy>');
  const guest = await house.visitor();
  const bare = await guest.open('/t/bare-panel.html');
  await said(bare);
  assert.match(await words(bare), /This page can’t tell what is remembered\./);

  const { page } = await open({ guest, before: (page) => page.route('**/maitre.wasm', async (route) => (page.wasm = (page.wasm ?? 0) + 1) > 1 ? route.abort() : route.continue()) });
  assert.match(await words(page), /can’t be put into words just now/);
  await panel(page).getByRole('button', { name: 'Forget all of it' }).click();
  await panel(page).getByRole('button', { name: 'Yes, forget it' }).click();
  assert.equal(await eventually(() => status(page), 'Done. All of it is forgotten.'), 'Done. All of it is forgotten.');
  assert.deepEqual(guest.problems.filter(({ kind }) => kind === 'uncaught'), []);
  await guest.close();
});

test('it keeps up with the page, a banner, and other tabs, and saves nothing that it had not been told', async () => {
  const { page, guest, path } = await open({ consent: 'memory' });
  assert.match(await words(page), /Nothing is written down/);
  await page.evaluate(() => window.maitre.consent('profile'));
  assert.equal(await eventually(() => panel(page).locator('#level-profile').isChecked(), true), true);
  await track(page, 'view_item', { item_category: 'running' });
  assert.equal(await eventually(() => panel(page).locator('#amount-running').inputValue(), '1'), '1');

  // What the visitor has ticked stays, and what was not touched is what the page thinks by now.
  await panel(page).locator('#level-visit').check();
  await track(page, 'purchase', { value: 9 });
  assert.equal(await eventually(async () => (await words(page)).includes('Purchases'), true), true);
  assert.equal(await panel(page).locator('#level-visit').isChecked(), true);
  await page.reload();
  await ready(page);
  await said(page);
  await page.evaluate(() => {
    window.maitre.consent('profile');
    document.querySelector('maitre-privacy').shadowRoot.querySelector('#apply').click();
  });
  assert.equal(await page.evaluate(() => window.maitre.kept().consent), 'profile');
  await page.waitForFunction(() => Object.keys(localStorage).some((key) => key.startsWith('maitre:')));
  // Nor is what the page took back meanwhile the visitor's own word.
  assert.equal(await eventually(() => panel(page).locator('#level-profile').isChecked(), true), true);
  await page.evaluate(() => {
    window.maitre.consent('visit');
    document.querySelector('maitre-privacy').shadowRoot.querySelector('#apply').click();
    window.maitre.consent('profile');
  });
  assert.equal(await page.evaluate(() => localStorage.getItem('maitre-consent')), null);
  assert.equal(await page.evaluate(() => window.maitre.kept().consent), 'profile');
  await track(page, 'purchase', { value: 9 });
  assert.equal(await eventually(async () => (await words(page)).includes('Purchases'), true), true);

  const other = await open({ guest, consent: 'memory' });
  assert.match(await words(other.page), /From earlier visits something is stored in this browser/);
  await other.page.goto(path);
  await ready(other.page);
  await said(other.page);
  await panel(other.page).getByRole('button', { name: 'Forget all of it' }).click();
  await panel(other.page).getByRole('button', { name: 'Yes, forget it' }).click();
  await page.bringToFront();
  assert.equal(await eventually(async () => (await words(page)).includes('Purchases'), false), false);
  assert.deepEqual(guest.problems, []);
  await guest.close();
});

test('of what is nobody’s business it asks nobody of whom nothing is known, and a word that can’t be read may have been a no', async () => {
  const { page, guest } = await open({ before: (page) => page.addInitScript(() => localStorage.setItem('maitre-consent', 'banana')) });
  assert.equal(await page.evaluate(() => window.maitre.kept().consent), 'memory');
  const client = await guest.context.newCDPSession(page);
  const tree = (await client.send('Accessibility.getFullAXTree')).nodes.map(({ name }) => name?.value).join('\n');
  assert.match(tree, /Running/);
  assert.doesNotMatch(tree, /Expecting/);
  await guest.close();
});
