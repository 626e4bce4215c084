// Firefox, driven by WebDriver BiDi, which it speaks itself: https://w3c.github.io/webdriver-bidi/

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import WebSocket from 'ws';
import { findFirefox } from '../../tools/browser.mjs';
import { strokes } from './keys.mjs';

export const isRenderer = (command) => command.includes('-contentproc') && /\btab\s*$/.test(command);

/** Firefox asks for nothing on its own account, once it is told so. */
export const isOwn = () => false;

/** What Firefox asks of others on its own account, and what it asks of whoever sits before it, turned off. */
const QUIET = {
  'app.normandy.enabled': false,
  'app.update.disabledForTesting': true,
  'browser.aboutConfig.showWarning': false,
  'browser.aboutwelcome.enabled': false,
  'browser.newtabpage.enabled': false,
  'browser.places.speculativeConnect.enabled': false,
  'browser.region.network.url': '',
  'browser.region.update.enabled': false,
  'browser.safebrowsing.downloads.enabled': false,
  'browser.safebrowsing.malware.enabled': false,
  'browser.safebrowsing.phishing.enabled': false,
  'browser.search.update': false,
  'browser.sessionstore.resume_from_crash': false,
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.homepage': 'about:blank',
  'browser.startup.homepage_override.mstone': 'ignore',
  'browser.startup.page': 0,
  'browser.tabs.unloadOnLowMemory': false,
  'browser.topsites.contile.enabled': false,
  'browser.urlbar.quicksuggest.enabled': false,
  'captivedetect.canonicalURL': '',
  'datareporting.healthreport.uploadEnabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'dom.push.connection.enabled': false,
  'extensions.getAddons.cache.enabled': false,
  'extensions.systemAddon.update.enabled': false,
  'extensions.update.enabled': false,
  'media.gmp-manager.updateEnabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'network.dns.disablePrefetch': true,
  'network.http.speculative-parallel-limit': 0,
  'network.prefetch-next': false,
  'services.settings.server': 'data:,#remote-settings-dummy/v1',
  'toolkit.startup.max_resumed_crashes': -1,
  'toolkit.telemetry.enabled': false,
  'toolkit.telemetry.server': '',
  'toolkit.telemetry.unified': false,
};

export async function start({ profile, proxy, locale }) {
  const prefs = {
    ...QUIET,
    'intl.accept_languages': locale,
    // Tabs that are not in front would do all they do once in a second, and tests wait for them.
    'dom.min_background_timeout_value': 50,
    'dom.min_background_timeout_value_without_budget_throttling': 50,
    'dom.timeout.enable_budget_timer_throttling': false,
    'network.proxy.type': 1,
    'network.proxy.http': '127.0.0.1',
    'network.proxy.http_port': proxy.port,
    'network.proxy.ssl': '127.0.0.1',
    'network.proxy.ssl_port': proxy.port,
    'network.proxy.allow_hijacking_localhost': true,
    'network.proxy.no_proxies_on': '',
  };
  writeFileSync(join(profile, 'user.js'), Object.entries(prefs).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`).join(''));

  const child = spawn(findFirefox(), ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port=0'], {
    // Without the last of these it asks for its makers' settings, whatever `services.settings.server` says.
    env: { ...process.env, HOME: profile, MOZ_CRASHREPORTER_DISABLE: '1', MOZ_DISABLE_AUTO_SAFE_MODE: '1', MOZ_REMOTE_SETTINGS_DEVTOOLS: '1' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const { send, close } = await connect(`${await addressOf(child)}/session`);
  await send('session.new', { capabilities: { alwaysMatch: {} } });
  const { contexts } = await send('browsingContext.getTree', {});
  let blank = contexts[0]?.context;

  return {
    async tab() {
      const context = blank ?? (await send('browsingContext.create', { type: 'tab' })).context;
      blank = undefined;
      return {
        async evaluate(expression) {
          const { type, result, exceptionDetails } = await send('script.evaluate', { expression, target: { context }, awaitPromise: true });
          if (type === 'exception') throw new Error(exceptionDetails.text);
          return result.value;
        },
        goto: (url) => send('browsingContext.navigate', { context, url, wait: 'complete' }),
        reload: () => send('browsingContext.reload', { context, wait: 'complete' }),
        back: () => send('browsingContext.traverseHistory', { context, delta: -1 }),
        press: (key) => send('input.performActions', { context, actions: [{ type: 'key', id: 'keyboard', actions: strokes(key) }] }),
        show: () => send('browsingContext.activate', { context }),
        close: () => send('browsingContext.close', { context }),
      };
    },
    async close() {
      await send('browser.close', {}).catch(() => {});
      close();
    },
  };
}

async function addressOf(child) {
  const lines = [];
  for await (const line of createInterface({ input: child.stderr })) {
    const [, address] = /WebDriver BiDi listening on (ws:\S+)/.exec(line) ?? [];
    if (address) {
      child.stderr.resume();
      return address;
    }
    lines.push(line);
  }
  throw new Error(`Firefox does not start: ${lines.join('\n')}`);
}

/** A connection over which each command is answered under its number. */
async function connect(address) {
  const socket = new WebSocket(address);
  await once(socket, 'open');
  const open = new Map();
  let last = 0;
  socket.on('message', (text) => {
    const { id, type, result, error, message } = JSON.parse(text);
    const asked = open.get(id);
    open.delete(id);
    if (type === 'error') asked?.reject(new Error(`${asked.method}: ${error}: ${message}`));
    else asked?.resolve(result);
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    for (const { reject, method } of open.values()) reject(new Error(`${method}: the browser is gone`));
    open.clear();
  });
  return {
    send: (method, params) =>
      new Promise((resolve, reject) => {
        if (socket.readyState !== WebSocket.OPEN) return reject(new Error(`${method}: the browser is gone`));
        last += 1;
        open.set(last, { resolve, reject, method });
        socket.send(JSON.stringify({ id: last, method, params }));
      }),
    close: () => socket.close(),
  };
}
