// Overlays: how they come, what they take and give back, and what the visitor does with them.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';
import { build } from 'esbuild';
import { eventually, handClock } from './fixtures.mjs';
import { openHouse } from './harness.mjs';

const HOUSE = fileURLToPath(new URL('../..', import.meta.url));
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Overlays alone, without the engine that raises them: what they tell is in `heard`. */
const ALONE = `
  import { lent } from './js/lent';
  import { overlays } from './js/overlays';
  window.heard = [];
  window.shown = [];
  window.problems = [];
  window.violations = [];
  addEventListener('securitypolicyviolation', ({ violatedDirective }) => violations.push(violatedDirective));
  window.overlays = overlays({
    outcome: (offer, kind) => heard.push(kind + ' ' + offer),
    shown: (placement, offers) => shown.push([placement, offers.map(({ id }) => id)]),
    report: (what) => problems.push(what),
    guard: (work) => (...args) => work(...args),
    lent,
  });
  document.documentElement.dataset.ready = '';
`;

const STRICT = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; require-trusted-types-for 'script'; trusted-types 'none'";

let house;
before(async () => {
  house = await openHouse();
  const { outputFiles } = await build({ stdin: { contents: ALONE, resolveDir: HOUSE }, bundle: true, format: 'esm', target: 'es2022', write: false });
  house.put('/t/overlays.js', outputFiles[0].text);
  house.put('/t/pixel.svg', '<svg xmlns="http://www.w3.org/2000/svg" width="400" height="300"><rect width="400" height="300" fill="#7a9"/></svg>');
  house.put('/t/look.css', ':root { color-scheme: light dark; font-family: sans-serif } main { min-height: 3000px } main a { color: inherit }');
});
after(() => house?.close());

const PAGE = `
  <main>
    <h1>Shop</h1>
    <p>Boots, shoes and packs</p>
    <a id="before" href="#before">Before</a>
    <a id="other" href="#other">Other</a>
  </main>`;

let pages = 0;
async function serve({ body = PAGE, head = '', before, visitor, script = '' } = {}) {
  pages += 1;
  const path = `/t/overlays-${pages}.html`;
  house.put(`/t/own-${pages}.js`, script);
  house.put(
    path,
    `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"><title>Shop</title>
    <link rel="stylesheet" href="/t/look.css">${head}<script src="/t/own-${pages}.js"></script><script type="module" src="/t/overlays.js"></script><body>${body}</body></html>`,
    { headers: { 'content-security-policy': STRICT } },
  );
  const guest = await house.visitor(visitor);
  await before?.(guest);
  const page = await guest.open(path);
  await page.waitForSelector('[data-ready]', { state: 'attached' });
  return { page, guest };
}

const FULL = { title: 'Ten off', text: 'Until Sunday', image: '/t/pixel.svg', alt: 'A shoe', cta: 'See them', link: '#them', dismiss: 'No thanks' };
const LONG = { ...FULL, text: 'Shoes, boots and packs, each as long as there is one left on the shelf. '.repeat(40) + 'Averyveryverylongwordthatcannotbebrokenanywhereatall' };
const KINDS = ['modal', 'bar', 'toast'];

const raise = (page, template, content = FULL, id = 'ten') =>
  page.evaluate((raised) => window.overlays.show(raised), { placement: 'over', id, content: { template, ...content } });
/** Until it can be seen; a live region is filled a moment after it came. */
const appeared = (page, words = 'Until Sunday') => page.getByText(words).first().waitFor();
const show = async (page, ...more) => {
  assert.equal(await raise(page, ...more), true);
  await page.waitForSelector('[part=overlay][class]', { state: 'attached' });
};
const heard = (page) => page.evaluate(() => window.heard);
const gone = (page) => page.evaluate(() => !document.querySelector('maitre-modal, maitre-bar, maitre-toast'));
const focused = (page) => page.evaluate(() => document.activeElement.id || document.activeElement.localName);
const close = (page) => page.getByRole('button', { name: 'No thanks' });

for (const kind of KINDS) {
  test(`${kind}: shows its fields, each as a part that a page can style, and takes its colours`, async () => {
    house.put('/t/brand.css', `maitre-${kind} { --maitre-accent: rgb(0, 80, 60); --maitre-surface: rgb(240, 250, 245); --maitre-radius: 3px } maitre-${kind}::part(title) { text-transform: uppercase }`);
    const { page, guest } = await serve({ head: '<link rel="stylesheet" href="/t/brand.css">' });
    await show(page, kind);
    for (const role of ['img', 'link', 'button']) assert.equal(await page.locator(`maitre-${kind}`).getByRole(role).count(), 1, role);
    const { parts, ...style } = await page.evaluate((kind) => {
      const root = document.querySelector(`maitre-${kind}`).shadowRoot;
      const of = (part) => getComputedStyle(root.querySelector(`[part=${part}]`));
      return {
        parts: [...root.querySelectorAll('[part]')].map((each) => each.getAttribute('part')).sort(),
        accent: of('cta').backgroundColor,
        surface: of('overlay').backgroundColor,
        title: of('title').textTransform,
        literal: root.querySelectorAll('[style], style').length,
      };
    }, kind);
    assert.deepEqual(parts, ['body', 'cta', 'dismiss', 'image', 'offer', 'overlay', 'text', 'title']);
    assert.deepEqual(style, { accent: 'rgb(0, 80, 60)', surface: 'rgb(240, 250, 245)', title: 'uppercase', literal: 0 });
    assert.deepEqual(await heard(page), ['raised ten']);
    await guest.close();
  });

  test(`${kind}: is closed by its button, which is an answer`, async () => {
    const { page, guest } = await serve();
    await show(page, kind);
    assert.deepEqual(await page.evaluate(() => [window.overlays.showing('over'), window.overlays.showing('hero')]), [['ten'], undefined]);
    await close(page).click();
    assert.equal(await gone(page), true);
    assert.deepEqual(await heard(page), ['raised ten', 'dismissed ten']);
    assert.deepEqual(await page.evaluate(() => window.shown), [['over', ['ten']], ['over', []]]);
    assert.equal(await page.evaluate(() => window.overlays.showing('over')), undefined);
    await guest.close();
  });

  test(`${kind}: a click on its link is told, closes it, and leads where it should`, async () => {
    const { page, guest } = await serve();
    for (const press of [(link) => link.click(), (link) => link.press('Enter'), (link) => link.click({ button: 'middle' })]) {
      await page.evaluate(() => (window.heard.splice(0), history.replaceState(null, '', '#')));
      await show(page, kind);
      await press(page.getByRole('link', { name: 'See them' }));
      assert.equal(await gone(page), true);
      assert.deepEqual(await heard(page), ['raised ten', 'clicked ten']);
      assert.equal(await eventually(() => guest.context.pages().some((each) => each.url().endsWith('#them')), true), true);
    }
    await guest.close();
  });

  test(`${kind}: a page view takes it away without an answer`, async () => {
    const { page, guest } = await serve();
    await show(page, kind);
    await page.evaluate(() => window.overlays.close());
    assert.equal(await gone(page), true);
    assert.deepEqual(await heard(page), ['raised ten', 'closed ten']);
    await page.evaluate(() => window.overlays.close());
    assert.equal((await heard(page)).length, 2);
    await guest.close();
  });

  test(`${kind}: an exposure takes one second, in a tab that is seen`, async () => {
    // The hand-moved clock doesn't move animations: at their first frame nothing is seen yet.
    const { page, guest } = await serve({ before: handClock, visitor: { reducedMotion: 'reduce' } });
    assert.equal(await raise(page, kind), true);
    if (kind !== 'modal') await page.clock.runFor(100);
    await page.clock.runFor(999);
    assert.deepEqual(await heard(page), ['raised ten']);
    const hide = (hidden) =>
      page.evaluate((hidden) => {
        Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
      }, hidden);
    await hide(true);
    await page.clock.runFor(5000);
    assert.deepEqual(await heard(page), ['raised ten']);
    await hide(false);
    await page.clock.runFor(999);
    assert.deepEqual(await heard(page), ['raised ten']);
    await page.clock.runFor(1);
    assert.deepEqual(await heard(page), ['raised ten', 'exposed ten']);
    await page.clock.runFor(5000);
    assert.equal((await heard(page)).length, 2);
    await guest.close();
  });

  test(`${kind}: goes before its second is over, and is not exposed`, async () => {
    const { page, guest } = await serve({ before: handClock, visitor: { reducedMotion: 'reduce' } });
    assert.equal(await raise(page, kind), true);
    await page.clock.runFor(50);
    await page.evaluate(() => window.overlays.close());
    await page.clock.runFor(5000);
    assert.deepEqual(await heard(page), ['raised ten', 'closed ten']);
    await guest.close();
  });

  test(`${kind}: moves nothing on the page, and nothing of itself`, async () => {
    const { page, guest } = await serve();
    // An image that comes late finds its room.
    await page.route('**/pixel.svg', (route) => setTimeout(() => route.continue(), 300));
    await page.evaluate(() => {
      window.shifts = [];
      new PerformanceObserver((list) => window.shifts.push(...list.getEntries().map(({ value }) => value))).observe({ type: 'layout-shift', buffered: true });
    });
    const before = await page.evaluate(() => JSON.stringify(document.querySelector('#other').getBoundingClientRect()));
    await show(page, kind);
    await page.waitForFunction((kind) => document.querySelector(`maitre-${kind}`).shadowRoot.querySelector('img').complete, kind);
    await page.waitForTimeout(300);
    assert.equal(await page.evaluate(() => JSON.stringify(document.querySelector('#other').getBoundingClientRect())), before);
    await page.evaluate(() => window.overlays.close());
    await page.waitForTimeout(200);
    assert.deepEqual(await page.evaluate(() => window.shifts), []);
    await guest.close();
  });

  for (const reducedMotion of ['reduce', 'no-preference']) {
    test(`${kind}: moves ${reducedMotion === 'reduce' ? 'not at all when less motion is wished for' : 'shortly'}`, async () => {
      const { page, guest } = await serve({ visitor: { reducedMotion } });
      const ran = page.evaluate(
        () => new Promise((resolve) => {
          const ran = [];
          const look = () => ran.push(...(document.querySelector('[data-offer]')?.shadowRoot.getAnimations() ?? []).map((each) => each.effect.getComputedTiming().endTime));
          const every = setInterval(look, 10);
          setTimeout(() => resolve(ran, clearInterval(every)), 400);
        }),
      );
      await show(page, kind);
      const found = await ran;
      if (reducedMotion === 'reduce') assert.deepEqual(found, []);
      else assert.ok(found.length > 0 && Math.max(...found) <= 300, `${found}`);
      await guest.close();
    });
  }

  for (const colorScheme of ['light', 'dark']) {
    test(`${kind}: axe finds nothing to complain of in the ${colorScheme}`, async () => {
      const { page, guest } = await serve({ visitor: { colorScheme, reducedMotion: 'reduce', viewport: { width: 360, height: 640 } } });
      await page.evaluate(AXE);
      for (const content of [FULL, LONG]) {
        await show(page, kind, content);
        await page.waitForTimeout(50);
        const found = await page.evaluate(async () => (await window.axe.run()).violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html)}`));
        assert.deepEqual(found, []);
        await page.evaluate(() => window.overlays.close());
      }
      await guest.close();
    });
  }

  test(`${kind}: fits into a small window, however long it is; its button is large and always in view`, async () => {
    const { page, guest } = await serve({ visitor: { reducedMotion: 'reduce' } });
    for (const [width, height] of [[360, 640], [320, 256], [1280, 800]]) {
      await page.setViewportSize({ width, height });
      for (const content of [FULL, LONG]) {
        await show(page, kind, content);
        for (const end of [0, 1]) {
          const found = await page.evaluate(
            ([kind, end]) => {
              const root = document.querySelector(`maitre-${kind}`).shadowRoot;
              const box = root.querySelector('[part=overlay]');
              const button = root.querySelector('[part=dismiss]');
              box.scrollTop = end * box.scrollHeight;
              const [outer, inner] = [box.getBoundingClientRect(), button.getBoundingClientRect()];
              return {
                outside: outer.left < 0 || outer.top < 0 || outer.right > innerWidth || outer.bottom > innerHeight,
                wide: Math.max(box.scrollWidth - box.clientWidth, document.documentElement.scrollWidth - innerWidth, 0),
                button: Math.min(inner.width, inner.height) >= 44,
                centred: kind === 'toast' || Math.abs(outer.left + outer.right - document.documentElement.clientWidth) < 2,
                covered: root.elementFromPoint(inner.left + inner.width / 2, inner.top + inner.height / 2) !== button,
              };
            },
            [kind, end],
          );
          assert.deepEqual(found, { outside: false, wide: 0, button: true, centred: true, covered: false }, `${width} by ${height}, ${content === LONG ? 'long' : 'short'}, ${end ? 'end' : 'start'}`);
        }
        await page.evaluate(() => window.overlays.close());
      }
    }
    await guest.close();
  });

  test(`${kind}: needs nothing that a strict policy forbids`, async () => {
    const { page, guest } = await serve();
    await show(page, kind);
    await close(page).click();
    assert.deepEqual(await page.evaluate(() => window.violations), []);
    assert.deepEqual(guest.problems, []);
    assert.deepEqual(guest.messages, []);
    await guest.close();
  });

  test(`${kind}: can be closed, whatever the offer says`, async () => {
    const { page, guest } = await serve();
    await show(page, kind, { title: 'Ten off', dismiss: false });
    await page.getByRole('button', { name: 'Dismiss' }).click();
    assert.equal(await gone(page), true);
    await guest.close();
  });

  test(`${kind}: text is text, and a link that is none is left out`, async () => {
    const { page, guest } = await serve();
    await show(page, kind, { title: '<b>bold</b>', text: '<img src=x onerror=alert(1)>', cta: 'Go', link: 'javascript:alert(1)' });
    assert.equal(await page.getByText('<b>bold</b>').count(), 1);
    assert.equal(await page.locator(`maitre-${kind}`).getByRole('link').count(), 0);
    assert.match((await page.evaluate(() => window.problems))[0], /^`link` of offer `ten` can't be used/);
    await guest.close();
  });
}

test('card, text, inline and the modal itself are shown in a modal, a banner as a bar', async () => {
  const { page, guest } = await serve();
  const shownAs = [];
  for (const template of ['modal', 'card', 'text', 'inline', 'bar', 'banner', 'toast']) {
    await show(page, template);
    shownAs.push(await page.evaluate(() => document.querySelector('maitre-modal, maitre-bar, maitre-toast').localName.slice(7)));
    await page.evaluate(() => window.overlays.close());
  }
  assert.deepEqual(shownAs, ['modal', 'modal', 'modal', 'modal', 'bar', 'bar', 'toast']);
  await guest.close();
});

// The modal.

const tree = async (page) => {
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send('Accessibility.getFullAXTree');
  await session.detach();
  return nodes
    .filter(({ ignored }) => !ignored)
    .map(({ role, name, description, properties = [] }) => ({
      role: role?.value,
      name: name?.value ?? '',
      description: description?.value ?? '',
      ...Object.fromEntries(properties.map(({ name, value }) => [name, value.value])),
    }));
};

test('a modal is announced as what it is, once: by its title, with its text', async () => {
  const { page, guest } = await serve();
  await show(page, 'modal');
  const nodes = await tree(page);
  const dialogs = nodes.filter(({ role }) => role === 'dialog');
  assert.equal(dialogs.length, 1);
  const [{ name, description, modal, focused }] = dialogs;
  assert.deepEqual({ name, description, modal, focused }, { name: 'Ten off', description: 'Until Sunday', modal: true, focused: true });
  assert.deepEqual(nodes.filter(({ role, live }) => live || role === 'status' || role === 'alert'), []);
  await guest.close();
});

test('a modal keeps the focus while it is there', async () => {
  const { page, guest } = await serve();
  await page.locator('#before').focus();
  await show(page, 'modal');
  const seen = new Set();
  for (const key of ['Tab', 'Tab', 'Tab', 'Tab', 'Shift+Tab', 'Shift+Tab', 'Shift+Tab']) {
    await page.keyboard.press(key);
    seen.add(await page.evaluate(() => document.activeElement.shadowRoot?.activeElement?.getAttribute('part') ?? document.activeElement.id));
  }
  assert.equal(seen.has('before') || seen.has('other'), false);
  assert.deepEqual([...seen].filter(Boolean).sort(), ['cta', 'dismiss']);
  assert.equal(await page.evaluate(() => (document.querySelector('#other').focus(), document.activeElement.id)), '', 'the page is inert');
  await guest.close();
});

test('a key that was meant for the page neither closes a modal nor follows its link', async () => {
  const { page, guest } = await serve();
  await show(page, 'modal');
  for (const key of ['Enter', 'Space', 'a']) await page.keyboard.press(key);
  assert.deepEqual(await heard(page), ['raised ten']);
  await guest.close();
});

const AWAY = {
  Escape: (page) => page.keyboard.press('Escape'),
  'a click beside it': (page) => page.mouse.click(5, 5),
  'its button': (page) => close(page).click(),
};
for (const [how, dismiss] of Object.entries(AWAY)) {
  test(`a modal is dismissed by ${how}, and the focus goes back to where it was`, async () => {
    const { page, guest } = await serve();
    await page.locator('#before').focus();
    await show(page, 'modal');
    assert.equal(await focused(page), 'maitre-modal');
    await dismiss(page);
    assert.equal(await eventually(() => gone(page), true), true);
    assert.equal(await focused(page), 'before');
    assert.deepEqual(await heard(page), ['raised ten', 'dismissed ten']);
    await guest.close();
  });

  test(`dismissed by ${how} when what had the focus is gone, the focus is on the page`, async () => {
    const { page, guest } = await serve();
    await page.locator('#before').focus();
    await show(page, 'modal');
    await page.evaluate(() => document.querySelector('#before').remove());
    await dismiss(page);
    assert.equal(await eventually(() => gone(page), true), true);
    assert.equal(await focused(page), 'body');
    await page.keyboard.press('Tab');
    assert.equal(await focused(page), 'other');
    assert.equal(await page.evaluate(() => document.body.hasAttribute('tabindex')), false);
    await guest.close();
  });
}

test('clicks inside a modal, and a drag that ends beside it, leave it where it is', async () => {
  const { page, guest } = await serve();
  await show(page, 'modal');
  await page.getByText('Until Sunday').click();
  const { x, y } = await page.getByText('Until Sunday').boundingBox();
  await page.mouse.move(x + 5, y + 5);
  await page.mouse.down();
  await page.mouse.move(5, 5);
  await page.mouse.up();
  assert.equal(await gone(page), false);
  assert.deepEqual(await heard(page), ['raised ten']);
  await guest.close();
});

test('Escape that closes a modal is not kept from the page', async () => {
  const { page, guest } = await serve({ script: "addEventListener('keydown', ({ key, defaultPrevented }) => (window.pressed = key + defaultPrevented))" });
  await show(page, 'modal');
  await page.keyboard.press('Escape');
  assert.equal(await page.evaluate(() => window.pressed), 'Escapefalse');
  await guest.close();
});

const OWN = `${PAGE}
  <template id="own"><article><h2 data-field="title"></h2><p data-field="text"></p><a data-field="link cta"></a></article></template>
  <template id="closing"><h2 data-field="title"></h2><button type="button" data-dismiss data-field="dismiss"></button></template>`;

test("a template of the page is shown in a modal, in the light, with a button unless it has its own", async () => {
  const { page, guest } = await serve({ body: OWN, visitor: { reducedMotion: 'reduce' } });
  await page.evaluate(AXE);
  await show(page, 'own');
  const dialog = page.getByRole('dialog', { name: 'Ten off' });
  assert.equal(await dialog.isVisible(), true);
  assert.equal(await page.getByRole('heading', { name: 'Ten off' }).isVisible(), true);
  assert.deepEqual(await page.evaluate(async () => (await window.axe.run()).violations.map(({ id }) => id)), []);
  await page.getByRole('link', { name: 'See them' }).click();
  await show(page, 'closing');
  assert.equal(await page.getByRole('button').count(), 1);
  await close(page).click();
  assert.deepEqual(await heard(page), ['raised ten', 'clicked ten', 'raised ten', 'dismissed ten']);
  assert.deepEqual(await page.evaluate(() => window.violations), []);
  await guest.close();
});

test('an overlay whose template is missing is not shown, and reported', async () => {
  const { page, guest } = await serve();
  assert.equal(await raise(page, 'nowhere'), false);
  assert.equal(await gone(page), true);
  assert.deepEqual(await heard(page), []);
  assert.match((await page.evaluate(() => window.problems))[0], /no `<template id="nowhere">`/);
  await show(page, 'modal');
  await guest.close();
});

test('one overlay at a time, and none over a dialog of the page', async () => {
  const { page, guest } = await serve({ body: `${PAGE}<dialog id="own">Sign in</dialog>` });
  await show(page, 'toast');
  assert.equal(await raise(page, 'modal', FULL, 'other'), false);
  await page.evaluate(() => window.overlays.close());
  await page.evaluate(() => document.querySelector('#own').showModal());
  assert.equal(await raise(page, 'modal', FULL, 'other'), false);
  await page.keyboard.press('Escape');
  assert.equal(await raise(page, 'modal', FULL, 'other'), true);
  assert.deepEqual(await heard(page), ['raised ten', 'closed ten', 'raised other']);
  await guest.close();
});

test('the next one can come as soon as one has been answered', async () => {
  const { page, guest } = await serve();
  await show(page, 'modal');
  await page.evaluate(() => {
    const [button] = document.querySelector('maitre-modal').shadowRoot.querySelectorAll('button');
    button.click();
    window.overlays.show({ placement: 'over', id: 'next', content: { template: 'modal', title: 'Next' } });
  });
  await page.waitForTimeout(100);
  assert.deepEqual(await heard(page), ['raised ten', 'dismissed ten', 'raised next']);
  assert.equal(await page.getByRole('dialog', { name: 'Next' }).isVisible(), true);
  await guest.close();
});

// Bar and toast.

for (const kind of ['bar', 'toast']) {
  test(`a ${kind} is announced politely and once, and takes no focus`, async () => {
    const { page, guest } = await serve();
    await page.locator('#before').focus();
    await page.evaluate(() => {
      window.said = [];
      const { attachShadow } = Element.prototype;
      Element.prototype.attachShadow = function (options) {
        const root = attachShadow.call(this, options);
        new MutationObserver((changes) => {
          for (const { target, addedNodes } of changes) {
            if (target instanceof Element && target.closest('[role=status]')) window.said.push(...[...addedNodes].map(({ textContent }) => textContent));
          }
        }).observe(root, { subtree: true, childList: true });
        return root;
      };
    });
    assert.equal(await raise(page, kind), true);
    const [early] = (await tree(page)).filter(({ role }) => role === 'status');
    assert.equal(early?.live, 'polite', 'the region is there before its words');
    await appeared(page);
    assert.deepEqual(await page.evaluate(() => window.said), ['Ten off', 'Until Sunday', 'See them']);
    const nodes = await tree(page);
    const [status, ...more] = nodes.filter(({ live }) => live);
    assert.equal(status.role, 'status');
    assert.deepEqual(more.filter(({ root }) => !root), [], 'nothing else is live but what is in it');
    assert.deepEqual(nodes.filter(({ role }) => role === 'region').map(({ name }) => name), ['Ten off']);
    assert.equal(nodes.filter(({ role }) => role === 'dialog' || role === 'alert').length, 0);
    assert.equal(await focused(page), 'before');
    await guest.close();
  });

  test(`a ${kind} can be reached and left by keyboard; closed from inside, the focus goes back`, async () => {
    const { page, guest } = await serve();
    for (const key of ['Escape', 'Enter']) {
      await page.evaluate(() => window.heard.splice(0));
      await page.locator('#other').focus();
      await show(page, kind);
      for (let i = 0; i < 2; i += 1) await page.keyboard.press('Tab');
      assert.equal(await page.evaluate(() => document.activeElement.shadowRoot?.activeElement?.getAttribute('part')), 'dismiss');
      await page.keyboard.press(key);
      assert.equal(await gone(page), true, key);
      assert.equal(await focused(page), 'other');
      assert.deepEqual(await heard(page), ['raised ten', 'dismissed ten']);
    }
    await guest.close();
  });

  test(`closed from outside, a ${kind} leaves the focus where it is`, async () => {
    const { page, guest } = await serve();
    await page.locator('#before').focus();
    await show(page, kind);
    await page.keyboard.press('Escape');
    assert.equal(await gone(page), true);
    assert.equal(await focused(page), 'before');
    assert.deepEqual(await heard(page), ['raised ten', 'dismissed ten']);
    await guest.close();
  });

  test(`Escape is the page's own while something of the page's own is open, or when the page has used it: ${kind}`, async () => {
    const body = `${PAGE}<dialog id="dialog">Sign in</dialog><div id="menu" popover>Menu</div>`;
    const script = "addEventListener('keydown', (event) => window.used && event.preventDefault(), true)";
    const { page, guest } = await serve({ body, script });
    await show(page, kind);
    for (const open of [() => document.querySelector('#dialog').showModal(), () => document.querySelector('#menu').showPopover()]) {
      await page.evaluate(open);
      await page.keyboard.press('Escape');
      assert.equal(await page.evaluate(() => document.querySelector('dialog[open], :popover-open:not([data-offer])')), null, "the page's own is closed");
      assert.equal(await gone(page), false);
    }
    await page.evaluate(() => (window.used = true));
    await page.keyboard.press('Escape');
    assert.equal(await gone(page), false);
    await page.evaluate(() => (window.used = false));
    await page.keyboard.press('Escape');
    assert.equal(await gone(page), true);
    assert.deepEqual(await heard(page), ['raised ten', 'dismissed ten']);
    await guest.close();
  });

  test(`a ${kind} lies over everything, and over the page where there are no popovers`, async () => {
    for (const script of ['', 'delete HTMLElement.prototype.showPopover; delete HTMLElement.prototype.popover']) {
      const { page, guest } = await serve({ script, visitor: { viewport: { width: 800, height: 600 } } });
      await show(page, kind);
      const found = await page.evaluate((kind) => {
        const host = document.querySelector(`maitre-${kind}`);
        const { right, bottom, width } = host.shadowRoot.querySelector('[part=overlay]').getBoundingClientRect();
        return { position: getComputedStyle(host).position, onTop: document.elementFromPoint(right - 30, bottom - 20) === host, isWide: width === innerWidth };
      }, kind);
      assert.deepEqual(found, { position: 'fixed', onTop: true, isWide: kind === 'bar' });
      await guest.close();
    }
  });
}
