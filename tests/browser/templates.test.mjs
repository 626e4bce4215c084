// What an offer looks like: the built-in templates, the page's own, and which links and images they may have.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { heroes, HERO, ready, shown, statusOf } from './fixtures.mjs';
import { openHouse } from './harness.mjs';

let house;
before(async () => {
  house = await openHouse();
  house.put('/t/pixel.svg', '<svg xmlns="http://www.w3.org/2000/svg" width="400" height="300"><rect width="400" height="300" fill="#7a9"/></svg>');
});
after(() => house?.close());

let pages = 0;
async function serve(content, { body = HERO, visitor, ...shop } = {}) {
  pages += 1;
  const { path } = house.shop(`/t/templates-${pages}.html`, { offers: heroes({ id: 'one', content }), body, ...shop });
  const guest = await house.visitor(visitor);
  const page = await guest.open(path);
  await ready(page);
  return { page, guest, told: () => guest.messages.filter(({ text }) => text.startsWith('maitre: ')).map(({ text }) => text) };
}

const FULL = { title: 'Ten off', text: 'Until Sunday', image: '/t/pixel.svg', alt: 'A shoe', cta: 'See them', link: '/running/?a=1', dismiss: 'No thanks' };

for (const template of ['card', 'banner', 'text']) {
  test(`${template}: shows its fields, each as a part that a page can style`, async () => {
    const { page, guest } = await serve({ template, ...FULL });
    const offer = page.getByRole('group', { name: 'Ten off' });
    assert.equal(await offer.getByText('Ten off', { exact: true }).isVisible(), true);
    assert.equal(await offer.getByText('Until Sunday').isVisible(), true);
    assert.equal(await offer.getByRole('img', { name: 'A shoe' }).getAttribute('src'), `${house.url}/t/pixel.svg`);
    assert.equal(await offer.getByRole('link', { name: 'See them' }).getAttribute('href'), `${house.url}/running/?a=1`);
    assert.equal(await offer.getByRole('button', { name: 'No thanks' }).isVisible(), true);
    assert.equal(await offer.getByRole('heading').count(), 0, "the page's outline is its own");
    const parts = await page.evaluate(() => [...document.querySelector('maitre-offer').shadowRoot.querySelectorAll('[part]')].map((each) => each.getAttribute('part')).sort());
    assert.deepEqual(parts, ['body', 'cta', 'dismiss', 'image', 'offer', 'text', 'title']);
    assert.equal(await page.evaluate(() => document.querySelector('maitre-offer').shadowRoot.querySelector('[style], style')), null);
    assert.deepEqual(guest.problems, []);
    await guest.close();
  });

  test(`${template}: shows little when there is little`, async () => {
    const { page, guest } = await serve({ template, text: 'Open until ten', dismiss: false });
    const offer = page.getByRole('group', { name: 'Open until ten' });
    assert.equal(await offer.isVisible(), true);
    for (const role of ['img', 'link', 'button']) assert.equal(await offer.getByRole(role).count(), 0);
    await guest.close();
  });

  for (const colorScheme of ['light', 'dark']) {
    for (const width of [320, 1200]) {
      test(`${template}: can be read and used at ${width} px in the ${colorScheme}`, async () => {
        const { page, guest } = await serve(
          { template, ...FULL, text: 'Shoes, boots and packs, each as long as there is one left on the shelf. Averyveryverylongwordthatcannotbebroken' },
          { head: '<meta name="color-scheme" content="light dark">', visitor: { colorScheme, viewport: { width, height: 700 } } },
        );
        const found = await page.evaluate(readability);
        assert.deepEqual(found.unreadable, []);
        assert.ok(found.overflow <= 0, `${found.overflow} px too wide`);
        assert.deepEqual(found.covered, []);
        assert.ok(Math.min(...found.button) >= 24, `the button is ${found.button.join(' by ')} px`);
        await page.keyboard.press('Tab');
        const outlines = [];
        for (let i = 0; i < 2; i += 1) {
          outlines.push(await page.evaluate(() => getComputedStyle(document.activeElement.shadowRoot.activeElement).outlineStyle));
          await page.keyboard.press('Tab');
        }
        assert.deepEqual(outlines, ['solid', 'solid']);
        await guest.close();
      });
    }
  }
}

/** Runs in the page: contrast of all text (WCAG: 4.5), what sticks out, and whether the close button covers a text. */
function readability() {
  const context = Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d', { willReadFrequently: true });
  const paint = (colours) => {
    context.clearRect(0, 0, 1, 1);
    for (const colour of colours) {
      context.fillStyle = colour;
      context.fillRect(0, 0, 1, 1);
    }
    return [...context.getImageData(0, 0, 1, 1).data];
  };
  const luminance = ([r, g, b]) => {
    const [R, G, B] = [r, g, b].map((channel) => (channel / 255 <= 0.04045 ? channel / 255 / 12.92 : ((channel / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * R + 0.7152 * G + 0.0722 * B;
  };
  const offer = document.querySelector('maitre-offer');
  const root = offer.shadowRoot;
  const canvas = matchMedia('(prefers-color-scheme: dark)').matches ? 'rgb(18, 18, 18)' : 'white';
  const unreadable = [];
  for (const element of root.querySelectorAll('[part=title], [part=text], [part=cta], [part=dismiss]')) {
    const grounds = [];
    for (let each = element; each; each = each === offer ? null : (each.parentElement ?? offer)) grounds.unshift(getComputedStyle(each).backgroundColor);
    const ground = [canvas, ...grounds];
    const [one, two] = [luminance(paint(ground)), luminance(paint([...ground, getComputedStyle(element).color]))];
    const contrast = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
    if (contrast < 4.5) unreadable.push(`${element.getAttribute('part')}: ${contrast.toFixed(2)}`);
  }
  const button = root.querySelector('[part=dismiss]').getBoundingClientRect();
  const covered = [...root.querySelectorAll('[part=title], [part=text], [part=cta]')].flatMap((element) => {
    const range = document.createRange();
    range.selectNodeContents(element);
    const hits = [...range.getClientRects()].filter((rect) => rect.right > button.left && rect.left < button.right && rect.bottom > button.top && rect.top < button.bottom);
    return hits.length ? [element.getAttribute('part')] : [];
  });
  return { unreadable, overflow: document.documentElement.scrollWidth - innerWidth, covered, button: [button.width, button.height] };
}

test('a link without words of its own is on the title', async () => {
  const { page, guest } = await serve({ template: 'card', title: 'Ten off', link: '/running/' });
  assert.equal(await page.getByRole('link', { name: 'Ten off' }).isVisible(), true);
  await guest.close();
});

test('an image that does not load is left out', async () => {
  const { page, guest } = await serve({ template: 'card', title: 'Ten off', image: '/t/nowhere.svg', alt: 'A shoe' });
  await page.waitForFunction(() => !document.querySelector('maitre-offer').shadowRoot.querySelector('img'));
  assert.equal(await page.getByText('Ten off').isVisible(), true);
  await guest.close();
});

test('custom properties give it the colours of the page', async () => {
  house.put('/t/brand.css', 'maitre-offer { --maitre-accent: rgb(0, 80, 60); --maitre-on-accent: white; --maitre-surface: rgb(240, 250, 245); --maitre-radius: 3px } maitre-offer::part(title) { text-transform: uppercase }');
  const { page, guest } = await serve({ template: 'card', ...FULL }, { head: '<link rel="stylesheet" href="/t/brand.css">' });
  const style = await page.evaluate(() => {
    const root = document.querySelector('maitre-offer').shadowRoot;
    const of = (part) => getComputedStyle(root.querySelector(`[part=${part}]`));
    return [of('cta').backgroundColor, of('offer').backgroundColor, of('offer').borderRadius, of('title').textTransform];
  });
  assert.deepEqual(style, ['rgb(0, 80, 60)', 'rgb(240, 250, 245)', '3px', 'uppercase']);
  await guest.close();
});

const OWN = `
  <template id="own">
    <article>
      <h2 data-field="title">Title</h2>
      <img data-field="image" alt="">
      <p data-field="text">Text</p>
      <a data-field="link cta">More</a>
      <a id="bare" data-field="link"><span data-field="price">0</span></a>
      <p id="gone" data-field="extra">Extra</p>
      <script data-field="text"></script>
      <style data-field="text"></style>
      <button type="button" data-dismiss data-field="dismiss">Close</button>
    </article>
  </template>`;

test("a template of the page is filled with the offer's fields, in the light", async () => {
  const { page, guest } = await serve({ template: 'own', ...FULL, price: 90 }, { body: HERO + OWN });
  const offer = page.locator('maitre-offer');
  assert.equal(await offer.evaluate((element) => element.shadowRoot), null);
  assert.equal(await offer.getByRole('heading', { name: 'Ten off' }).isVisible(), true);
  assert.equal(await offer.getByRole('img', { name: 'A shoe' }).getAttribute('src'), `${house.url}/t/pixel.svg`);
  assert.equal(await offer.getByRole('link', { name: 'See them' }).getAttribute('href'), `${house.url}/running/?a=1`);
  assert.equal(await offer.locator('#bare').textContent(), '90');
  assert.equal(await offer.locator('#gone').count(), 0, 'an element whose field is missing goes');
  assert.equal(await offer.locator('script, style').count(), 0, 'text never becomes code');
  assert.equal(await page.locator('#own').count(), 1);
  await offer.getByRole('button', { name: 'No thanks' }).click();
  assert.equal(await shown(page), 'fallback');
  assert.deepEqual(guest.problems, []);
  await guest.close();
});

test("clicks on a template's link are told", async () => {
  const offers = heroes({ id: 'one', rest: { after: 'clicked', for: '1h' }, content: { template: 'own', title: 'x', cta: 'More', link: '#x' } });
  const { page, guest } = await serve(undefined, { offers, body: HERO + OWN });
  await page.getByRole('link', { name: 'More' }).first().click();
  assert.equal(await statusOf(page, 'one'), 'resting');
  await guest.close();
});

test('text is text', async () => {
  const mark = '<img src=x onerror=alert(1)><b>bold</b>';
  for (const template of ['card', 'own']) {
    const { page, guest } = await serve({ template, title: mark, text: mark, cta: mark, link: '/' }, { body: HERO + OWN });
    assert.equal(await page.getByText(mark).first().isVisible(), true);
    assert.equal(await page.locator('maitre-offer b').count(), 0);
    assert.deepEqual(guest.problems, []);
    await guest.close();
  }
});

const LINKS = [
  ['/running/', true], ['./a?b#c', true], ['?a=b', true], ['#down', true], ['https://elsewhere.example/a', true], ['mailto:maitre@shop.example', true], ['tel:+4930123', true],
  ['javascript:alert(1)', false], [' javascript:alert(1)', false], ['java\nscript:alert(1)', false], ['JAVASCRIPT:alert(1)', false], ['data:text/html,x', false],
  ['http://elsewhere.example/', false], ['//elsewhere.example/', false], ['vbscript:x', false], ['blob:https://elsewhere.example/x', false], ['file:///etc/passwd', false],
  ['ftp://elsewhere.example/', false], ['https://', false],
];

for (const template of ['card', 'own']) {
  test(`only safe links and images are made, whatever the engine lets pass: ${template}`, async () => {
    // The check of the config refuses the others already, so they are put in behind it.
    house.put('/t/links.js', `
      const { parse } = JSON;
      const links = ${JSON.stringify(LINKS)};
      JSON.parse = (text, ...more) => parse(text.replace(/"\\/LINK-(\\d+)\\/"/g, (_, n) => JSON.stringify(links[n][0])), ...more);
    `);
    const offers = LINKS.map((_, n) => ({ id: `${n}`, placement: 'hero', content: { template, title: 'Title', cta: 'Go', link: `/LINK-${n}/`, image: `/LINK-${n}/`, alt: '' } }));
    const { page, guest, told } = await serve(undefined, { offers: { placements: { hero: { take: 100 } }, offers }, body: HERO + OWN, head: '<script src="/t/links.js"></script>' });
    const made = await page.evaluate(() =>
      [...document.querySelectorAll('maitre-offer')].map((offer) => {
        const root = offer.shadowRoot ?? offer;
        return [!!root.querySelector('a'), !!root.querySelector('img')];
      }),
    );
    assert.equal(made.length, LINKS.length);
    LINKS.forEach(([link, isSafe], n) => {
      const isSafeImage = isSafe && !/^(mailto|tel):/.test(link);
      // An image that is allowed but can't be loaded is gone again from the card.
      const [hasLink, hasImage] = made[n];
      assert.equal(hasLink, isSafe, `link ${JSON.stringify(link)}`);
      if (template === 'own' || !isSafeImage) assert.equal(hasImage, isSafeImage, `image ${JSON.stringify(link)}`);
    });
    assert.equal(told().filter((text) => /`link` of offer/.test(text)).length, LINKS.filter(([, isSafe]) => !isSafe).length);
    await guest.close();
  });
}
