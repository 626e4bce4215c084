// Builds the package once more, elsewhere, and compares it with the one in pkg/, byte by byte: what is published is what its source makes, and
// anyone can see to it. Then says each file's hashes. The other build has another folder, other caches, another time zone, language and
// umask; only the toolchain is the same.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HOUSE = fileURLToPath(new URL('..', import.meta.url));
const PKG = join(HOUSE, 'pkg');
/** All that the package is made from. */
const SOURCE = ['Cargo.toml', 'Cargo.lock', 'package.json', 'tsconfig.json', 'README.md', 'LICENSE-MIT', 'LICENSE-APACHE', 'src', 'js', 'tools'];
const CARGO_HOME = process.env.CARGO_HOME || join(homedir(), '.cargo');

const folder = mkdtempSync(join(tmpdir(), 'maitre-built-elsewhere-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

/** The same under another path. */
function linked(from, to) {
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) symlinkSync(join(from, name), join(to, name));
}

function build() {
  const house = join(folder, 'another/house');
  for (const name of SOURCE) cpSync(join(HOUSE, name), join(house, name), { recursive: true });
  linked(join(HOUSE, 'node_modules'), join(house, 'node_modules'));
  const cargo = join(folder, 'cargo');
  linked(CARGO_HOME, cargo);
  const { status } = spawnSync('sh', ['-c', 'umask 077 && exec node tools/build.mjs'], {
    cwd: house,
    env: { ...process.env, CARGO_HOME: cargo, CARGO_TARGET_DIR: undefined, TZ: 'Pacific/Chatham', LC_ALL: 'C', SOURCE_DATE_EPOCH: undefined },
    stdio: 'inherit',
  });
  if (status !== 0) fail('the build elsewhere failed');
  return join(house, 'pkg');
}

/** Every file of a folder, by its path there. */
const files = (root) => readdirSync(root, { recursive: true }).filter((name) => statSync(join(root, name)).isFile()).sort();

function fail(...lines) {
  for (const line of lines) console.error(`reproducible: ${line}`);
  process.exit(1);
}

/** Where two files begin to differ, and what is there. */
function difference(name, here, there) {
  let at = 0;
  while (at < here.length && here[at] === there[at]) at += 1;
  const around = (bytes) => JSON.stringify(bytes.subarray(Math.max(0, at - 24), at + 40).toString('latin1'));
  return [`${name} differs from byte ${at} on (${here.length} and ${there.length} bytes)`, `  here:      ${around(here)}`, `  elsewhere: ${around(there)}`];
}

if (!existsSync(PKG)) fail('there is no pkg/: run make build');
const other = build();
const names = files(PKG);
const others = files(other);
if (names.join() !== others.join()) fail(`pkg/ has ${names.join(', ')}`, `elsewhere it is ${others.join(', ')}`);

const isCommand = (file) => (statSync(file).mode & 0o100) !== 0;
const wrong = names.flatMap((name) => {
  const [here, there] = [PKG, other].map((root) => readFileSync(join(root, name)));
  if (!here.equals(there)) return difference(name, here, there);
  return isCommand(join(PKG, name)) === isCommand(join(other, name)) ? [] : [`${name} can be run only in one of them`];
});
if (wrong.length > 0) fail(...wrong);

const hash = (name, algorithm, encoding) => createHash(algorithm).update(readFileSync(join(PKG, name))).digest(encoding);
for (const name of names) console.log(`${name}\n  sha256 ${hash(name, 'sha256', 'hex')}\n  sha384-${hash(name, 'sha384', 'base64')}`);
console.log(`reproducible: ${names.length} files, the same byte for byte`);
