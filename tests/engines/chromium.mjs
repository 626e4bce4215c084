// Chromium, driven by Playwright.

import { chromium } from 'playwright-core';
import { findBrowser } from '../../tools/browser.mjs';
import { FLAGS } from '../browser/harness.mjs';

/** What the process of a page is started with. */
export const isRenderer = (command) => command.includes('--type=renderer') && !command.includes('--extension-process');

/**
 * What Chromium asks of its makers on its own account: no flag silences all of it. A page that asked for these would break
 * the policy it is under, which is watched apart.
 */
export const isOwn = (host) => /(^|\.)(google|googleapis|gvt1)\.com$/.test(host);

export async function start({ profile, proxy, locale }) {
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: findBrowser(),
    headless: true,
    args: FLAGS,
    // So that pages are kept for going back to, as for a visitor.
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
    locale,
    // With it Playwright sends what is meant for localhost through the proxy, too.
    proxy: { server: proxy.url },
  });
  const [first] = context.pages();
  let blank = first;

  return {
    async tab() {
      const page = blank ?? (await context.newPage());
      blank = undefined;
      return {
        evaluate: (expression) => page.evaluate(expression),
        goto: (url) => page.goto(url),
        reload: () => page.reload(),
        back: () => page.goBack({ waitUntil: 'commit' }),
        press: (key) => page.keyboard.press(key),
        show: () => page.bringToFront(),
        close: () => Promise.all([page.waitForEvent('close'), page.close({ runBeforeUnload: true })]),
      };
    },
    close: () => context.close(),
  };
}
