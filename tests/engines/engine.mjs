// Chromium, Firefox and WebKit with one face. Each has its profile in a folder, so that what it stored outlives it, and
// asks for everything through a proxy that writes it down.
//
//   for (const name of ENGINES) {
//     describe(name, () => {
//       const browser = await launch(name, { proxy });        // a fresh profile
//       const tab = await browser.open(`${house.url}/t/a.html`);
//       await tab.evaluate((a) => document.title + a, 'b');
//       await browser.kill();                                 // all its processes, at once
//       const again = await browser.restart();                // with the same profile
//       await again.close();
//     });
//   }

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findEngines } from '../../tools/browser.mjs';
import * as chromium from './chromium.mjs';
import * as firefox from './firefox.mjs';
import { family, gone, killAll, signal } from './processes.mjs';
import * as webkit from './webkit.mjs';

const DRIVERS = { chromium, firefox, webkit };

/** The engines to test. */
export const ENGINES = findEngines();

/**
 * Starts an engine. Without `profile` it gets a fresh one, which is gone with the process of the tests.
 *
 * @param {{ profile?: string, proxy: { url: string, port: number }, locale?: string }} options
 */
export async function launch(name, { profile = freshProfile(name), proxy, locale = 'en-US' }) {
  const { start, isRenderer, isOwn } = DRIVERS[name];
  const driver = await start({ profile, proxy, locale });
  const tabs = [];
  const renderers = () => family(profile).filter(({ command }) => isRenderer(command)).map(({ pid }) => pid);

  const browser = {
    name,
    profile,
    /** Those that are open. */
    tabs,

    /** What its pages asked for, of all that came to the proxy: what a browser asks on its own account is left out. */
    asked: (requests) => requests.filter(({ url }) => !isOwn(url.replace(/^\w+:\/\//, '').replace(/[:/].*$/, ''))),

    /** A new tab at `url`, once it is loaded. */
    async open(url) {
      const tab = asTab(await driver.tab());
      tabs.push(tab);
      await tab.goto(url);
      return tab;
    },

    /** As a visitor quits it. */
    async close() {
      tabs.length = 0;
      await driver.close();
      // Firefox waits a minute for a process of its own that was killed, now and then.
      await gone(profile).catch(() => killAll(profile));
    },

    /** All its processes die at once, by SIGKILL. */
    async kill() {
      tabs.length = 0;
      await killAll(profile);
      await driver.close().catch(() => {});
    },

    /** Starts it again, after `close` or `kill`, with what its profile holds. */
    restart: () => launch(name, { profile, proxy, locale }),
  };

  function asTab({ close, press, ...rest }) {
    const evaluate = (script) => soon(rest.evaluate(script), `no answer to ${script}`);
    const goto = (url) => soon(rest.goto(url), `${url} is not loaded`);
    const drop = () => {
      if (tabs.includes(tab)) tabs.splice(tabs.indexOf(tab), 1);
    };
    const tab = {
      ...rest,
      goto,

      /** What the function returns in the page, as JSON carries it; a promise is awaited. No policy of the page's binds it. */
      async evaluate(work, ...given) {
        const answer = await evaluate(`Promise.resolve().then(() => (${work})(...${JSON.stringify(given)})).then((value) => JSON.stringify([value]))`);
        return JSON.parse(answer)[0];
      },

      /** Real keys, by `KeyboardEvent.key`: `Tab`, `Shift+Tab`, `a`. */
      async press(...keys) {
        for (const key of keys) await press(key);
      },

      /** As a visitor closes it. */
      async close() {
        drop();
        await close();
      },

      /** The process of this page, which may be other pages' too. */
      async renderer() {
        for (const pid of renderers()) if (await isOf(pid, evaluate)) return pid;
        throw new Error(`${name}: no process is this page's`);
      },

      /** The process of this page stands still until `thaw`, and with it whoever shares it. */
      async freeze() {
        const pid = await tab.renderer();
        signal(pid, 'SIGSTOP');
        return { thaw: () => signal(pid, 'SIGCONT') };
      },

      /** The process of this page dies by SIGKILL, and with it whoever shares it: they are not among `tabs` any more. */
      async killRenderer() {
        const pid = await tab.renderer();
        // One by one: each is asked while the process stands still.
        for (const each of [...tabs]) if (each === tab || (await isOf(pid, each.ask))) tabs.splice(tabs.indexOf(each), 1);
        signal(pid, 'SIGKILL');
      },
      ask: evaluate,
    };
    return tab;
  }
  return browser;
}

/** What hangs is told, with its name. */
async function soon(work, otherwise, patience = 120_000) {
  let timer;
  const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error(`${otherwise}, within ${patience} ms`)), patience)));
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Whether a page is this process's: stopped, it does not answer. */
async function isOf(pid, ask) {
  signal(pid, 'SIGSTOP');
  let answered;
  try {
    const answer = ask('Promise.resolve(1)');
    answered = await Promise.race([answer.then(() => true, () => true), new Promise((resolve) => setTimeout(resolve, 500, false))]);
    if (answered) return false;
    signal(pid, 'SIGCONT');
    await answer;
    return true;
  } finally {
    signal(pid, 'SIGCONT');
  }
}

const profiles = [];
process.on('exit', () => {
  for (const profile of profiles) rmSync(profile, { recursive: true, force: true, maxRetries: 3 });
});

function freshProfile(name) {
  const profile = mkdtempSync(join(tmpdir(), `maitre-${name}-`));
  profiles.push(profile);
  return profile;
}
