// A real Chromium against the real server, for the browser tests.
//
//   const house = await openHouse();                        // the shop and the package, on a free port
//   house.put('/t/a.html', '<p>…</p>');                     // a page made on the fly
//   house.shop('/t/b.html', { offers: {…}, body: '…' });    // one with its own offers and Maitre's tag
//   const guest = await house.visitor();                    // a fresh context: own storage, own clock
//   const page = await guest.open('/t/b.html');
//   await guest.pass('2d');                                 // its clock goes on by two days
//   guest.requests, guest.problems                          // all it asked of the network; all that went wrong
//   await house.close();

import { chromium } from 'playwright-core';
import { findBrowser } from '../../tools/browser.mjs';
import { serveHouse } from './house.mjs';

export const FLAGS = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Nothing but this house can be reached: a request to anywhere else is seen, and fails at once.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1',
];

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/**
 * Starts server and browser. `bfcache` lets pages be kept for going back, which Playwright prevents otherwise.
 */
export async function openHouse({ bfcache = false, flags = [] } = {}) {
  const house = await serveHouse();
  let browser;
  try {
    browser = await chromium.launch({
      executablePath: findBrowser(),
      headless: true,
      args: [...FLAGS, ...flags],
      ignoreDefaultArgs: bfcache ? ['--disable-back-forward-cache'] : [],
    });
  } catch (error) {
    await house.close();
    throw error;
  }

  return {
    ...house,
    browser,

    /** A fresh visitor; `options` are Playwright's for a context (viewport, locale, timezoneId …). `now`: their clock at first. */
    visitor: ({ now, ...options } = {}) => openVisitor(browser, house.url, now, options),

    async close() {
      await browser.close();
      await house.close();
    },
  };
}

async function openVisitor(browser, url, now, options) {
  const context = await browser.newContext({ baseURL: url, ...options });
  const opened = performance.now();
  const since = () => performance.now() - opened;
  const requests = [];
  const problems = [];
  const messages = [];
  const clock = { offset: now === undefined ? 0 : Number(new Date(now)) - Date.now(), turn: 0 };

  context.on('request', (request) => {
    const entry = { url: request.url(), path: pathOf(request.url(), url), method: request.method(), type: request.resourceType(), at: since() };
    requests.push(entry);
    request.response().then(
      (response) => response && (entry.status = response.status()),
      () => {},
    );
  });
  context.on('requestfailed', (request) => {
    const entry = requests.findLast((candidate) => candidate.url === request.url());
    if (entry) entry.failed = request.failure()?.errorText;
  });
  context.on('weberror', (error) => problems.push({ kind: 'uncaught', text: String(error.error()?.stack ?? error.error()), at: since() }));
  context.on('console', (message) => {
    const entry = { kind: message.type(), text: message.text(), from: message.location().url, at: since() };
    messages.push(entry);
    if (entry.kind === 'error') problems.push(entry);
  });

  await context.addInitScript(moveClock, { ...clock });

  const guest = {
    context,
    /** Every request of every page, ours or not, in order: `{ url, path, method, type, at, status?, failed? }`; `at` in ms since this visitor came. */
    requests,
    /** Uncaught errors, and console.error with the browser's own complaints (policy, failed loads). */
    problems,
    /** All that went to the console: `{ kind, text, from, at }`. */
    messages,
    since,

    /** A new tab at `path`. */
    async open(path, options) {
      const page = await context.newPage();
      await page.goto(path, options);
      return page;
    },

    /** The visitor's Date, in ms. */
    now: () => Date.now() + clock.offset,

    /** The clock goes on by a duration ("2d", "1h30m", "-5m": back); timers and animations keep their own pace. */
    async pass(duration) {
      clock.offset += milliseconds(duration);
      clock.turn += 1;
      await context.addInitScript(moveClock, { ...clock });
      await Promise.all(context.pages().flatMap((page) => page.frames()).map((frame) => frame.evaluate(moveClock, { ...clock })));
    },

    close: () => context.close(),
  };
  return guest;
}

/** Runs in the page: Date tells the time of day plus the offset. The newest turn wins, in whichever order scripts are run. */
function moveClock({ offset, turn }) {
  const state = (globalThis.Date.moved ??= moved(globalThis.Date));
  if (turn >= state.turn) Object.assign(state, { offset, turn });

  function moved(Real) {
    const state = { offset: 0, turn: -1 };
    const now = () => Real.now() + state.offset;
    globalThis.Date = new Proxy(Real, {
      apply: () => new Real(now()).toString(),
      construct: (target, given, newTarget) => Reflect.construct(target, given.length === 0 ? [now()] : given, newTarget),
      get: (target, name, receiver) => (name === 'now' ? now : name === 'moved' ? state : Reflect.get(target, name, receiver)),
    });
    return state;
  }
}

function milliseconds(duration) {
  const sign = duration.startsWith('-') ? -1 : 1;
  const parts = [...duration.matchAll(/(\d+)(ms|[smhdw])/g)];
  if (parts.map(([part]) => part).join('') !== duration.replace(/^-/, '')) throw new Error(`not a duration: ${duration}`);
  return sign * parts.reduce((sum, [, count, unit]) => sum + Number(count) * UNITS[unit], 0);
}

function pathOf(address, home) {
  return address.startsWith(`${home}/`) ? address.slice(home.length) : undefined;
}
