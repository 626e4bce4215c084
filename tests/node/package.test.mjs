// What is installed: the files of the package, its types, and what it may do.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

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

test('nothing leaves: the module can reach nothing, and the page bundle fetches twice and no more', async () => {
  for (const file of ['maitre.js', 'index.js']) {
    const text = read(file);
    assert.doesNotMatch(text, /XMLHttpRequest|sendBeacon|WebSocket|EventSource|RTCPeerConnection|new Image|\.cookie|importScripts/, file);
    assert.doesNotMatch(text, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|(?<!wasm-unsafe-)\beval\b|new Function|\.style\b|cssText/, file);
    assert.equal(text.match(/\bfetch\(/g).length, 1, `${file}: one function fetches, for the engine and for the config`);
    assert.equal(text.match(/Date\.now/g).length, 1, `${file}: one place reads the clock`);
    assert.doesNotMatch(text, /Math\.random/, file);
  }
  for (const file of ['ahead.js', 'snippet.js']) {
    assert.doesNotMatch(read(file), /\bfetch\b|XMLHttpRequest|sendBeacon|WebSocket|EventSource|RTCPeerConnection|new Image|cookie|innerHTML|\beval\b|Function\(|\.style\b/, file);
  }
  // All that the engine can call is this: pure functions, and wasm-bindgen's own.
  const module = await WebAssembly.compile(readFileSync(join(PKG, 'maitre.wasm')));
  const imports = WebAssembly.Module.imports(module).map(({ name }) => name.replace(/^__wbg_|^__wbindgen_|_[0-9a-f]{16}$/g, '').replace(/^__wbindgen_/, ''));
  const KNOWN = ['Number', 'String', 'lower', 'matches', 'offset', 'pow', 'zones'];
  assert.deepEqual(imports.filter((name) => name !== 'throw' && name !== 'init_externref_table').sort(), KNOWN);
});
