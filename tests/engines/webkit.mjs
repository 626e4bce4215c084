// WebKitGTK, Safari's engine, in a small browser of our own: webkit.py says why.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { findWebKit } from '../../tools/browser.mjs';

const BROWSER = fileURLToPath(new URL('webkit.py', import.meta.url));

export const isRenderer = (command) => command.includes('WebKitWebProcess');

/** WebKit asks for nothing on its own account. */
export const isOwn = () => false;

/** Keys whose names X has otherwise. */
const NAMES = {
  Enter: 'Return',
  Shift: 'Shift_L',
  Space: 'space',
  ' ': 'space',
  Backspace: 'BackSpace',
  PageUp: 'Page_Up',
  PageDown: 'Page_Down',
  ArrowLeft: 'Left',
  ArrowUp: 'Up',
  ArrowRight: 'Right',
  ArrowDown: 'Down',
};

/** One screen for all that is started here; nobody looks at it. */
let screen;

export async function start({ profile, proxy, locale }) {
  const { python, xvfb } = findWebKit();
  screen ??= openScreen(xvfb);
  const env = { ...process.env, DISPLAY: await screen, GDK_BACKEND: 'x11', NO_AT_BRIDGE: '1' };
  const child = spawn(python, [BROWSER, profile, proxy.url, locale], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.on('error', () => {});
  const ended = once(child, 'exit');

  const open = new Map();
  let last = 0;
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { id, value, error } = JSON.parse(line);
    const { resolve, reject } = open.get(id);
    open.delete(id);
    if (error === undefined) resolve(value);
    else reject(new Error(error));
  });
  ended.then(() => {
    for (const { reject } of open.values()) reject(new Error('the browser is gone'));
    open.clear();
  });
  const tell = (command) =>
    new Promise((resolve, reject) => {
      if (child.exitCode !== null || child.signalCode !== null) return reject(new Error('the browser is gone'));
      last += 1;
      open.set(last, { resolve, reject });
      child.stdin.write(`${JSON.stringify({ id: last, ...command })}\n`);
    });

  return {
    async tab() {
      const tab = await tell({ do: 'open' });
      return {
        evaluate: (script) => tell({ do: 'evaluate', tab, script }),
        goto: (url) => tell({ do: 'goto', tab, url }),
        reload: () => tell({ do: 'reload', tab }),
        back: () => tell({ do: 'back', tab }),
        async press(chord) {
          const keys = chord.split('+').map((key) => NAMES[key] ?? key);
          const heard = tell({ do: 'evaluate', tab, script: `(${hearing})(${keys.length})` });
          await tell({ do: 'press', tab, keys: [...keys.map((key) => [key, true]), ...keys.reverse().map((key) => [key, false])] });
          // Where it led elsewhere it is heard there.
          await heard.catch(() => {});
        },
        show: () => tell({ do: 'show', tab }),
        close: () => tell({ do: 'close', tab }),
      };
    },
    async close() {
      child.stdin.end();
      await ended;
    },
  };
}

/** Runs in the page: until so many keys are up again. What is asked next might overtake them. */
function hearing(count) {
  return new Promise((resolve) => {
    addEventListener('keyup', () => (count -= 1) || resolve(''), { capture: true });
  });
}

async function openScreen(xvfb) {
  const child = spawn(xvfb, ['-displayfd', '3', '-screen', '0', '1280x1024x24', '-nolisten', 'tcp'], { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
  child.unref();
  process.on('exit', () => child.kill());
  const [number] = await Promise.race([
    once(createInterface({ input: child.stdio[3] }), 'line'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`Xvfb ended with ${code}`))),
  ]);
  child.stdio[3].unref();
  return `:${number}`;
}
