// Where the time goes on a first visit: when each file came, what the engine was asked and how long it took, and, from one visit more that is traced, the
// main thread's tasks. The probe wraps WebAssembly's functions, so the sum is some ms above what run.mjs measures.
//   node bench/pageload/waterfall.mjs [--variant plan] [--network slow] [--page first] [--times 7] [--no-trace]

import { parseArgs } from 'node:util';
import { certificate } from './certificate.mjs';
import { launch } from './chromium.mjs';
import { expected, offers } from './offers.mjs';
import { pack, serve } from './server.mjs';
import { FIRST, SECOND, START, VISITOR } from './site.mjs';
import { files, html } from './variants.mjs';
import { visitor } from './visits.mjs';

const { values: options } = parseArgs({
  options: {
    variant: { type: 'string', default: 'plan' },
    network: { type: 'string', default: 'slow' },
    page: { type: 'string', default: 'first' },
    times: { type: 'string', default: '7' },
    'no-trace': { type: 'boolean', default: false },
  },
});

/** Runs in the page before all else. */
function probe() {
  const steps = (window.steps = []);
  const note = (name, begun) => steps.push({ name, begun, ended: performance.now() });
  for (const name of ['compileStreaming', 'compile', 'instantiateStreaming', 'instantiate']) {
    const own = WebAssembly[name];
    WebAssembly[name] = async (...args) => {
      const begun = performance.now();
      try {
        return await own.apply(WebAssembly, args);
      } finally {
        note(`WebAssembly.${name}`, begun);
      }
    };
  }
  const { Instance } = WebAssembly;
  WebAssembly.Instance = function (module, imports) {
    const begun = performance.now();
    const { exports } = new Instance(module, imports);
    note('new WebAssembly.Instance', begun);
    const timed = Object.entries(exports).map(([name, own]) => [
      name,
      typeof own === 'function' && name.startsWith('core')
        ? (...args) => {
            const begun = performance.now();
            try {
              return own(...args);
            } finally {
              note(`wasm ${name}${name === 'core_call' ? ` ${args[1]}` : ''}`, begun);
            }
          }
        : own,
    ]);
    return { exports: Object.fromEntries(timed) };
  };
  const { DateTimeFormat } = Intl;
  Intl.DateTimeFormat = new Proxy(DateTimeFormat, {
    apply: (own, self, args) => format(() => own(...args)),
    construct: (own, args) => format(() => new own(...args)),
  });
  const format = (make) => {
    const begun = performance.now();
    const made = make();
    note('Intl.DateTimeFormat', begun);
    return made;
  };
  for (const name of ['getItem', 'setItem']) {
    const own = Storage.prototype[name];
    Storage.prototype[name] = function (...args) {
      const begun = performance.now();
      const value = own.apply(this, args);
      note(`storage.${name}`, begun);
      return value;
    };
  }
  const { fetch } = window;
  window.fetch = (...args) => {
    note(`fetch(${new URL(args[0], location).pathname})`, performance.now());
    return fetch(...args);
  };
  const { attachShadow } = Element.prototype;
  Element.prototype.attachShadow = function (...args) {
    if (!steps.some(({ name }) => name === 'first shadow')) note('first shadow', performance.now());
    return attachShadow.apply(this, args);
  };
  document.addEventListener('readystatechange', () => note(`document is ${document.readyState}`, performance.now()));
  addEventListener('DOMContentLoaded', () => note('DOMContentLoaded', performance.now()));
}

const all = offers();
const identity = certificate();
const pages = Object.fromEntries(
  [FIRST, SECOND].map((path) => {
    const wanted = expected(all, { ...VISITOR, device: 'phone', visit: 1, path, category: path.split('/')[1] });
    return [path, html(options.variant, path, { visitor: VISITOR, count: options.variant === 'none' ? 0 : Object.values(wanted).filter(Boolean).length, idle: 600 })];
  }),
);
const server = await serve(identity, pack(await files(all)), { '/start': START, ...pages });
const browser = await launch([`--ignore-certificate-errors-spki-list=${identity.fingerprint}`]);

async function visit() {
  const guest = await visitor(browser, server, { before: `(${probe})()` });
  await guest.open('/start');
  await guest.slow(options.network);
  let seen = await guest.open(FIRST);
  if (options.page === 'second') seen = await guest.tap(SECOND, seen.next);
  await guest.close();
  return seen;
}

const median = (list) => list.sort((a, b) => a - b)[list.length >> 1];
const ms = (value) => (value ?? NaN).toFixed(1).padStart(8);

const visits = [];
for (let i = 0; i < Number(options.times); i += 1) visits.push(await visit());
console.log(`${options.variant}, ${options.network}, ${options.page} page: medians of ${visits.length} visits, in ms\n\nasked for, first byte, last byte`);
for (const { path } of visits[0].files) {
  const each = visits.map(({ files }) => files.find((file) => file.path === path)).filter(Boolean);
  console.log(...['asked', 'begun', 'ended'].map((key) => ms(median(each.map((file) => file[key])))), path, median(each.map(({ bytes }) => bytes)));
}
console.log('\nbegun, ended, took');
const rows = new Map();
for (const { steps = [] } of visits) {
  const counts = {};
  for (const { name, begun, ended } of steps) {
    counts[name] = (counts[name] ?? 0) + 1;
    const key = counts[name] > 1 ? `${name} (${counts[name]})` : name;
    if (!rows.has(key)) rows.set(key, []);
    rows.get(key).push({ begun, ended });
  }
}
const add = (name, at) => rows.set(name, visits.map((seen) => ({ begun: at(seen), ended: at(seen) })));
add('FIRST CONTENTFUL PAINT', (seen) => seen['first-contentful-paint']);
if (options.variant !== 'none') add('PLACED', (seen) => Math.min(...Object.values(seen.placed)));
const table = [...rows].map(([name, each]) => ({ name, begun: median(each.map(({ begun }) => begun)), took: median(each.map(({ begun, ended }) => ended - begun)) }));
for (const { name, begun, took } of table.sort((a, b) => a.begun - b.begun)) console.log(ms(begun), ms(begun + took), ms(took), name);

if (!options['no-trace']) {
  const events = [];
  browser.on('Tracing.dataCollected', undefined, ({ value }) => events.push(...value));
  const whole = new Promise((resolve) => browser.on('Tracing.tracingComplete', undefined, resolve));
  await browser.send('Tracing.start', { transferMode: 'ReportEvents', traceConfig: { includedCategories: ['devtools.timeline', 'toplevel', 'v8', 'v8.wasm', 'blink.user_timing', 'loading'] } });
  const seen = await visit();
  await browser.send('Tracing.end');
  await whole;
  const path = options.page === 'second' ? SECOND : FIRST;
  const start = events.findLast(({ name, args }) => name === 'navigationStart' && args?.data?.documentLoaderURL === server.url + path);
  const placed = Math.min(...Object.values(seen.placed));
  const at = ({ ts }) => (ts - start.ts) / 1000;
  const main = events.filter(({ pid, tid, ph }) => pid === start.pid && tid === start.tid && ph === 'X');
  // What microtasks do may stand alone.
  const isTask = ({ name }) => name.endsWith('RunTask') || name === 'BlinkScheduler_PerformMicrotaskCheckpoint';
  console.log(`\none traced visit: placed ${placed.toFixed(1)}; the main thread's tasks over 8 ms, and what took over 2 ms of them\nbegun, took`);
  for (const task of main.filter((event) => isTask(event) && event.dur > 8_000 && at(event) > 0 && at(event) < (placed || 1e9) + 300).sort((a, b) => a.ts - b.ts)) {
    console.log(ms(at(task)), ms(task.dur / 1000), task.name.endsWith('RunTask') ? 'task' : 'microtasks');
    for (const event of main) {
      if (event === task || event.dur < 2_000 || event.ts < task.ts || event.ts + event.dur > task.ts + task.dur || isTask(event)) continue;
      const { data = {}, fileName = '' } = event.args ?? {};
      console.log(ms(at(event)), ms(event.dur / 1000), '  ', event.name, (data.url ?? fileName).replace(server.url, ''), data.functionName ?? '');
    }
  }
  const lazy = main.filter(({ name }) => name === 'wasm.CompileLazy');
  const before = lazy.filter((event) => at(event) > 0 && at(event) < placed);
  console.log(`\nfunctions compiled on their first call, before the placement: ${before.length}, ${(before.reduce((sum, { dur }) => sum + dur, 0) / 1000).toFixed(1)} ms`);
}
await browser.close();
server.close();
