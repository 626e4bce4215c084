// What the browser tests share: offers, and questions to the maître d' of a page.

export const card = (title, more = {}) => ({ template: 'card', title, ...more });

/** Offers for one placement, `hero`, best first, by more than what it costs to have been seen lately; each is its id's card unless it brings content. */
export const heroes = (...offers) => ({
  placements: { hero: {} },
  offers: offers.map((offer, i) => ({ placement: 'hero', value: { site: 100 / 2 ** i }, content: card(offer.id), ...offer })),
});

/** A content policy that allows no more than Maitre needs. */
export const STRICT = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

export const HERO = '<div data-placement="hero"><p id="fallback">As ever</p></div>';

/** What the hero shows: ids of offers, or "fallback" once that was decided. */
export const shown = (page, placement = 'hero') =>
  page.evaluate((placement) => {
    const element = document.querySelector(`[data-placement="${placement}"]`);
    const ids = [...element.querySelectorAll('maitre-offer[data-offer]')].map((offer) => offer.dataset.offer);
    return element.dataset.maitre === 'offer' ? ids : element.dataset.maitre;
  }, placement);

/** Until the first decision was made, and shown. */
export async function ready(page) {
  await page.waitForFunction(() => window.maitre?.track);
  await page.evaluate(async () => void (await window.maitre));
}

/** Until what happened is decided on and shown. */
export const settled = (page) => page.evaluate(async () => void (await Promise.resolve()));

export const track = (page, event, params) => page.evaluate(([event, params]) => window.maitre.track(event, params), [event, params]);

export const decided = (page, placement = 'hero') => page.evaluate((placement) => window.maitre.decide(placement).offers.map(({ id }) => id), placement);

/** Until what was said is written, however busy the machine: timers keep their order, and idle moments theirs. */
export const written = (page) => page.evaluate(() => new Promise((resolve) => setTimeout(() => requestIdleCallback(resolve, { timeout: 1000 }), 350)));

/** What became of an offer: `shown`, `capped` … */
export const statusOf = (page, offer, placement = 'hero') =>
  page.evaluate(([offer, placement]) => window.maitre.explain(placement).offers.find((each) => each.offer === offer)?.status, [offer, placement]);

/** From now on the visitor's timers and Date move only when the test says so, by `page.clock`. */
export async function handClock({ context }) {
  await context.clock.install({ time: '2026-11-20T10:00:00Z' });
  await context.clock.pauseAt('2026-11-20T10:00:01Z');
}

/** All that is stored on the device: keys of both storages, and of the database. */
export const stored = (page) =>
  page.evaluate(async () => ({
    local: Object.keys(localStorage).filter((key) => key.startsWith('maitre')),
    session: Object.keys(sessionStorage).filter((key) => key.startsWith('maitre')),
    databases: (await indexedDB.databases()).map(({ name }) => name),
    cookies: document.cookie,
  }));

/** Until the browser has told all observers what is in view now. */
export const looked = (page, selector) =>
  page.evaluate(
    (selector) =>
      new Promise((resolve) => {
        // Observers are told in the order in which they came to be, so Maitre's was told before.
        const last = new IntersectionObserver(() => resolve(last.disconnect()), { threshold: [0, 0.5, 1] });
        last.observe(document.querySelector(selector));
      }),
    selector,
  );

/** Asks until the answer is what is wanted; the last answer otherwise. */
export async function eventually(ask, wanted, patience = 15_000) {
  const end = performance.now() + patience;
  for (;;) {
    const answer = await ask();
    if (JSON.stringify(answer) === JSON.stringify(wanted) || performance.now() > end) return answer;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
