// Builds the npm package:
//   node tools/build.mjs wasm      the modules and their glue, by wasm-pack, into target/glue
//   node tools/build.mjs package   pkg/, from that module and js/
//   node tools/build.mjs           both

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HOUSE = fileURLToPath(new URL('..', import.meta.url));
const GLUE = join(HOUSE, 'target/glue/pkg');
/** The module for pages that load a plan; it goes with the same glue. */
const PLAN_GLUE = join(HOUSE, 'target/glue/plan');
const NAMED = join(HOUSE, 'target/glue/named');
const PKG = join(HOUSE, 'pkg');
const TARGET = 'wasm32-unknown-unknown';

const TOOLS = process.env.MAITRE_TOOLS || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'maitre/tools');
const ENV = {
  ...process.env,
  PATH: [join(TOOLS, 'bin'), join(HOUSE, 'node_modules/.bin'), process.env.PATH].join(delimiter),
  // Apart from native builds, which other flags would invalidate.
  CARGO_TARGET_DIR: join(HOUSE, 'target/wasm'),
};

/** What cargo makes, before the tools that follow. */
const CARGO_WASM = join(HOUSE, `target/wasm/${TARGET}/release/maitre.wasm`);

function wasm() {
  const env = { ...ENV, RUSTFLAGS: '' };
  const flags = ['--locked'];
  delete env.CARGO_ENCODED_RUSTFLAGS;

  // wasm-pack would bring the lock file into step without a word, whatever cargo is told.
  output('cargo', ['metadata', '--locked', '--format-version', '1']);

  const missing = missingForLeanStd();
  if (missing) {
    console.log(`build: ${missing}, so std is taken as shipped: the module is some 7 kB larger (brotli) than it need be`);
    // It names places in its source, and by where that lies on this machine if it is there.
    const [, commit] = /^commit-hash: (.*)$/m.exec(output('rustc', ['-vV'])) ?? [];
    env.CARGO_ENCODED_RUSTFLAGS = `--remap-path-prefix=${stdSource()}=/rustc/${commit}`;
  } else {
    // Without the machinery that words a panic: a trap says all that the page is told anyway.
    env.RUSTC_BOOTSTRAP = '1';
    // Nor the places in the source that it would name; and with more of the work done before LLVM, less code comes out.
    env.RUSTFLAGS =
      '-Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none -Zmir-opt-level=3 -Ctarget-feature=-reference-types -Zcross-crate-inline-threshold=always -Cllvm-args=-inline-threshold=10';
    flags.push('-Z', 'build-std=std,panic_abort', '-Z', 'build-std-features=optimize_for_size');
  }

  for (const [folder, features] of [[PLAN_GLUE, ['--no-default-features']], [GLUE, []]]) {
    // Aside at first, so that a failed build leaves the last good one.
    const aside = `${folder}.new`;
    rmSync(aside, { recursive: true, force: true });
    const command = ['build', '--target', 'web', '--release', '--mode', 'no-install', '--out-dir', aside, '--out-name', 'core', '.'];
    run('wasm-pack', [...command, ...flags, ...features], env);
    rmSync(folder, { recursive: true, force: true });
    renameSync(aside, folder);
    // Once more with the functions' names, for `make size`.
    if (folder === PLAN_GLUE) run('wasm-bindgen', ['--target', 'web', '--out-dir', NAMED, '--out-name', 'core', CARGO_WASM], env);
  }
  writeFileSync(join(HOUSE, 'target/glue/std'), missing ? 'shipped' : 'rebuilt');
  const now = new Date();
  utimesSync(join(GLUE, 'core_bg.wasm'), now, now);
}

const stdSource = () => join(output('rustc', ['--print', 'sysroot']), 'lib/rustlib/src/rust');

function missingForLeanStd() {
  if (!existsSync(join(stdSource(), 'library/Cargo.lock'))) return 'the rust-src component is missing';
  const known = spawnSync('rustc', ['-Zunstable-options', '-Cpanic=immediate-abort', '--target', TARGET, '--print', 'cfg'], {
    cwd: HOUSE,
    env: { ...ENV, RUSTC_BOOTSTRAP: '1' },
  });
  return known.status === 0 ? undefined : 'this rustc does not know panic=immediate-abort';
}

async function pack() {
  const { build } = await import('esbuild');
  const { declarations } = await import('./types.mjs');

  // Built aside and put in place whole, so that a failed build leaves the last good package.
  const aside = join(HOUSE, 'target/pkg');
  rmSync(aside, { recursive: true, force: true });
  mkdirSync(aside, { recursive: true });
  const bundle = (entry, outfile, options = {}) =>
    build({
      absWorkingDir: HOUSE,
      entryPoints: [`js/${entry}`],
      outfile: join(aside, outfile),
      bundle: true,
      minify: true,
      format: 'esm',
      target: 'es2022',
      charset: 'utf8',
      legalComments: 'none',
      logLevel: 'warning',
      plugins: [smallStyles],
      define: { __VERSION__: JSON.stringify(crate().version) },
      ...options,
    });
  const chunks = { plugins: [smallStyles, chunksApart] };
  await bundle('tag.ts', 'maitre.js', chunks);
  await bundle('index.ts', 'index.js', chunks);
  for (const chunk of CHUNKS) await bundle(chunk.replace('.js', '.ts'), chunk);
  for (const side of SIDES) await bundle(side.replace('.js', '.ts'), side);
  await bundle('snippet.ts', 'snippet.js');
  await squeeze(['maitre.js', 'index.js', ...CHUNKS].map((name) => join(aside, name)));
  // Its hash is that of the text between the tags.
  writeFileSync(join(aside, 'snippet.js'), readFileSync(join(aside, 'snippet.js'), 'utf8').trim());
  await bundle('cli.ts', 'cli.js', { platform: 'node', target: 'node20' });
  asCommand(join(aside, 'cli.js'));

  for (const name of ['index', 'consent', 'privacy']) writeFileSync(join(aside, `${name}.d.ts`), declarations(`js/${name}.ts`));
  copyFileSync(join(GLUE, 'core_bg.wasm'), join(aside, 'maitre.wasm'));
  copyFileSync(join(PLAN_GLUE, 'core_bg.wasm'), join(aside, 'maitre-plan.wasm'));
  for (const file of ['README.md', 'LICENSE-MIT', 'LICENSE-APACHE']) copyFileSync(join(HOUSE, file), join(aside, file));
  writeFileSync(join(aside, 'package.json'), `${JSON.stringify(manifest(), null, 2)}\n`);
  writeFileSync(join(aside, 'integrity.json'), `${JSON.stringify(integrity(aside), null, 2)}\n`);

  rmSync(PKG, { recursive: true, force: true });
  renameSync(aside, PKG);
  console.log('build: the package is in pkg/');
}

/** What a page loads only when it needs it. They are handed what they need, so that nothing is in two files, or in a third. */
const CHUNKS = ['ahead.js', 'measurement.js', 'overlays.js', 'safekeeping.js', 'signals.js'];
/** What a page loads by itself, if it wants it. */
const SIDES = ['consent.js', 'privacy.js'];
const chunksApart = {
  name: 'chunks-apart',
  setup(build) {
    build.onResolve({ filter: /^\.\// }, ({ kind, path }) => (kind === 'dynamic-import' ? { path: `${path}.js`, external: true } : undefined));
  },
};

/** Properties that never leave the page's own script: neither public, nor of the browser, nor in what crosses to the engine. */
const PRIVATE =
  /^(adopt|begin|amend|after|again|answerOf|area|ask|base|changed|copy|core|custom|decided|deltas|device|dismissButton|disown|early|element|end|exposed|fill|filled|fold|folded|forgotten|guard|hear|inView|isForced|isOver|isReadable|isStopped|known|labelOf|leave|lent|level|load|lowered|needs|outcome|own|place|placed|problems|raise|refresh|render|rendered|report|resume|said|save|seen|seq|settle|shadow|showing|shown|tell|tidy|timer|view|whenIdle|whenLeft)$/;

/** A second minifier makes some 5 % less of what the first has made; private names are the same in all files, as they are lent. */
async function squeeze(files) {
  const { minify } = await import('terser');
  const nameCache = {};
  for (const file of files) {
    const { code } = await minify(readFileSync(file, 'utf8'), {
      module: true,
      compress: { ecma: 2020, passes: 3, pure_getters: true, unsafe_arrows: true, keep_fargs: false },
      mangle: { properties: { regex: PRIVATE } },
      format: { ecma: 2020 },
      nameCache,
    });
    writeFileSync(file, code);
  }
}

/** Style sheets stand in template strings, which the bundler leaves as they are. */
const smallStyles = {
  name: 'small-styles',
  setup({ onLoad, esbuild }) {
    onLoad({ filter: /-element\.ts$/ }, async ({ path }) => {
      const text = readFileSync(path, 'utf8');
      const [whole, name, css] = /const ([A-Z]+) = `([^`]+)`/.exec(text);
      const { code } = await esbuild.transform(css, { loader: 'css', minify: true, target: 'chrome123' });
      return { loader: 'ts', contents: text.replace(whole, () => `const ${name} = ${JSON.stringify(code.trim())}`) };
    });
  },
};

function asCommand(file) {
  const text = readFileSync(file, 'utf8');
  if (!text.startsWith('#!')) writeFileSync(file, `#!/usr/bin/env node\n${text}`);
  chmodSync(file, 0o755);
}

/** The hashes by which a page can pin what it loads, and what it takes to build just that (`make reproducible`). */
function integrity(folder) {
  const loaded = readdirSync(folder).filter((file) => /\.(js|wasm)$/.test(file) && file !== 'cli.js').sort();
  const hash = (file) => `sha384-${createHash('sha384').update(readFileSync(join(folder, file))).digest('base64')}`;
  const std = readFileSync(join(HOUSE, 'target/glue/std'), 'utf8');
  return { files: Object.fromEntries(loaded.map((file) => [file, hash(file)])), made: { rustc: output('rustc', ['--version']), std } };
}

let metadata;
function crate() {
  metadata ??= JSON.parse(output('cargo', ['metadata', '--no-deps', '--format-version', '1']));
  return metadata.packages.find((candidate) => candidate.name === 'maitre');
}

function manifest() {
  const { name, version, description, keywords, license, repository, homepage } = crate();
  return {
    name,
    version,
    description: description ?? undefined,
    keywords: keywords.length > 0 ? keywords : undefined,
    license,
    repository: repository ?? undefined,
    homepage: homepage ?? undefined,
    type: 'module',
    exports: {
      '.': { types: './index.d.ts', default: './index.js' },
      './maitre.js': './maitre.js',
      './consent': { types: './consent.d.ts', default: './consent.js' },
      './privacy': { types: './privacy.d.ts', default: './privacy.js' },
      './consent.js': './consent.js',
      './privacy.js': './privacy.js',
      './snippet.js': './snippet.js',
      './maitre.wasm': './maitre.wasm',
      './maitre-plan.wasm': './maitre-plan.wasm',
      './integrity.json': './integrity.json',
      './package.json': './package.json',
    },
    types: './index.d.ts',
    bin: { maitre: 'cli.js' },
    files: ['maitre.js', 'maitre.wasm', 'maitre-plan.wasm', 'snippet.js', 'index.js', ...CHUNKS, ...SIDES, 'index.d.ts', 'consent.d.ts', 'privacy.d.ts', 'cli.js', 'integrity.json', 'LICENSE-*'],
    sideEffects: ['./maitre.js', './snippet.js', './consent.js', './privacy.js'],
    engines: { node: '>=20' },
  };
}

function output(command, args) {
  const done = spawnSync(command, args, { cwd: HOUSE, env: ENV, encoding: 'utf8', maxBuffer: 1 << 26 });
  if (done.status !== 0) fail(command, args, done);
  return done.stdout.trim();
}

function run(command, args, env) {
  const done = spawnSync(command, args, { cwd: HOUSE, env, stdio: 'inherit' });
  if (done.status !== 0) fail(command, args, done);
}

function fail(command, args, { error, stderr }) {
  console.error(`build: failed: ${[command, ...args].join(' ')}`);
  const why = error?.code === 'ENOENT' ? `${command} is missing: run tools/install.sh` : (error?.message ?? stderr);
  if (why) console.error(`build: ${why}`);
  process.exit(1);
}

const steps = { wasm: [wasm], package: [pack], all: [wasm, pack] }[process.argv[2] ?? 'all'];
if (!steps) {
  console.error('build: say wasm, package or nothing');
  process.exit(2);
}
try {
  for (const step of steps) await step();
} catch (error) {
  console.error(`build: failed: ${error.message}`);
  process.exitCode = 1;
}
