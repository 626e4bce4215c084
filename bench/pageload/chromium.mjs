// A headless Chromium, spoken to over its pipe and no more than need be: what drivers run in a page for themselves costs as much, on a slowed phone, as
// what is to be measured.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findBrowser } from '../../tools/browser.mjs';

const FLAGS = [
  '--headless=new',
  '--remote-debugging-pipe',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--no-default-browser-check',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-extensions',
  '--disable-dev-shm-usage',
  // The log of requests takes a stack trace with each, for which V8 otherwise reads the script once more.
  '--js-flags=--no-enable-lazy-source-positions',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1',
];

/** Starts it: `{ version, send(method, params, session), on(method, session, take), close() }`. */
export async function launch(flags = []) {
  const profile = mkdtempSync(join(tmpdir(), 'maitre-chromium-'));
  const child = spawn(findBrowser(), [...FLAGS, ...flags, `--user-data-dir=${profile}`, 'about:blank'], { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
  const [, , , to, from] = child.stdio;
  const waiting = new Map();
  const listening = new Set();
  let last = 0;
  let rest = '';
  from.setEncoding('utf8').on('data', (text) => {
    const messages = (rest + text).split('\0');
    rest = messages.pop();
    for (const message of messages) {
      const { id, result, error, method, params, sessionId } = JSON.parse(message);
      if (id) {
        const { resolve, reject, asked } = waiting.get(id);
        waiting.delete(id);
        if (error) reject(new Error(`${asked}: ${error.message}`));
        else resolve(result);
      } else {
        for (const listener of listening) if (listener.method === method && listener.session === sessionId) listener.take(params);
      }
    }
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  ended.then((code) => {
    for (const { reject, asked } of waiting.values()) reject(new Error(`${asked}: the browser has ended (${code})`));
  });
  to.on('error', () => {});

  const send = (method, params = {}, sessionId = undefined) =>
    new Promise((resolve, reject) => {
      waiting.set(++last, { resolve, reject, asked: method });
      to.write(`${JSON.stringify({ id: last, method, params, sessionId })}\0`);
    });
  const { product } = await send('Browser.getVersion');
  return {
    version: product.replace(/^.*\//, ''),
    send,
    on(method, session, take) {
      const listener = { method, session, take };
      listening.add(listener);
      return () => listening.delete(listener);
    },
    async close() {
      await send('Browser.close').catch(() => {});
      await ended;
      rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}
