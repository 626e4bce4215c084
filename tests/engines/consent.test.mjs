// The ladder of consent, in each engine: what a level allows is stored and no more, and going down erases at once.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { heroes, HERO } from '../browser/fixtures.mjs';
import { serveHouse } from '../browser/house.mjs';
import { inEach, ready, until } from './fixtures.mjs';

const OFFERS = heroes({ id: 'fan', eligible: { $did: { event: 'view_item' } }, cap: { exposures: 9, per: '30d' } }, { id: 'evening' });
const NOTHING = { local: [], session: [], databases: [], cookies: '' };

let house;
before(async () => {
  house = await serveHouse();
  house.put('/t/bare.html', '<!doctype html><link rel="icon" href="data:,">');
  for (const consent of ['off', 'memory', 'visit', 'profile']) house.shop(pathOf(consent), { offers: OFFERS, consent, body: HERO });
});
after(() => house?.close());

const pathOf = (consent) => `/t/at-${consent}.html`;

/** Runs in the page: all that is stored of the site. */
async function stored() {
  return {
    local: Object.keys(localStorage).sort(),
    session: Object.keys(sessionStorage).sort(),
    databases: (await indexedDB.databases()).map(({ name }) => name),
    cookies: document.cookie,
  };
}

const is = async (tab, wanted) => JSON.stringify(await tab.evaluate(stored)) === JSON.stringify(wanted);

/** Runs in the page: all that a visitor may do. */
function everything() {
  for (let i = 0; i < 3; i += 1) window.maitre.track('view_item', { item_id: `${i}` });
  window.maitre.set({ plan: 'pro' });
  window.maitre.explain('hero');
  history.pushState(null, '', '#elsewhere');
}

/** Longer than writing is put off: 200 ms, and a second for the browser to be idle. */
const written = () => new Promise((resolve) => setTimeout(resolve, 1500));

inEach(() => house, (engine) => {
  async function enter(consent) {
    const tab = await engine.browser.open(house.url + pathOf(consent));
    await ready(tab);
    return tab;
  }

  /** A tab in which all three storages hold something: a delta that was silent for long is folded, under a transaction. */
  async function filled() {
    const tab = await enter('profile');
    await tab.evaluate(everything);
    await until(() => tab.evaluate(() => Object.keys(localStorage).some((key) => key.startsWith('maitre:'))));
    await tab.evaluate(() => {
      const key = Object.keys(localStorage).find((key) => key.startsWith('maitre:'));
      localStorage.setItem('maitre:gone', localStorage.getItem(key).replace(/^\d+/, (at) => String(Number(at) - 3_600_000)));
      sessionStorage.setItem('maitre:tab', 'left by a page before');
    });
    await tab.reload();
    await ready(tab);
    await until(async () => (await tab.evaluate(stored)).databases.includes('maitre'));
    await until(() => tab.evaluate(() => localStorage.getItem('maitre') !== null));
    await tab.evaluate(everything);
    return tab;
  }

  for (const consent of ['off', 'memory']) {
    test(`at ${consent} nothing is stored, not even as the page is left`, async () => {
      const tab = await enter(consent);
      await tab.evaluate(everything);
      await written();
      assert.deepEqual(await tab.evaluate(stored), NOTHING);
      await tab.goto(`${house.url}/t/bare.html`);
      assert.deepEqual(await tab.evaluate(stored), NOTHING);
      await tab.close();
    });
  }

  test('at visit only this tab keeps something', async () => {
    const tab = await enter('visit');
    await tab.evaluate(everything);
    await until(async () => (await tab.evaluate(stored)).session.length > 0);
    await written();
    assert.deepEqual(await tab.evaluate(stored), { ...NOTHING, session: ['maitre'] });
    await tab.reload();
    await ready(tab);
    assert.equal(await tab.evaluate(() => window.maitre.decide('hero').offer), 'fan');
    const other = await enter('visit');
    assert.equal(await other.evaluate(() => window.maitre.decide('hero').offer), 'evening');
    await other.close();
    await tab.evaluate(() => window.maitre.consent('memory'));
    assert.deepEqual(await tab.evaluate(stored), NOTHING);
    await tab.close();
  });

  for (const way of ['visit', 'memory', 'off', 'forget']) {
    test(`down from profile to ${way}, all is erased at once, in all tabs, and stays so`, async () => {
      const tab = await filled();
      const other = await enter('profile');
      await other.evaluate(everything);
      const atOnce = await tab.evaluate((way) => {
        if (way === 'forget') window.maitre.forget();
        else window.maitre.consent(way);
        const ours = (storage) => Object.keys(storage).filter((key) => key.startsWith('maitre'));
        return [ours(localStorage), ours(sessionStorage)];
      }, way);
      assert.deepEqual(atOnce, [[], []]);
      // Erasing a database waits for those who have it open.
      await until(async () => !(await tab.evaluate(stored)).databases.length);
      // The other tab was about to write: it does not, nor as it is left.
      await written();
      await other.goto(`${house.url}/t/bare.html`);
      const after = await other.evaluate(stored);
      // Who only forgot goes on being remembered; who is remembered for a visit is so tab by tab.
      if (way !== 'forget') assert.deepEqual({ ...after, session: [] }, NOTHING);
      assert.deepEqual(after.session.filter((key) => key !== 'maitre' && way !== 'forget'), []);
      assert.deepEqual((await tab.evaluate(stored)).session.filter(() => way !== 'visit'), []);
      await other.close();

      // WebKit keeps a database open for a page that is left while it is being opened, which puts off its erasing.
      await written();
      await tab.goto(house.url + pathOf('profile'));
      await ready(tab);
      assert.equal(await tab.evaluate(() => window.maitre.decide('hero').offer), 'evening');
      await tab.evaluate(() => window.maitre.consent('off'));
      await until(() => is(tab, NOTHING));
      await tab.close();
    });
  }

  test('what the page before was about to keep safe as it was left does not keep it from being erased', async () => {
    const tab = await filled();
    await until(async () => (await tab.evaluate(stored)).databases.includes('maitre'));
    // Written as the page is left, which is then kept for going back to.
    await tab.evaluate(everything);
    await tab.goto(house.url + pathOf('memory'));
    await ready(tab);
    await tab.evaluate(() => window.maitre.forget());
    await until(() => is(tab, NOTHING));
    await tab.close();
  });
});
