// Where the suite runs: what it needs is built into a folder of its own in target/, then run by Node or served to a headless Chromium.

import { execFileSync, fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { findBrowser } from '../tools/browser.mjs';
import { CSP, serve } from '../tools/serve.mjs';

const HOUSE = fileURLToPath(new URL('..', import.meta.url));
const PLACE = mkdtempSync(join(HOUSE, 'target/bench-'));
process.on('exit', () => rmSync(PLACE, { recursive: true, force: true }));

const CORE = join(PLACE, 'core.mjs');
const OWN_WORKLOAD = join(HOUSE, 'bench/workload.mjs');
const MODULES = { plan: join(HOUSE, 'pkg/maitre-plan.wasm'), full: join(HOUSE, 'pkg/maitre.wasm') };

const FLAGS = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
/** So that garbage of one engine is not collected at another's expense, and 100,000 rules fit. */
const HEAP = ['--expose-gc', '--max-old-space-size=4096'];

/**
 * The package's `Core` with its binding keeps one instance of the module for ever. Here it is a function's, so that there can be many, and each can go:
 * `begin(module)` gives the `Core` of a new one, and its memory.
 */
async function coreAsFunction() {
  const { outputFiles } = await build({
    absWorkingDir: HOUSE,
    entryPoints: ['js/core.ts'],
    bundle: true,
    format: 'iife',
    globalName: 'core',
    target: 'es2022',
    write: false,
    logLevel: 'warning',
    // Where the module would be fetched from is never asked.
    define: { 'import.meta.url': '"about:blank"' },
  });
  const [{ text }] = outputFiles;
  writeFileSync(CORE, `export function begin(module) {\n${text}\nconst { memory } = core.initSync({ module });\nreturn { Core: core.Core, memory };\n}\n`);
}

/** `begin` for this process, with the module that reads configs. */
export async function beginHere() {
  await coreAsFunction();
  const { begin } = await import(pathToFileURL(CORE));
  return begin(new WebAssembly.Module(readFileSync(MODULES.full)));
}

/** What else the machine had to do when this began, in processes that want a core; then figures are worth little. */
const [COMPANY] = loadavg();
const isBusy = COMPANY > cpus().length / 2;

/** Builds the suite with the workload asked for, and a plan for each number of offers. */
export async function prepare({ workload = OWN_WORKLOAD, counts, seeds, agreeOnly }) {
  if (isBusy && !agreeOnly) process.stderr.write(`bench: this machine has other things to do (load ${COMPANY.toFixed(1)} on ${cpus().length} cores): run it again when it hasn't\n`);
  const bundle = (entry, outfile, platform) =>
    build({
      absWorkingDir: HOUSE,
      entryPoints: [entry],
      outfile: join(PLACE, outfile),
      bundle: true,
      format: 'esm',
      platform,
      target: 'es2022',
      mainFields: [...(platform === 'browser' ? ['browser'] : []), 'module', 'main'],
      external: ['node:*'],
      // Some peers' CommonJS asks for Node's own modules by `require`.
      ...(platform === 'node' && { banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" } }),
      logLevel: 'warning',
      plugins: [
        {
          name: 'what-is-named-elsewhere',
          setup({ onResolve }) {
            onResolve({ filter: /^workload$/ }, () => ({ path: workload }));
            onResolve({ filter: /^maitre-core$/ }, () => ({ path: CORE }));
          },
        },
      ],
    });
  await coreAsFunction();
  await bundle('bench/suite.mjs', 'suite.mjs', 'node');
  await bundle('bench/node-run.mjs', 'node-run.mjs', 'node');
  await bundle('bench/page-run.mjs', 'page-run.js', 'browser');

  const { workloadOf, happeningsOf, configOf, happeningConfigOf } = await import(pathToFileURL(join(PLACE, 'suite.mjs')));
  const plans = {};
  for (const n of counts) {
    for (const seed of seeds) {
      process.stderr.write(`maitre build: ${n.toLocaleString('en')} offers, seed ${seed}\n`);
      const configs = { attributes: configOf(workloadOf(n, seed)), events: happeningConfigOf(happeningsOf(n, seed)) };
      for (const [what, config] of Object.entries(configs)) {
        const [file, plan] = ['json', 'plan'].map((extension) => join(PLACE, `${what}-${n}-${seed}.${extension}`));
        writeFileSync(file, config);
        execFileSync(process.execPath, [join(HOUSE, 'pkg/cli.js'), 'build', file, plan], { stdio: ['ignore', 'inherit', 'pipe'], maxBuffer: 1 << 26 });
        plans[`${what}-${n}-${seed}`] = plan;
      }
    }
  }
  return { plans };
}

const machine = () => ({ cpu: cpus()[0].model.trim(), cores: cpus().length, ...(isBusy && { busy: COMPANY }) });

const versions = () => JSON.parse(readFileSync(join(HOUSE, 'package.json'), 'utf8')).devDependencies;

const settings = ({ counts, seeds, only, pace, agreeOnly }) => ({ counts, seeds, only, pace, agreeOnly });

function outcome(place, title, { seeds: [seed] }, { results, disagreement }) {
  if (disagreement) throw new Error(`${title}: ${disagreement}`);
  return { place, title, machine: machine(), versions: versions(), seed, results };
}

export async function inNode(options, { plans }) {
  const child = fork(join(PLACE, 'node-run.mjs'), { execArgv: HEAP, stdio: ['pipe', 'inherit', 'inherit', 'ipc'] });
  child.stdin.end(JSON.stringify({ options: settings(options), modules: MODULES, plans }));
  let answer;
  child.on('message', (message) => (answer = message));
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (code !== 0 || !answer) throw new Error(`Node ended with ${code}`);
  return outcome('node', `Node ${process.versions.node}`, options, answer);
}

export async function inChromium(options, { plans }) {
  const files = {
    '/page-run.js': [join(PLACE, 'page-run.js'), 'text/javascript'],
    '/plan.wasm': [MODULES.plan, 'application/wasm'],
    '/full.wasm': [MODULES.full, 'application/wasm'],
    ...Object.fromEntries(Object.entries(plans).map(([name, file]) => [`/plans/${name}`, [file, 'application/octet-stream']])),
  };
  // Isolated, a page's clock is good to 5 µs.
  const isolated = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };
  const server = await serve({
    port: 0,
    roots: {},
    csp: CSP,
    answer({ pathname }) {
      if (pathname === '/') return { headers: { 'content-type': 'text/html', ...isolated }, body: '<!doctype html><script type="module" src="/page-run.js"></script>' };
      const found = files[pathname];
      return found && { headers: { 'content-type': found[1], ...isolated }, body: readFileSync(found[0]), packable: false };
    },
  });
  const browser = await chromium.launch({ executablePath: findBrowser(), args: [...FLAGS, `--js-flags=${HEAP.join(' ')}`] });
  try {
    const page = await browser.newPage();
    page.on('pageerror', (error) => process.stderr.write(`chromium: ${error.stack}\n`));
    await page.exposeFunction('said', (text) => void process.stderr.write(`chromium: ${text}\n`));
    await page.goto(server.url);
    await page.waitForFunction(() => globalThis.bench);
    return outcome('chromium', `Chromium ${browser.version()}`, options, await page.evaluate((told) => globalThis.bench(told), settings(options)));
  } finally {
    await browser.close();
    await server.close();
  }
}
