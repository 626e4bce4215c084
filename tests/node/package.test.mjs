// What is installed: the files of the package, its types, and what it may do.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { reachOf } from './reach.mjs';

const HOUSE = fileURLToPath(new URL('../..', import.meta.url));
const PKG = join(HOUSE, 'pkg');
const read = (file) => readFileSync(join(PKG, file), 'utf8');
const manifest = JSON.parse(read('package.json'));

test('every file that the package names is there', () => {
  const named = [...Object.values(manifest.exports).flatMap((entry) => (typeof entry === 'string' ? entry : Object.values(entry))), ...Object.values(manifest.bin), manifest.types];
  for (const file of [...named, 'README.md', 'LICENSE-MIT', 'LICENSE-APACHE']) assert.ok(existsSync(join(PKG, file)), file);
  assert.match(read('cli.js'), /^#!\/usr\/bin\/env node\n/);
  assert.equal(manifest.dependencies, undefined);
});

const CONSUMER = `
import { start, type Consent, type Decision, type Explanation, type Maitre, type Problem } from '${manifest.name}';

const handle = start({ offers: '/offers.json', consent: 'memory', wasm: new URL('https://shop.example/maitre.wasm') });
handle.track('view_item', { item_id: 'r1', price: 90, items: [{ item_id: 'r1' }] });
handle.track('sign_up');
handle.set({ plan: 'pro' });
const maitre: Maitre = await handle;
const decision: Decision = maitre.decide('hero');
const id: string | null = decision.offer;
const titles: (string | undefined)[] = decision.offers.map(({ content }) => content.title);
const explanation: Explanation = maitre.explain('hero');
const failed: string[] = explanation.offers.flatMap((offer) => offer.failed.map(({ check, text }) => check + text));
const level: Consent = 'profile';
maitre.consent(level);
const stop: () => void = maitre.on('decision', ({ placement, offers }) => console.log(placement, offers.length));
maitre.on('problem', (problem: Problem) => console.log(problem.line, problem.what, problem.offer?.length));
stop();
maitre.forget();
start({ offers: { offers: [] } });
// @ts-expect-error: no such level
maitre.consent('everything');
// @ts-expect-error: offers are needed
start({});
// @ts-expect-error: no such thing to listen to
maitre.on('exposure', () => {});
export { id, titles, failed };
`;

test('its types fit a page written in TypeScript', () => {
  const folder = mkdtempSync(join(tmpdir(), 'maitre-types-'));
  try {
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(PKG, join(folder, 'node_modules', manifest.name), 'dir');
    writeFileSync(join(folder, 'page.ts'), CONSUMER);
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    const options = { strict: true, noEmit: true, target: 'es2022', module: 'nodenext', lib: ['es2022', 'dom'], types: [], skipLibCheck: false };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files: ['page.ts'] }));
    const { status, stdout } = spawnSync(join(HOUSE, 'node_modules/.bin/tsc'), ['-p', '.'], { cwd: folder, encoding: 'utf8' });
    assert.equal(status, 0, stdout);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('every public type and its members say what they mean', () => {
  const text = read('index.d.ts');
  for (const [, comment, declaration] of text.matchAll(/(\/\*\*[^]*?\*\/\s*)?(?:^|\n)export (?:declare )?((?:interface|type|const|function) \w+)/g)) {
    assert.ok(comment, declaration);
  }
});

const scripts = readdirSync(PKG).filter((file) => file.endsWith('.js') && file !== 'cli.js').sort();
const PART = { fetches: 0, clocks: 0, imports: [], loose: [] };
/** It fetches for the engine and for the config, and reaches for an area of storage, and for `pushState` and `replaceState`, by a name at hand. */
const ENTRY = { fetches: 1, clocks: 1, imports: ['./ahead.js', './measurement.js', './overlays.js', './safekeeping.js', './signals.js'], loose: ['Reflect.set(history)', 'history[]', 'window[]'] };
/** How often each file calls `fetch` and reads the clock, what it imports, and what in it could hide something. */
const REACHES = {
  'ahead.js': PART,
  'consent.js': PART,
  'index.js': ENTRY,
  'maitre.js': ENTRY,
  'measurement.js': PART,
  'overlays.js': PART,
  // It fetches the config, and the engine that reads it, to say what is kept in words.
  'privacy.js': { ...PART, fetches: 1, clocks: 1 },
  'safekeeping.js': { ...PART, clocks: 1 },
  'signals.js': PART,
  'snippet.js': { ...PART, clocks: 2 },
};

test('nothing leaves: what the files of a page take from the browser is this, and one function fetches', () => {
  const names = new Set();
  const taken = new Set();
  assert.deepEqual(scripts, Object.keys(REACHES));
  for (const [file, may] of Object.entries(REACHES)) {
    const text = read(file);
    const reach = reachOf(text);
    reach.names.forEach((name) => names.add(name));
    reach.taken.forEach((name) => taken.add(name));
    const does = { fetches: reach.calls.filter((name) => name === 'fetch').length, clocks: text.split('Date.now').length - 1, imports: reach.imports.sort(), loose: reach.loose.sort() };
    assert.deepEqual(does, may, file);
    assert.deepEqual([...reach.properties].filter((name) => FORBIDDEN.test(name)), [], file);
    assert.doesNotMatch(text, /Math\.random|\.style\b|(?<!wasm-unsafe-)\beval\b/, file);
  }
  assert.deepEqual([...names].sort(), BROWSER);
  assert.deepEqual([...taken].sort(), TAKEN);
});

/** What belongs to the language, and to the browser. Look well before adding to it: each is something that a page can do. */
const LANGUAGE =
  'Array Boolean Date Error Int32Array Intl JSON Map Math NaN Number Object Promise Reflect RegExp Set String TextDecoder TextEncoder URL URLSearchParams Uint32Array Uint8Array WeakMap WeakSet WebAssembly clearInterval clearTimeout console queueMicrotask reportError setInterval setTimeout';
const DOM =
  'AbortController Blob BroadcastChannel CSSStyleSheet CustomEvent DocumentFragment Element HTMLAnchorElement HTMLAreaElement HTMLElement HTMLFormElement HTMLImageElement HTMLTemplateElement HTMLVideoElement IntersectionObserver MutationObserver Text addEventListener crypto customElements document fetch history indexedDB innerHeight localStorage location maitreAhead matchMedia navigator performance requestAnimationFrame requestIdleCallback screen scrollY sessionStorage window';
const BROWSER = `${LANGUAGE} ${DOM}`.split(' ').sort();

const TAKEN = Object.entries({
  console: 'warn',
  crypto: 'getRandomValues',
  customElements: 'define get',
  document:
    'activeElement addEventListener baseURI body createElement documentElement getElementById hidden implementation links prerendering querySelector querySelectorAll readyState referrer removeEventListener scripts title',
  indexedDB: 'deleteDatabase open',
  location: 'host hostname href origin pathname search',
  // All that is known of the device is in `device()` of js/page.ts, and coarse.
  navigator: 'connection doNotTrack globalPrivacyControl language maxTouchPoints',
  performance: 'getEntriesByName now',
  screen: 'height width',
  window: '__tcfapi maitre maitreAhead navigation scheduler',
})
  .flatMap(([from, names]) => names.split(' ').map((name) => `${from}.${name}`))
  .sort();

const FORBIDDEN = new RegExp(
  `^(${[
    // What sends, or fetches.
    'fetch(Later)?|XMLHttpRequest|sendBeacon|WebSocket(Stream)?|EventSource|(webkit)?RTCPeerConnection|WebTransport|Image|Audio|importScripts|(Shared)?Worker|serviceWorker|addModule|ping|srcdoc|submit|requestSubmit',
    'cookie|cookieStore',
    // What makes text into code or HTML.
    'eval|Function|constructor|innerHTML|outerHTML|insertAdjacentHTML|setHTML(Unsafe)?|parseHTML(Unsafe)?|parseFromString|createContextualFragment|createElementNS|writeln?|cssText',
    // What tells one visitor from another.
    'getContext|toDataURL|toBlob|getImageData|measureText|OffscreenCanvas|AudioContext|plugins|mimeTypes|fonts|queryLocalFonts|getBattery|userAgent(Data)?|appVersion|platform|oscpu|vendor|hardwareConcurrency|deviceMemory|mediaDevices|enumerateDevices|speechSynthesis|getVoices|getGamepads|geolocation|permissions|colorDepth|pixelDepth|availWidth|availHeight|devicePixelRatio|languages|getParameter',
  ].join('|')})$`,
);

test('nothing is hidden from that: other ways to the same are seen, too', () => {
  const clean = (text) => {
    const { names, taken, properties, imports, loose } = reachOf(text);
    const isKnown = [...names].every((name) => BROWSER.includes(name)) && [...taken].every((name) => TAKEN.includes(name));
    return isKnown && ![...properties].some((name) => FORBIDDEN.test(name)) && !imports.length && !loose.length;
  };
  for (const text of [
    'new XMLHttpRequest()',
    'globalThis.x',
    'self.x',
    'const f = fetch; f("/x")',
    '[fetch].map((f) => f("/x"))',
    'window.fetch("/x")',
    'window["fe" + "tch"]("/x")',
    'const { fetch: f } = window; f("/x")',
    'const w = window; w.fetch("/x")',
    'const w = window; w["fetch"]("/x")',
    'Reflect.get(window, "fe" + "tch")("/x")',
    'navigator.sendBeacon("/x")',
    'navigator?.sendBeacon?.("/x")',
    'const { sendBeacon } = navigator',
    'const { ...all } = navigator',
    'const n = navigator',
    '((n) => n)(navigator)',
    'navigator[name]',
    'location.href = "https://elsewhere.example"',
    'location = "https://elsewhere.example"',
    'document.cookie',
    'const d = document; d.cookie',
    '(0, eval)("x")',
    '(() => {}).constructor("x")()',
    'const { constructor: make } = () => {}',
    'import("./x.js")',
    'import("./" + name)',
    'export * from "./x.js"',
    'element.innerHTML = x',
    'element.setHTMLUnsafe(x)',
    'let location = {}; location.assign("/x")',
    'class window {}',
    'fetch`x`.navigator.userAgent',
  ]) {
    assert.equal(clean(text), false, text);
  }
  for (const text of [
    'const { language } = navigator; label: for (const a of language) continue label',
    'const listen = () => {}; listen(window, "x")',
    'export const f = ({ title }) => title ?? document.title',
    'class A { constructor() {} }',
  ]) {
    assert.equal(clean(text), true, text);
  }
});

test('nothing leaves: all that the engines can call is pure', async () => {
  const PURE = ['Number', 'String', 'lower', 'matches', 'offset', 'pow'];
  for (const [file, lent] of Object.entries({ 'maitre.wasm': [...PURE, 'zones'], 'maitre-plan.wasm': PURE })) {
    const module = await WebAssembly.compile(readFileSync(join(PKG, file)));
    const imports = WebAssembly.Module.imports(module);
    for (const { module: from, kind } of imports) assert.deepEqual([from, kind], ['./core_bg.js', 'function'], file);
    const names = imports.map(({ name }) => name.replace(/^(__wbg_|__wbindgen_)+|_[0-9a-f]{16}$/g, ''));
    // The last two are wasm-bindgen's own, where std is taken as shipped.
    assert.deepEqual(names.filter((name) => name !== 'throw' && name !== 'init_externref_table').sort(), lent, file);
  }
});

test('nothing leaves: the command reads and writes files', () => {
  const { imports, names, loose } = reachOf(read('cli.js'));
  assert.deepEqual([...new Set(imports)].sort(), ['node:crypto', 'node:fs', 'node:path', 'node:url']);
  assert.deepEqual([...names].filter((name) => !LANGUAGE.split(' ').includes(name)), ['process']);
  assert.deepEqual(loose, []);
});

test('nothing in the package tells of the machine that built it', () => {
  for (const file of readdirSync(PKG)) {
    const bytes = readFileSync(join(PKG, file));
    for (const place of [HOUSE, `${homedir()}/`, `${tmpdir()}/`]) {
      if (place.length > 2) assert.equal(bytes.includes(place), false, `${file} names ${place}`);
    }
  }
});

test('integrity.json has the hash of every file that a page loads', () => {
  const { files, made } = JSON.parse(read('integrity.json'));
  const loaded = [...scripts, 'maitre.wasm', 'maitre-plan.wasm'].sort();
  assert.deepEqual(Object.keys(files), loaded);
  for (const file of loaded) assert.equal(files[file], `sha384-${createHash('sha384').update(readFileSync(join(PKG, file))).digest('base64')}`, file);
  assert.match(made.rustc, /^rustc \d+\.\d+\.\d+/);
  assert.match(made.std, /^(rebuilt|shipped)$/);
});
