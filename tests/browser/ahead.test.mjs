// From the second page on: what was foreseen is placed before the first paint, confirmed or corrected, and never lost.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { card, eventually, HERO, heroes, looked, ready, settled, shown, statusOf, stored, STRICT, track } from './fixtures.mjs';
import { findBrowser } from '../../tools/browser.mjs';
import { FLAGS, openHouse } from './harness.mjs';

const SNIPPET = readFileSync(new URL('../../pkg/snippet.js', import.meta.url), 'utf8');
const HASH = `'sha256-${createHash('sha256').update(SNIPPET).digest('base64')}'`;
const WITH_SNIPPET = STRICT.replace("'wasm-unsafe-eval'", `$& ${HASH}`);
const ROOM = '<link rel="stylesheet" href="/t/room.css">';

let house;
before(async () => {
  house = await openHouse({ bfcache: true });
  house.put('/t/room.css', '[data-placement] { display: block; min-height: 20rem }', { headers: { 'content-type': 'text/css' } });
});
after(() => house?.close());

let sites = 0;
/** A site of pages `a`, `b` …: each path with its body. Every page has the snippet, under a strict policy. */
function site(pages, { offers, consent = 'profile', tag = '', head = '', csp = WITH_SNIPPET }) {
  sites += 1;
  const base = `/ahead-${sites}`;
  house.put(`${base}/offers.json`, JSON.stringify(offers));
  for (const [name, body] of Object.entries(pages)) {
    const script = `<script type="module" src="/maitre/maitre.js" data-offers="${base}/offers.json" data-consent="${consent}" ${tag}></script>`;
    house.put(
      `${base}/${name}`,
      `<!doctype html><html lang="en"><meta charset="utf-8"><script>${SNIPPET}</script><meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"><title>${name}</title>${head}${script}<body>${body}</body></html>`,
      { headers: { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': csp } },
    );
  }
  return base;
}

const foreseen = (page) =>
  page.evaluate(() => {
    const found = JSON.parse(sessionStorage['maitre:ahead'] ?? localStorage['maitre:ahead'] ?? 'null');
    return found && found[5];
  });

/** Until the page has looked ahead, and has seen that. */
async function looksAhead(page) {
  await ready(page);
  await page.waitForFunction(() => sessionStorage['maitre:ahead'] ?? localStorage['maitre:ahead']);
}

/** Holds the engine back on the next pages; what is returned lets it go. */
async function holdEngine(page) {
  let release;
  const held = new Promise((resolve) => (release = resolve));
  await page.route('**/maitre.wasm', async (route) => {
    await held;
    await route.continue().catch(() => {});
  });
  return release;
}

/** Notes every change of the placements from now on, before any other script of the page runs. */
const noteChanges = (context) =>
  context.addInitScript(() => {
    window.changes = [];
    window.shifts = [];
    new PerformanceObserver((list) => window.shifts.push(...list.getEntries().map(({ value }) => value))).observe({ type: 'layout-shift', buffered: true });
    window.noteChanges = () =>
      new MutationObserver((found) => window.changes.push(...found.map(({ type, target, attributeName }) => `${type} ${target.nodeName} ${attributeName}`))).observe(
        document.querySelector('[data-placement]'),
        { subtree: true, childList: true, attributes: true, characterData: true },
      );
  });

const LINK = '<a id="on" href="b">On</a>';

test('the snippet is under 1,000 bytes and makes no text into code', () => {
  assert.ok(Buffer.byteLength(SNIPPET) < 1000, `${Buffer.byteLength(SNIPPET)} bytes`);
  assert.doesNotMatch(SNIPPET, /innerHTML|outerHTML|insertAdjacentHTML|\bwrite\b|eval|Function|fetch|import|XMLHttp|Beacon|cookie/);
});

for (const consent of ['visit', 'profile']) {
  test(`at ${consent}, the second page shows its offer before the first paint, without the engine, and the engine changes nothing`, async () => {
    const base = site({ a: HERO + LINK, b: HERO + LINK }, { consent, head: ROOM, offers: heroes({ id: 'second', eligible: { 'visit.pages': 2 }, content: card('Second', { text: 'Here', cta: 'Go', link: '/go' }) }, { id: 'first' }) });
    const guest = await house.visitor();
    const page = await guest.open(`${base}/a`);
    await looksAhead(page);
    assert.deepEqual(await shown(page), ['first']);
    assert.deepEqual((await foreseen(page))[0], { hero: ['offer', 'second'] });

    await noteChanges(guest.context);
    const release = await holdEngine(page);
    await page.click('#on');
    await page.waitForURL('**/b');
    await page.waitForFunction(() => performance.getEntriesByName('first-contentful-paint').length);
    assert.deepEqual(await shown(page), ['second']);
    assert.equal(await page.getByRole('group', { name: 'Second' }).isVisible(), true);
    assert.equal(await page.locator('#fallback').isVisible(), false);
    assert.equal(await page.getByRole('link', { name: 'Go' }).getAttribute('href'), `${house.url}/go`);
    const styled = await page.getByRole('group', { name: 'Second' }).evaluate((offer) => getComputedStyle(offer.shadowRoot.querySelector('[part=offer]')).display);
    assert.equal(styled, 'flex', 'with its style');

    await page.evaluate(() => window.noteChanges());
    const first = await page.locator('maitre-offer').elementHandle();
    release();
    await ready(page);
    await settled(page);
    assert.deepEqual(await shown(page), ['second']);
    assert.equal(await first.evaluate((element) => element === document.querySelector('maitre-offer')), true);
    assert.deepEqual(await page.evaluate(() => window.changes), []);
    assert.deepEqual(await page.evaluate(() => window.shifts), []);
    assert.deepEqual(guest.problems, []);
    assert.deepEqual(guest.messages, []);
    await guest.close();
  });
}

test('it is placed as the parser brings it, before the parser goes on', async () => {
  house.put('/t/look.js', 'window.early = document.querySelector("[data-placement]").dataset.maitre');
  const base = site({ a: HERO, b: `${HERO}<script src="/t/look.js"></script><p>More</p>` }, { offers: heroes({ id: 'evening' }) });
  const guest = await house.visitor();
  const page = await guest.open(`${base}/a`);
  await looksAhead(page);
  await page.goto(`${base}/b`);
  assert.equal(await page.evaluate(() => window.early), 'offer');
  await guest.close();
});

test('what is not sure of any page is foreseen of those that the visitor reaches for, or sees a link to', async () => {
  const offers = heroes({ id: 'run', eligible: { 'page.path': { $regex: '/b$' } } }, { id: 'q', eligible: { 'page.query.q': 'x' } });
  const base = site({ a: `${HERO}<a href="b">b</a> <a href="c?q=x">c</a> <a href="https://else.example/">out</a>`, b: HERO, c: HERO }, { offers });
  const guest = await house.visitor();
  const page = await guest.open(`${base}/a`);
  await looksAhead(page);
  const at = (path) => `${house.url}${base}/${path}`;
  assert.deepEqual(await eventually(() => foreseen(page), { 0: {}, [at('b')]: { hero: ['offer', 'run'] }, [at('c?q=x')]: { hero: ['offer', 'q'] }, [at('a')]: { hero: ['fallback'] } }), { 0: {}, [at('b')]: { hero: ['offer', 'run'] }, [at('c?q=x')]: { hero: ['offer', 'q'] }, [at('a')]: { hero: ['fallback'] } });
  await holdEngine(page);
  await page.goto(`${base}/c?q=x`);
  assert.deepEqual(await shown(page), ['q']);
  await page.goto(`${base}/a`);
  assert.equal(await shown(page), 'fallback', 'that it keeps its fallback is foreseen, too');
  await page.goto(`${base}/c?q=y`);
  assert.equal(await shown(page), undefined);
  await guest.close();
});

test('what the engine decides otherwise takes its place, unless it was seen already', async () => {
  const offers = heroes({ id: 'product', eligible: { 'page.title': 'b' }, value: { site: 1 } }, { id: 'fan', eligible: { $did: { event: 'view_item' } } }, { id: 'evening' });
  for (const waits of [false, true]) {
    const base = site({ a: HERO, b: `${HERO}<script src="/t/view.js"></script>` }, { offers: { ...offers, offers: offers.offers.slice(1) } });
    house.put('/t/view.js', 'dataLayer = [{ event: "view_item" }]');
    const guest = await house.visitor();
    const page = await guest.open(`${base}/a`);
    await looksAhead(page);
    const release = await holdEngine(page);
    await page.goto(`${base}/b`);
    assert.deepEqual(await shown(page), ['evening']);
    await looked(page, 'maitre-offer');
    if (waits) await page.waitForTimeout(2500);
    release();
    await ready(page);
    await settled(page);
    assert.deepEqual(await shown(page), waits ? ['evening'] : ['fan']);
    await page.evaluate(() => history.pushState(null, '', '?next'));
    assert.deepEqual(await eventually(() => shown(page), ['fan']), ['fan'], 'until the next page view');
    assert.deepEqual(guest.problems, []);
    await guest.close();
  }
});

test('an exposure counts from when it was in view, before the engine was there', async () => {
  const base = site({ a: HERO, b: HERO }, { offers: heroes({ id: 'once', cap: { exposures: 1 }, eligible: { 'visit.pages': { $gte: 2 } } }, { id: 'then' }) });
  const guest = await house.visitor();
  const page = await guest.open(`${base}/a`);
  await looksAhead(page);
  const release = await holdEngine(page);
  await page.goto(`${base}/b`);
  assert.deepEqual(await shown(page), ['once']);
  await looked(page, 'maitre-offer');
  await page.waitForTimeout(2500);
  release();
  await ready(page);
  assert.equal(await statusOf(page, 'once'), 'capped');
  assert.deepEqual(await shown(page), ['once'], 'it stays');
  await guest.close();
});

test('an exposure of a page that was left before its engine came counts on the next one', async () => {
  const base = site({ a: HERO, b: HERO, c: '' }, { offers: heroes({ id: 'once', cap: { exposures: 1 }, eligible: { 'visit.pages': { $gte: 2 } } }, { id: 'then' }) });
  const guest = await house.visitor();
  const page = await guest.open(`${base}/a`);
  await looksAhead(page);
  const release = await holdEngine(page);
  await page.goto(`${base}/b`);
  await looked(page, 'maitre-offer');
  await page.waitForTimeout(2500);
  release();
  await page.unroute('**/maitre.wasm');
  await page.goto(`${base}/c`);
  await ready(page);
  assert.equal(await statusOf(page, 'once'), 'capped');
  await guest.close();
});

test('what a page was left with is the next one\'s to tell, even if its engine comes before it is frozen', async () => {
  const base = site({ a: HERO, b: HERO }, { offers: heroes({ id: 'once', cap: { exposures: 1 }, eligible: { 'visit.pages': { $gte: 2 } } }, { id: 'then' }) });
  const guest = await house.visitor();
  const page = await guest.open(`${base}/a`);
  await looksAhead(page);
  const release = await holdEngine(page);
  await page.goto(`${base}/b`);
  await looked(page, 'maitre-offer');
  await page.waitForTimeout(2500);
  const leftAndBack = (type) => page.evaluate((type) => void window.dispatchEvent(new PageTransitionEvent(type, { persisted: true })), type);
  const told = () => page.evaluate(() => sessionStorage['maitre:ahead1']);
  await leftAndBack('pagehide');
  assert.equal(await told(), '\nonce\nexposed\nhero');
  assert.equal(await page.evaluate(() => sessionStorage['maitre:ahead']), '0', 'what was foreseen knew nothing of it');
  const arrived = page.waitForResponse('**/maitre.wasm');
  release();
  await arrived;
  await page.waitForTimeout(300);
  assert.equal(await told(), '\nonce\nexposed\nhero');

  await leftAndBack('pageshow');
  await ready(page);
  assert.equal(await statusOf(page, 'once'), 'capped');
  assert.equal(await told(), undefined, 'told once');
  await guest.close();
});

const ACTS = heroes(
  { id: 'soup', eligible: { 'visit.pages': { $gte: 2 } }, rest: [{ after: 'clicked', for: '1d' }, { after: 'dismissed', for: '1d' }], content: card('Soup', { text: 'Of the day', cta: 'See it', link: '/soup' }) },
  { id: 'then' },
);

for (const when of ['before any of it is there', 'before the engine is there']) {
  const holding = async (page) => {
    const release = await holdEngine(page);
    if (when === 'before the engine is there') return release;
    let let_go;
    const held = new Promise((resolve) => (let_go = resolve));
    await page.route('**/maitre.js', async (route) => {
      await held;
      await route.continue().catch(() => {});
    });
    return () => {
      let_go();
      release();
    };
  };

  test(`a click that leads away ${when} is told on the next page`, async () => {
    const base = site({ a: HERO, b: HERO, c: '' }, { offers: ACTS });
    house.put('/soup', '<!doctype html><link rel="icon" href="data:,"><title>Soup</title>');
    const guest = await house.visitor();
    const page = await guest.open(`${base}/a`);
    await looksAhead(page);
    const release = await holding(page);
    await page.goto(`${base}/b`, { waitUntil: 'commit' });
    await page.getByRole('link', { name: 'See it' }).click();
    await page.waitForURL('**/soup');
    release();
    await page.unrouteAll({ behavior: 'ignoreErrors' });
    await page.goto(`${base}/c`);
    await ready(page);
    assert.equal(await statusOf(page, 'soup'), 'resting');
    assert.deepEqual(await page.evaluate(() => sessionStorage['maitre:ahead1']), undefined, 'and told once');
    await guest.close();
  });

  test(`what is dismissed ${when} leaves at once, shows the fallback, and stays away`, async () => {
    const base = site({ a: HERO, b: HERO }, { offers: ACTS });
    const guest = await house.visitor();
    const page = await guest.open(`${base}/a`);
    await looksAhead(page);
    const release = await holding(page);
    await page.goto(`${base}/b`, { waitUntil: 'commit' });
    await page.getByText('Of the day').click();
    await page.getByRole('button', { name: 'Dismiss' }).click();
    assert.equal(await page.locator('#fallback').isVisible(), true);
    assert.equal(await page.locator('maitre-offer').count(), 0);
    release();
    await ready(page);
    await settled(page);
    assert.equal(await page.locator('#fallback').isVisible(), true);
    assert.equal(await page.locator('maitre-offer').count(), 0);
    assert.equal(await statusOf(page, 'soup'), 'resting');
    assert.equal(await page.evaluate(() => window.maitre.explain('hero').offers.filter(({ status }) => status === 'resting').length), 1);
    assert.deepEqual(guest.problems, []);
    await guest.close();
  });

  test(`a middle click ${when} is told, a click for a menu is not`, async () => {
    const base = site({ a: HERO, b: HERO }, { offers: ACTS });
    house.put('/soup', '<!doctype html><link rel="icon" href="data:,"><title>Soup</title>');
    for (const [button, status] of [['right', 'shown'], ['middle', 'resting']]) {
      const guest = await house.visitor();
      const page = await guest.open(`${base}/a`);
      await looksAhead(page);
      const release = await holding(page);
      await page.goto(`${base}/b`, { waitUntil: 'commit' });
      await page.getByRole('link', { name: 'See it' }).click({ button });
      release();
      await ready(page);
      assert.equal(await statusOf(page, 'soup'), status);
      await guest.close();
    }
  });
}

test("a template of the page's own is placed as well, and what can't be put there safely is left to the engine", async () => {
  const templates = `<template id="own"><h2 data-field="title"></h2><em>Only <b>now</b></em><img data-field="image" alt=""><a data-field="link cta"></a><button data-dismiss>Not now</button></template>
    <template id="form"><form action="/x"><p data-field="title"></p></form></template><template id="svg"><svg><path d="M0 0"/></svg><p data-field="title"></p></template><template id="near"><a href="near">Near</a><p data-field="title"></p></template>`;
  for (const [template, more, isPlaced] of [
    ['own', { link: '/go', cta: 'Go', image: '/img/mark.svg' }, true],
    ['own', { link: '#here', cta: 'Go' }, false],
    ['form', {}, false],
    ['svg', {}, false],
    ['near', {}, false],
  ]) {
    const base = site({ a: templates + HERO, b: templates + HERO }, { offers: heroes({ id: 'own', content: { template, title: 'Own', ...more } }) });
    const guest = await house.visitor();
    const page = await guest.open(`${base}/a`);
    if (isPlaced) await looksAhead(page);
    else await ready(page).then(() => page.waitForTimeout(400));
    const html = () => page.evaluate(() => document.querySelector('maitre-offer')?.innerHTML);
    const rendered = await html();
    const release = await holdEngine(page);
    await page.goto(`${base}/b`);
    assert.equal(await html(), isPlaced ? rendered : undefined, template);
    release();
    await ready(page);
    await settled(page);
    assert.deepEqual(await shown(page), ['own'], template);
    assert.deepEqual(guest.problems, []);
    await guest.close();
  }
});

test('looking ahead fetches nothing but its own file (and what any profile needs), no image of an offer that is not here', async () => {
  const base = site({ a: HERO, b: HERO }, { offers: heroes({ id: 'second', eligible: { 'visit.pages': 2 }, content: card('Second', { image: '/img/mark.svg', alt: '' }) }, { id: 'first' }) });
  const guest = await house.visitor();
  const page = await guest.open(`${base}/a`);
  await looksAhead(page);
  await page.waitForTimeout(200);
  assert.deepEqual(guest.requests.map(({ path }) => path).filter((path) => !path.startsWith(base)).sort(), ['/maitre/ahead.js', '/maitre/maitre.js', '/maitre/maitre.wasm', '/maitre/safekeeping.js']);
  await guest.close();
});

test('what is foreseen is written only as consent allows, and erased with the rest', async () => {
  const keys = async (page) => {
    const { local, session } = await stored(page);
    return [...local, ...session].filter((key) => key.startsWith('maitre:ahead'));
  };
  for (const consent of ['off', 'memory']) {
    const base = site({ a: HERO }, { consent, offers: heroes({ id: 'evening' }) });
    const guest = await house.visitor();
    const page = await guest.open(`${base}/a`);
    await ready(page);
    await page.waitForTimeout(600);
    await page.evaluate(() => dispatchEvent(new PageTransitionEvent('pagehide')));
    assert.deepEqual(await keys(page), [], consent);
    assert.equal(guest.requests.some(({ path }) => path?.endsWith('/ahead.js')), false);
    await guest.close();
  }
  const base = site({ a: HERO }, { offers: heroes({ id: 'evening' }) });
  const guest = await house.visitor();
  const page = await guest.open(`${base}/a`);
  for (const [level, kept] of [['visit', 1], ['profile', 1], ['memory', 0], ['profile', 1], ['off', 0]]) {
    await page.evaluate((level) => window.maitre.consent(level), level);
    if (kept) await looksAhead(page);
    else await page.waitForTimeout(600);
    assert.equal((await keys(page)).length, kept, level);
  }
  await guest.close();

  const other = await house.visitor();
  const tab = await other.open(`${base}/a`);
  await looksAhead(tab);
  assert.deepEqual(await tab.evaluate(() => (window.maitre.forget(), Object.keys(localStorage).filter((key) => key.startsWith('maitre:ahead')))), []);
  await other.close();
});

test('what was foreseen for an earlier visit, or by another plan, is not kept to', async () => {
  const offers = heroes({ id: 'evening' });
  const base = site({ a: HERO, b: HERO }, { offers });
  const guest = await house.visitor();
  const page = await guest.open(`${base}/a`);
  await looksAhead(page);
  await holdEngine(page);
  await guest.pass('29m');
  await page.goto(`${base}/b`);
  assert.deepEqual(await shown(page), ['evening']);
  await guest.pass('1m');
  await page.goto(`${base}/b`);
  assert.equal(await shown(page), undefined);
  await guest.close();

  const later = await house.visitor();
  const tab = await later.open(`${base}/a`);
  await looksAhead(tab);
  house.put(`${base}/offers.json`, JSON.stringify(heroes({ id: 'evening', content: card('Anew') })));
  await tab.goto(`${base}/b`);
  await ready(tab);
  await settled(tab);
  assert.equal(await tab.getByRole('group', { name: 'Anew' }).isVisible(), true);
  await later.close();
});

test('what is written into storage by others does not become code', async () => {
  const trees = {
    attribute: ['b', { onclick: 'window.bad = 1', OnMouseOver: 'window.bad = 1', style: 'color: red' }, 0, 'x'],
    link: ['a', { href: ' \tjava\nscript:window.bad = 1' }, 0, 'x'],
    script: ['ScRipt', {}, 0, 'window.bad = 1'],
    frame: ['iframe', { srcdoc: '<script>top.bad = 1</script>', src: 'javascript:top.bad = 1' }, 0],
    inside: ['p', {}, [['script', {}, 0, 'window.bad = 1']], ['base', { href: 'https://else.example/' }, 0], ['form', { action: 'javascript:1' }, 0, ['button', { formaction: 'javascript:window.bad = 1' }, 0]]],
  };
  const base = site({ a: HERO, b: HERO }, { offers: heroes({ id: 'evening' }), csp: "default-src * 'unsafe-inline' 'unsafe-eval' data: blob:" });
  // Where no page of ours writes it anew.
  house.put('/t/plain.html', '<!doctype html><link rel="icon" href="data:,"><title>Plain</title>');
  const guest = await house.visitor();
  const page = await guest.open('/t/plain.html');
  await holdEngine(page);
  for (const tree of Object.values(trees)) {
    await page.evaluate((tree) => (localStorage['maitre:ahead'] = JSON.stringify([Date.now() + 1e6, 1, '', [['slot', { name: 'maitre' }, 0]], { x: ['b', { slot: 'maitre' }, 0, tree] }, { 0: { hero: ['offer', 'x'] } }])), tree);
    await page.goto(`${base}/b`);
    assert.equal(await page.locator('b[slot=maitre]').count(), 1);
    await page.evaluate(() => document.querySelectorAll('[slot=maitre] *').forEach((each) => (each.click?.(), each.dispatchEvent(new MouseEvent('mouseover')))));
    await page.waitForTimeout(50);
    assert.equal(await page.evaluate(() => window.bad), undefined, JSON.stringify(tree));
    assert.equal(await page.evaluate(() => document.baseURI.startsWith(location.origin)), true);
    await page.goto('/t/plain.html');
  }
  for (const text of ['', 'null', '{}', '[]', '[9e99]', `[${Date.now() * 2}, 1, "", [], {}, {}]`, `[${Date.now() * 2}, 1, "", [["slot", {"name":"maitre"}, 0, ["slot"]]], {}, {"0":{"hero":["offer","no"]}}]`, '[9e99,1,2,3,4,5,6', '\u0000']) {
    await page.evaluate((text) => (localStorage['maitre:ahead'] = text), text);
    await page.goto(`${base}/b`);
    assert.equal(await page.locator('#fallback').isVisible(), true, text);
    await page.goto('/t/plain.html');
  }
  assert.deepEqual(guest.problems.filter(({ text }) => !/Refused|violates/.test(text)), []);
  await guest.close();
});

test('a page come back to out of the back/forward cache goes on as it was', async () => {
  const base = site({ a: HERO + LINK, b: HERO + LINK }, { offers: heroes({ id: 'evening' }) });
  const guest = await house.visitor();
  const page = await guest.open(`${base}/a`);
  await looksAhead(page);
  await page.click('#on');
  await page.waitForURL('**/b');
  await ready(page);
  // Whether it keeps a page is the browser's to decide, and a busy one may not.
  const isKept = async () => {
    await page.evaluate(() => (window.mark = addEventListener('pageshow', ({ persisted }) => (window.persisted = persisted)) ?? 'b'));
    await page.goto(`${base}/a`);
    await ready(page);
    await page.goBack({ waitUntil: 'commit' });
    await ready(page);
    return page.evaluate(() => window.mark === 'b' && window.persisted === true);
  };
  assert.equal(await eventually(isKept, true), true);
  assert.deepEqual(await shown(page), ['evening']);
  await track(page, 'sign_up');
  assert.deepEqual(await shown(page), ['evening']);
  assert.deepEqual(guest.problems, []);
  await guest.close();
});

test('a prerendered page is filled, and nothing of it counts before it is shown', async () => {
  const base = site({ a: HERO, b: HERO }, { offers: heroes({ id: 'once', eligible: { 'visit.pages': { $gte: 2 } }, cap: { exposures: 1 } }, { id: 'then' }) });
  const guest = await house.visitor();
  const page = await guest.open(`${base}/a`);
  await looksAhead(page);
  await page.addInitScript(() => {
    window.prerendering = true;
    Object.defineProperty(document, 'prerendering', { get: () => window.prerendering });
    Object.defineProperty(document, 'hidden', { get: () => window.prerendering });
  });
  await page.goto(`${base}/b`);
  await page.waitForTimeout(1500);
  assert.deepEqual(await shown(page), ['once'], 'it is placed');
  assert.equal(await page.evaluate(() => sessionStorage['maitre:ahead1']), undefined);
  await page.evaluate(() => {
    window.prerendering = false;
    document.dispatchEvent(new Event('prerenderingchange'));
    document.dispatchEvent(new Event('visibilitychange'));
  });
  await ready(page);
  await settled(page);
  assert.equal(await statusOf(page, 'once'), 'shown');
  assert.equal(await eventually(() => statusOf(page, 'once'), 'capped'), 'capped');
  await guest.close();
});

test('a page that the browser really prerenders is filled ahead, and counts when it is shown', async () => {
  // Without a driver, which keeps Chromium from prerendering: the pages find their way by themselves, and report.
  const csp = "default-src 'self' data:; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'";
  const rules = '<script type="speculationrules">{"prerender":[{"source":"list","urls":["b"],"eagerness":"immediate"}]}</script>';
  const base = site(
    {
      a: `${HERO}<script src="/t/walk-a.js"></script>`,
      pre: `${HERO}${rules}<script src="/t/walk-pre.js"></script>`,
      b: `${HERO}<script src="/t/walk-b.js"></script>`,
    },
    { csp, head: ROOM, offers: heroes({ id: 'once', eligible: { 'visit.pages': { $gte: 3 } }, cap: { exposures: 1 } }, { id: 'then' }) },
  );
  house.put('/t/walk-a.js', 'setInterval(() => localStorage["maitre:ahead"] && (location.href = "pre"), 100)');
  house.put('/t/walk-pre.js', 'setTimeout(() => (location.href = "b"), 3000)');
  house.put(
    '/t/walk-b.js',
    `const seen = { prerendering: document.prerendering, placed: document.querySelector("[data-placement]").dataset.maitre };
    const status = () => maitre.explain("hero").offers.find(({ offer }) => offer === "once").status;
    const told = () => { seen.activated = performance.getEntriesByType("navigation")[0].activationStart; seen.early = status(); seen.shown = [...document.querySelectorAll("maitre-offer")].map((each) => each.dataset.offer);
      setTimeout(() => { seen.late = status(); fetch("/t/report?" + encodeURIComponent(JSON.stringify(seen))) }, 1500) };
    addEventListener("DOMContentLoaded", async () => { if (document.prerendering) { seen.before = maitre.decide("hero").offer; document.addEventListener("prerenderingchange", () => maitre.then(told)) } else { await maitre; told() } })`,
  );
  const reported = new Promise((resolve) => house.put('/t/report', (url) => (resolve(JSON.parse(decodeURIComponent(url.search.slice(1)))), { body: '' })));
  const folder = mkdtempSync(join(tmpdir(), 'maitre-prerender-'));
  const browser = spawn(findBrowser(), [...FLAGS, `--user-data-dir=${folder}`, `${house.url}${base}/a`], { stdio: 'ignore', detached: true });
  try {
    const seen = await Promise.race([reported, new Promise((_, reject) => setTimeout(reject, 20_000, new Error('nothing was reported')).unref())]);
    assert.equal(seen.prerendering, true);
    assert.equal(seen.placed, 'offer', 'placed while prerendering');
    assert.equal(seen.before, null, 'and nothing decided');
    assert.ok(seen.activated > 1000);
    assert.deepEqual(seen.shown, ['once']);
    assert.equal(seen.early, 'shown', 'the time before does not count');
    assert.equal(seen.late, 'capped');
  } finally {
    // With all the processes it has started.
    const gone = new Promise((resolve) => browser.once('exit', resolve));
    process.kill(-browser.pid, 'SIGKILL');
    await gone;
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
  }
});

test('placements that come later, twice or change are the engine\'s, and one with a shadow of its own is left alone', async () => {
  const base = site({ a: HERO, b: `${HERO}${HERO}<div data-placement="other">Else</div><my-box data-placement="hero"></my-box>` }, { head: '<script src="/t/box.js"></script>', offers: heroes({ id: 'evening' }) });
  house.put('/t/box.js', 'customElements.define("my-box", class extends HTMLElement { constructor() { super(); this.attachShadow({ mode: "open" }).append("Mine") } })');
  const guest = await house.visitor();
  const page = await guest.open(`${base}/a`);
  await looksAhead(page);
  const release = await holdEngine(page);
  await page.goto(`${base}/b`);
  const states = () => page.evaluate(() => [...document.querySelectorAll('[data-placement]')].map((each) => [each.dataset.maitre ?? null, each.querySelectorAll('maitre-offer').length]));
  assert.deepEqual(await states(), [['offer', 1], ['offer', 1], [null, 0], [null, 0]]);
  release();
  await ready(page);
  await settled(page);
  await page.evaluate(() => document.body.append(document.querySelector('[data-placement]').cloneNode(true)));
  await settled(page);
  assert.deepEqual(await states(), [['offer', 1], ['offer', 1], ['fallback', 0], [null, 0], ['offer', 1]]);
  await guest.close();
});
