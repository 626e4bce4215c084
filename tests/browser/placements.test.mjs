// Placements on a page: what they show, what the visitor sees of it, and what the visitor does with it.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { card, decided, handClock, heroes, HERO, looked, ready, settled, shown, statusOf, track } from './fixtures.mjs';
import { openHouse } from './harness.mjs';

let house;
before(async () => {
  house = await openHouse();
});
after(() => house?.close());

let pages = 0;
/** A page with these offers, opened by a fresh visitor. */
async function serve({ before, visitor, ...shop }) {
  pages += 1;
  const { path } = house.shop(`/t/placements-${pages}.html`, { body: HERO, ...shop });
  const guest = await house.visitor(visitor);
  await before?.(guest);
  const page = await guest.open(path);
  await ready(page);
  return { page, guest };
}

const visible = (page, selector) => page.locator(selector).isVisible();

test('an offer takes the place of the fallback, which is not touched', async () => {
  const { page, guest } = await serve({ offers: heroes({ id: 'evening' }) });
  assert.deepEqual(await shown(page), ['evening']);
  assert.equal(await visible(page, 'maitre-offer'), true);
  assert.equal(await visible(page, '#fallback'), false);
  assert.equal(await page.evaluate(() => document.querySelector('#fallback').outerHTML), '<p id="fallback">As ever</p>');
  assert.deepEqual(guest.problems, []);
  assert.deepEqual(guest.messages, []);
  await guest.close();
});

test('without an offer the fallback stays', async () => {
  const { page, guest } = await serve({ offers: heroes({ id: 'pro', eligible: { 'user.plan': 'pro' } }) });
  assert.equal(await shown(page), 'fallback');
  assert.equal(await visible(page, '#fallback'), true);
  await guest.close();
});

test("a placement's own fallback content is shown, and is no offer", async () => {
  const offers = { ...heroes({ id: 'once', rest: { after: 'dismissed', for: '1d' } }), placements: { hero: { fallback: card('Nothing new') } } };
  const { page, guest } = await serve({ offers });
  assert.deepEqual(await shown(page), ['once']);
  await page.getByRole('button', { name: 'Dismiss' }).click();
  assert.equal(await shown(page), 'fallback');
  assert.equal(await page.getByText('Nothing new').isVisible(), true);
  assert.equal(await page.getByRole('button').count(), 0);
  assert.equal(await visible(page, '#fallback'), false);
  await guest.close();
});

test('a placement that takes two shows two, best first', async () => {
  const offers = heroes({ id: 'a' }, { id: 'b' }, { id: 'c' });
  const { page, guest } = await serve({ offers: { ...offers, placements: { hero: { take: 2 } } } });
  assert.deepEqual(await shown(page), ['a', 'b']);
  await page.getByRole('group', { name: 'a' }).getByRole('button').click();
  assert.deepEqual(await shown(page), ['b']);
  await guest.close();
});

test('placements that come later, or change their name, are filled as they come', async () => {
  const offers = { placements: { hero: {}, aside: {} }, offers: [{ id: 'a', placement: 'aside', content: card('A') }, { id: 'h', placement: 'hero', content: card('H') }] };
  const { page, guest } = await serve({ offers, body: '<main></main>' });
  await page.evaluate(() => {
    const later = document.createElement('section');
    later.append(document.createElement('div'));
    later.firstChild.dataset.placement = 'aside';
    document.querySelector('main').append(later);
  });
  assert.deepEqual(await shown(page, 'aside'), ['a']);
  await page.evaluate(() => (document.querySelector('[data-placement]').dataset.placement = 'hero'));
  assert.deepEqual(await shown(page, 'hero'), ['h']);
  await page.evaluate(() => document.querySelector('main').append(Object.assign(document.createElement('p'), { id: 'plain' })));
  await page.evaluate(() => (document.querySelector('#plain').dataset.placement = 'aside'));
  assert.deepEqual(await shown(page, 'aside'), ['a']);
  await guest.close();
});

test('a placement that is taken out and put back, or copied, still shows its offer once', async () => {
  const { page, guest } = await serve({ offers: heroes({ id: 'evening' }) });
  await page.evaluate(() => {
    const hero = document.querySelector('[data-placement]');
    hero.remove();
    document.body.append(hero);
  });
  assert.deepEqual(await shown(page), ['evening']);
  await page.evaluate(() => {
    const hero = document.querySelector('[data-placement]');
    hero.replaceWith(hero.cloneNode(true));
  });
  assert.deepEqual(await shown(page), ['evening']);
  assert.equal(await visible(page, 'maitre-offer'), true);
  await guest.close();
});

test('what the page puts into a placement instead of the offer is seen', async () => {
  const { page, guest } = await serve({ offers: heroes({ id: 'evening' }) });
  await page.evaluate(() => document.querySelector('[data-placement]').replaceChildren('Closed today'));
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve)));
  assert.equal(await shown(page), 'fallback');
  assert.equal(await page.getByText('Closed today').isVisible(), true);
  await guest.close();
});

test('an element that takes no shadow root is left alone and reported; the others are filled', async () => {
  const body = `<p><button data-placement="hero" id="no">Buy</button></p>${HERO.replace('data-placement', 'id="yes" data-placement')}`;
  const { page, guest } = await serve({ offers: heroes({ id: 'evening' }), body });
  assert.equal(await page.evaluate(() => document.querySelector('#no').outerHTML.includes('maitre-offer')), false);
  assert.equal(await page.locator('#yes maitre-offer').isVisible(), true);
  assert.match(guest.messages[0].text, /^maitre: placement `hero` can't be filled: .+; put `data-placement` on a `div`/);
  await guest.close();
});

test('a placement that the config does not know keeps its fallback and is reported once', async () => {
  const { page, guest } = await serve({ offers: heroes({ id: 'evening' }), body: '<div data-placement="herro">As ever</div><div data-placement="herro">As ever</div>' });
  assert.equal(await shown(page, 'herro'), 'fallback');
  await track(page, 'sign_up');
  assert.equal(guest.messages.length, 1);
  assert.match(guest.messages[0].text, /^maitre: placement `herro` /);
  await guest.close();
});

const ONCE = heroes({ id: 'once', cap: { exposures: 1 } }, { id: 'then' });

test('an exposure takes half of the offer in view for one second', async () => {
  const { page, guest } = await serve({ offers: ONCE, before: handClock });
  await looked(page, 'maitre-offer');
  await page.clock.runFor(999);
  assert.equal(await statusOf(page, 'once'), 'shown');
  await page.clock.runFor(1);
  assert.equal(await statusOf(page, 'once'), 'capped');
  assert.deepEqual(await decided(page), ['then']);
  await settled(page);
  assert.deepEqual(await shown(page), ['once'], 'what was seen stays until the next page view');
  await guest.close();
});

test('less than half in view, or out of view before the second is over, is no exposure', async () => {
  const body = `<link rel="stylesheet" href="/t/tall.css"><div id="above"></div>${HERO}<div id="below"></div>`;
  house.put('/t/tall.css', 'body { margin: 0 } #above { height: 760px } #below { height: 3000px } maitre-offer { height: 100px; overflow: hidden }');
  const { page, guest } = await serve({ offers: ONCE, body, before: handClock, visitor: { viewport: { width: 600, height: 800 } } });
  await looked(page, 'maitre-offer');
  await page.clock.runFor(5000);
  assert.equal(await statusOf(page, 'once'), 'shown', '40 of 100 px');

  await page.evaluate(() => scrollTo(0, 100));
  await looked(page, 'maitre-offer');
  await page.clock.runFor(900);
  await page.evaluate(() => scrollTo(0, 2000));
  await looked(page, 'maitre-offer');
  await page.clock.runFor(5000);
  assert.equal(await statusOf(page, 'once'), 'shown', '900 ms');

  await page.evaluate(() => scrollTo(0, 15));
  await looked(page, 'maitre-offer');
  await page.clock.runFor(1000);
  assert.equal(await statusOf(page, 'once'), 'capped', '55 of 100 px');
  await guest.close();
});

test('nothing is exposed in a hidden tab, nor when it is transparent', async () => {
  const { page, guest } = await serve({ offers: ONCE, before: handClock });
  await looked(page, 'maitre-offer');
  const hide = (hidden) =>
    page.evaluate((hidden) => {
      Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    }, hidden);
  await page.clock.runFor(500);
  await hide(true);
  await page.clock.runFor(5000);
  assert.equal(await statusOf(page, 'once'), 'shown');
  await page.evaluate(() => (document.querySelector('maitre-offer').style.opacity = 0));
  await hide(false);
  await page.clock.runFor(5000);
  assert.equal(await statusOf(page, 'once'), 'shown');
  await page.evaluate(() => (document.querySelector('maitre-offer').style.opacity = 1));
  await page.clock.runFor(1000);
  assert.equal(await statusOf(page, 'once'), 'capped');
  await guest.close();
});

test('an offer is exposed once for each page view', async () => {
  const offers = heroes({ id: 'twice', cap: { exposures: 2 } });
  const { page, guest } = await serve({ offers, before: handClock });
  await looked(page, 'maitre-offer');
  await page.clock.runFor(10_000);
  assert.equal(await statusOf(page, 'twice'), 'shown');
  await page.evaluate(() => history.pushState(null, '', '?next'));
  await page.clock.runFor(10_000);
  assert.equal(await statusOf(page, 'twice'), 'capped');
  await guest.close();
});

test('what was not seen yet changes with what happens; what was seen stays until the next page view', async () => {
  const offers = heroes({ id: 'fan', eligible: { $did: { event: 'view_item' } } }, { id: 'evening' });
  const { page, guest } = await serve({ offers, before: handClock });
  await looked(page, 'maitre-offer');
  assert.deepEqual(await shown(page), ['evening']);
  await track(page, 'view_item');
  assert.deepEqual(await shown(page), ['fan']);
  await guest.close();

  const other = await serve({ offers, before: handClock });
  await looked(other.page, 'maitre-offer');
  await other.page.clock.runFor(1000);
  await track(other.page, 'view_item');
  assert.deepEqual(await shown(other.page), ['evening']);
  await other.page.evaluate(() => history.pushState(null, '', '?next'));
  await other.page.clock.runFor(10);
  assert.deepEqual(await shown(other.page), ['fan']);
  await other.guest.close();
});

test('a placement is touched only when its offers change', async () => {
  const { page, guest } = await serve({ offers: heroes({ id: 'evening' }) });
  await page.evaluate(() => {
    window.changes = 0;
    new MutationObserver((found) => (window.changes += found.length)).observe(document, { subtree: true, childList: true, attributes: true });
  });
  for (let i = 0; i < 5; i += 1) await track(page, 'sign_up');
  assert.equal(await page.evaluate(() => window.changes), 0);
  await guest.close();
});

const SOUP = heroes({ id: 'soup', content: card('Soup', { text: 'Of the day', cta: 'See it', link: '#soup' }), rest: { after: 'clicked', for: '1h' } }, { id: 'then' });

test('a click on the link is told, by mouse, keyboard or middle button', async () => {
  for (const press of [(link) => link.click(), (link) => link.press('Enter'), (link) => link.click({ button: 'middle' })]) {
    const { page, guest } = await serve({ offers: SOUP });
    await press(page.getByRole('link', { name: 'See it' }));
    assert.equal(await statusOf(page, 'soup'), 'resting');
    assert.deepEqual(await shown(page), ['soup'], 'it stays under the pointer');
    await guest.close();
  }
});

test('a click beside the link, or for a menu, is not told', async () => {
  const { page, guest } = await serve({ offers: SOUP });
  await page.getByText('Of the day').click();
  await page.getByRole('link').click({ button: 'right' });
  assert.equal(await statusOf(page, 'soup'), 'shown');
  await guest.close();
});

test('a dismissed offer leaves until the next page view, and focus stays on the page', async () => {
  const { page, guest } = await serve({ offers: heroes({ id: 'soup', rest: { after: 'dismissed', for: '1h' } }, { id: 'then' }) });
  await page.getByRole('button', { name: 'Dismiss' }).focus();
  await page.keyboard.press('Enter');
  assert.equal(await shown(page), 'fallback');
  assert.equal(await visible(page, '#fallback'), true);
  assert.equal(await statusOf(page, 'soup'), 'resting');
  assert.equal(await page.evaluate(() => document.activeElement.dataset.placement), 'hero');
  await page.evaluate(() => document.activeElement.blur());
  assert.equal(await page.locator('[data-placement]').getAttribute('tabindex'), null);
  await track(page, 'sign_up');
  assert.equal(await shown(page), 'fallback');
  await page.evaluate(() => history.pushState(null, '', '?next'));
  await page.waitForTimeout(50);
  assert.deepEqual(await shown(page), ['then']);
  await guest.close();
});

test('an explanation tells apart what would be shown and what is on the page', async () => {
  const { page, guest } = await serve({ offers: heroes({ id: 'evening' }) });
  const explained = () => page.evaluate(() => (({ shows, onPage }) => ({ shows, onPage }))(window.maitre.explain('hero')));
  assert.deepEqual(await explained(), { shows: ['evening'], onPage: ['evening'] });
  await page.getByRole('button', { name: 'Dismiss' }).click();
  assert.deepEqual(await explained(), { shows: ['evening'], onPage: [] }, 'without a rest it is back with the next page view');
  assert.equal(await page.evaluate(() => 'onPage' in window.maitre.explain('elsewhere')), false);
  await guest.close();
});

test('decisions and explanations can be asked for and listened to', async () => {
  const { page, guest } = await serve({ offers: heroes({ id: 'fan', eligible: { $did: { event: 'view_item' } } }, { id: 'evening' }) });
  const heard = await page.evaluate(async () => {
    const heard = [];
    const stop = window.maitre.on('decision', (decision) => heard.push(decision));
    window.maitre.on('decision', () => {
      throw new Error('a mistake of the page');
    });
    window.maitre.track('view_item');
    await Promise.resolve();
    stop();
    window.maitre.forget();
    await Promise.resolve();
    return heard;
  });
  assert.deepEqual(heard, [{ placement: 'hero', offer: 'fan', offers: [{ id: 'fan', content: card('fan') }] }]);
  assert.equal(guest.problems.length, 2, "the page's own mistake shows up as its own");
  assert.match(guest.problems[0].text, /a mistake of the page/);
  const explanation = await page.evaluate(() => window.maitre.explain('hero'));
  assert.deepEqual(explanation.shows, ['evening']);
  assert.deepEqual(explanation.offers.map(({ offer, status }) => [offer, status]), [['fan', 'ineligible'], ['evening', 'shown']]);
  assert.equal(explanation.offers[0].failed[0].check, 'eligible');
  assert.deepEqual(await page.evaluate(() => window.maitre.decide('nowhere')), { placement: 'nowhere', offer: null, offers: [] });
  await guest.close();
});

test('before the engine is there decisions are the fallback, and what is said waits its turn', async () => {
  pages += 1;
  const { path } = house.shop(`/t/placements-${pages}.html`, { body: HERO, offers: heroes({ id: 'pro', eligible: { 'user.plan': 'pro', $did: { event: 'sign_up' } } }) });
  const guest = await house.visitor();
  const page = await guest.context.newPage();
  let release;
  await page.route('**/maitre.wasm', async (route) => {
    await new Promise((resolve) => (release = resolve));
    await route.continue();
  });
  await page.goto(path, { waitUntil: 'commit' });
  await page.waitForFunction(() => window.maitre?.track);
  const early = await page.evaluate(() => {
    window.maitre.set({ plan: 'pro' });
    window.maitre.track('sign_up');
    return [window.maitre.decide('hero'), window.maitre.explain('hero')];
  });
  assert.deepEqual(early, [{ placement: 'hero', offer: null, offers: [] }, { placement: 'hero', take: 0, shows: [], offers: [] }]);
  release();
  await ready(page);
  assert.deepEqual(await shown(page), ['pro']);
  await guest.close();
});

test('a placement that is there twice shows the same, and what is dismissed in one leaves both', async () => {
  const { page, guest } = await serve({ offers: heroes({ id: 'soup' }), body: HERO + HERO.replace('id="fallback"', ''), before: handClock });
  const both = () => page.evaluate(() => [...document.querySelectorAll('[data-placement]')].map((each) => [each.dataset.maitre, each.querySelectorAll('maitre-offer').length]));
  assert.deepEqual(await both(), [['offer', 1], ['offer', 1]]);
  await looked(page, 'maitre-offer');
  await page.clock.runFor(1000);
  await page.evaluate(() => document.body.append(document.querySelector('[data-placement]').cloneNode(true)));
  await settled(page);
  assert.deepEqual(await both(), [['offer', 1], ['offer', 1], ['offer', 1]], 'also one that comes after the offer was seen');
  await page.getByRole('button', { name: 'Dismiss' }).nth(1).click();
  assert.deepEqual(await both(), [['fallback', 0], ['fallback', 0], ['fallback', 0]]);
  await guest.close();
});

test('`inline` looks like a card', async () => {
  const { page, guest } = await serve({ offers: heroes({ id: 'soup', content: card('Soup', { template: 'inline', text: 'Of the day' }) }) });
  assert.equal(await page.getByRole('group', { name: 'Soup' }).getByText('Of the day').isVisible(), true);
  assert.deepEqual(guest.messages, []);
  await guest.close();
});

/** Placements alone, without the engine that decides: what it is asked is in `asked`. */
const ALONE = `
  import { placements } from './js/placements';
  window.asked = [];
  window.offers = { hero: ['soup', 'salad'], aside: ['tea'] };
  window.placements = placements({
    fill(onPage) {
      asked.push(onPage);
      const names = Object.keys(onPage).filter((name) => !onPage[name]);
      return names.map((placement) => ({ placement, offers: (offers[placement] ?? []).map((id) => ({ id, content: { template: 'card', title: id } })), fallback: null }));
    },
    outcome() {},
    shown() {},
    plan() {},
    report: (what) => console.error(what),
    guard: (work) => (...args) => work(...args),
  });
  window.placements.refresh();
`;

test('all placements are asked for at once, in order; what was seen in them stays, and is told', async () => {
  const { outputFiles } = await build({ stdin: { contents: ALONE, resolveDir: fileURLToPath(new URL('../..', import.meta.url)) }, bundle: true, format: 'esm', target: 'es2022', write: false });
  house.put('/t/placements.js', outputFiles[0].text);
  house.put('/t/alone.html', '<!doctype html><meta name="viewport" content="width=device-width"><script type="module" src="/t/placements.js"></script><div data-placement="late"></div><div data-placement="hero"></div><div data-placement="aside"></div>');
  const guest = await house.visitor();
  await handClock(guest);
  const page = await guest.open('/t/alone.html');
  const asked = () => page.evaluate(() => (window.placements.refresh(), Object.entries(window.asked.at(-1))));
  assert.deepEqual(await page.evaluate(() => window.asked.map(Object.entries)), [[['late', null], ['hero', null], ['aside', null]]]);
  assert.deepEqual(await asked(), [['late', null], ['hero', null], ['aside', null]]);
  await page.getByRole('group', { name: 'soup' }).getByRole('button').click();
  assert.deepEqual(await asked(), [['late', null], ['hero', ['salad']], ['aside', null]], 'a dismissed one is gone, and what is beside it stays');
  await looked(page, '[data-offer=tea]');
  await page.clock.runFor(1000);
  assert.deepEqual(await asked(), [['late', null], ['hero', ['salad']], ['aside', ['tea']]]);
  await page.getByRole('group', { name: 'salad' }).getByRole('button').click();
  assert.deepEqual(await asked(), [['late', null], ['hero', []], ['aside', ['tea']]], 'a fallback that took an offer\'s place stays, too');
  assert.deepEqual(await page.evaluate(() => Object.entries(window.placements.onPage())), [['late', null], ['hero', []], ['aside', ['tea']]]);
  await page.evaluate(() => window.placements.refresh(true));
  assert.deepEqual(await page.evaluate(() => Object.entries(window.asked.at(-1))), [['late', null], ['hero', null], ['aside', null]], 'a page view begins anew');
  assert.equal(await page.locator('[data-offer]').count(), 3);
  await guest.close();
});
