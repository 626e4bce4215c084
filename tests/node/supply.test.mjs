// What Maitre is made from: the packages and crates that build and test it are those that were looked at, and run nothing by themselves.
// `make deny` judges the crates (deny.toml); here it is the npm packages, and what ends up in what visitors load.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const HOUSE = fileURLToPath(new URL('../..', import.meta.url));
const json = (file) => JSON.parse(readFileSync(join(HOUSE, file), 'utf8'));
const wanted = json('package.json');
const lock = json('package-lock.json');
const { '': root, ...locked } = lock.packages;

/** None of them is in the package, but all of them run, or are read, on the machines that build it. */
const LICENCES = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT'];
const OTHERWISE = {
  // Looks at the demo's pages in the browser tests.
  'axe-core': 'MPL-2.0',
  // Not free: the benchmarks measure it, and nothing of it is passed on.
  '@uniformdev/context': 'SEE LICENSE IN LICENSE.txt',
};

const EXACT = /^\d+\.\d+\.\d+$/;
const SHA512 = /^sha512-[\w+/]{86}==$/;
const nameOf = (place) => place.replace(/^.*node_modules\//, '');

/** The place of the package that `place` gets when it asks for `name`: the nearest, as Node looks for it. */
function found(place, name) {
  for (let at = place; ; at = at.replace(/(^|\/)node_modules\/(@[^/]+\/)?[^/]+$/, '')) {
    const candidate = `${at && `${at}/`}node_modules/${name}`;
    if (locked[candidate]) return candidate;
    if (!at) return undefined;
  }
}

/** What a command prints, run with the house's own settings and none of whoever runs it. */
function run(command, args) {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_config_/i.test(name)));
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: HOUSE, env, encoding: 'utf8' });
  assert.equal(status, 0, stderr || error?.message);
  return stdout.trim();
}

test('package-lock.json is in step with package.json, and holds all that is needed', () => {
  assert.deepEqual(root.devDependencies, wanted.devDependencies);
  assert.equal(wanted.dependencies ?? wanted.optionalDependencies ?? wanted.peerDependencies, undefined, 'what builds is a devDependency');
  for (const [name, version] of Object.entries(wanted.devDependencies)) {
    assert.match(version, EXACT, `${name} is pinned`);
    assert.equal(locked[`node_modules/${name}`]?.version, version, name);
  }
  const reached = new Set();
  const reach = (place, { dependencies, optionalDependencies, devDependencies }) => {
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies, ...devDependencies })) {
      const next = found(place, name);
      assert.ok(next, `${name}, which ${nameOf(place) || 'the house'} needs, is not in package-lock.json: write npm install`);
      if (reached.has(next)) continue;
      reached.add(next);
      reach(next, locked[next]);
    }
  };
  reach('', root);
  const idle = Object.keys(locked).filter((place) => !reached.has(place));
  assert.deepEqual(idle, [], 'locked, and needed by nothing');
});

test('every npm package comes from the registry, and is known by its hash', () => {
  assert.equal(lock.lockfileVersion, 3);
  for (const [place, entry] of Object.entries(locked)) {
    assert.match(entry.version ?? '', /^\d+\.\d+\.\d+(-[\w.]+)?$/, place);
    assert.match(entry.integrity ?? '', SHA512, place);
    assert.equal(entry.link ?? entry.inBundle, undefined, place);
    for (const [name, version] of Object.entries({ ...entry.dependencies, ...entry.optionalDependencies })) {
      assert.doesNotMatch(version, /:|\//, `${place} asks for ${name} from elsewhere`);
    }
  }
});

test('no npm package runs a script when it is installed', () => {
  assert.equal(run('npm', ['config', 'get', 'ignore-scripts']), 'true', 'write ignore-scripts=true into .npmrc');
  assert.equal(wanted.scripts, undefined, 'the Makefile says what can be done');
  for (const [, command] of readFileSync(join(HOUSE, 'tools/install.sh'), 'utf8').matchAll(/^\s*(npm (?:ci|install|i)\b.*)$/gm)) {
    assert.match(command, /^npm ci .*--ignore-scripts/);
  }
});

test('every npm package has a licence that was looked at', () => {
  for (const [place, { license }] of Object.entries(locked)) {
    const name = nameOf(place);
    assert.ok(OTHERWISE[name] ? OTHERWISE[name] === license : LICENCES.includes(license), `${name}: ${license}`);
  }
  for (const name of Object.keys(OTHERWISE)) assert.ok(locked[`node_modules/${name}`], `${name} is gone: strike it out`);
});

test('every crate that Maitre names is pinned', () => {
  const [{ dependencies }] = JSON.parse(run('cargo', ['metadata', '--no-deps', '--format-version', '1'])).packages;
  assert.ok(dependencies.length > 0);
  for (const { name, req } of dependencies) assert.match(req, /^=\d+\.\d+\.\d+$/, name);
});

test('what visitors load is made from these crates, and no other', () => {
  const tree = run('cargo', ['tree', '--locked', '--target', 'wasm32-unknown-unknown', '--edges', 'normal,no-proc-macro', '--prefix', 'none', '--format', '{p}']);
  const crates = new Set(tree.split('\n').map((line) => line.split(' ')[0]));
  const KNOWN = ['allocator-api2', 'cfg-if', 'lock_api', 'maitre', 'scopeguard', 'talc', 'unicode-ident', 'wasm-bindgen', 'wasm-bindgen-shared'];
  assert.deepEqual([...crates].sort(), KNOWN);
});
