// What a page loads, file by file, as it stands, gzipped and in brotli, and the biggest functions of the module; fails when anything is over
// its budget. `--write` puts the table into the README.

import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { functionsOf } from './functions.mjs';

const PLAN = ['maitre.js', 'maitre-plan.wasm'];
const CONFIG = ['maitre.js', 'maitre.wasm'];
const PARTS = ['ahead.js', 'measurement.js', 'overlays.js', 'safekeeping.js', 'signals.js', 'snippet.js'];
/** What a page loads by itself, if it wants it. */
const SIDES = ['consent.js', 'privacy.js'];
/** Bytes. What is aimed at stands in docs/weight.md; these are what is held. */
const BUDGETS = [
  { what: 'a page with a plan', files: PLAN, unit: 'br', most: 50_000 },
  { what: 'a page with a plan that uses every part', files: [...PLAN, ...PARTS], unit: 'br', most: 58_000 },
  { what: 'the inline script', files: ['snippet.js'], unit: 'raw', most: 1_000 },
];
/** What std costs where it can't be rebuilt. */
const SHIPPED_STD = 9_000;
const FUNCTIONS = 20;

const HOUSE = fileURLToPath(new URL('..', import.meta.url));
const PKG = `${HOUSE}/pkg`;
const NAMED = `${HOUSE}/target/glue/named/core_bg.wasm`;

const isShipped = readFileSync(`${HOUSE}/target/glue/std`, 'utf8') === 'shipped';

const sizes = new Map();
function measure(name, path = `${PKG}/${name}`) {
  if (!sizes.has(path)) {
    const bytes = readFileSync(path);
    const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
    sizes.set(path, { name, raw: bytes.length, gz: gzipSync(bytes, { level: 9 }).length, br: brotliCompressSync(bytes, { params }).length });
  }
  return sizes.get(path);
}

const figure = (bytes) => bytes.toLocaleString('en');
const sum = (rows, unit) => rows.reduce((total, row) => total + row[unit], 0);

function print(title, rows) {
  console.log(`\n${title.padEnd(30)}${['raw', 'gzip -9', 'brotli 11'].map((head) => head.padStart(12)).join('')}`);
  for (const { name, raw, gz, br } of rows) {
    console.log(`  ${name.padEnd(28)}${[raw, gz, br].map((bytes) => figure(bytes).padStart(12)).join('')}`);
  }
}

function together(title, names) {
  const rows = names.map((name) => measure(name));
  print(title, [...rows, { name: 'together', raw: sum(rows, 'raw'), gz: sum(rows, 'gz'), br: sum(rows, 'br') }]);
}

together('What a page with a plan loads', PLAN);
print('Only where a page needs it', PARTS.map((name) => measure(name)));
print('If a page wants it', SIDES.map((name) => measure(name)));
together('What a page with a config loads', CONFIG);
const others = readdirSync(PKG).filter((name) => ![...PLAN, ...CONFIG, ...PARTS, ...SIDES].includes(name)).sort();
print('Also in the package', others.map((name) => measure(name)));
print("The demo's own", ['offers.json', 'offers.plan'].filter((name) => existsSync(`${HOUSE}/www/${name}`)).map((name) => measure(name, `${HOUSE}/www/${name}`)));

const table = () => {
  const rows = [
    ['`maitre.js`', 'maitre.js', 'maitre.js'],
    ['the engine (`maitre-plan.wasm`, `maitre.wasm`)', 'maitre-plan.wasm', 'maitre.wasm'],
  ];
  const part = (name) => `${figure(measure(name).br)} \`${name}\``;
  return [
    '| | from a plan | from a config |',
    '| --- | ---: | ---: |',
    ...rows.map(([what, plan, config]) => `| ${what} | ${figure(measure(plan).br)} | ${figure(measure(config).br)} |`),
    `| together | ${[PLAN, CONFIG].map((names) => figure(sum(names.map((name) => measure(name)), 'br'))).join(' | ')} |`,
    '',
    `Only where a page needs it: ${PARTS.map(part).join(', ')}. If it wants it: ${SIDES.map(part).join(', ')}.`,
  ].join('\n');
};
if (process.argv.includes('--write')) {
  const readme = readFileSync(`${HOUSE}/README.md`, 'utf8');
  writeFileSync(`${HOUSE}/README.md`, readme.replace(/(<!-- size -->\n)[^]*(<!-- \/size -->)/, (_, start, end) => `${start}${table()}\n${end}`));
}

const functions = functionsOf(readFileSync(NAMED));
console.log(`\nThe biggest of the ${functions.length} functions of maitre-plan.wasm, before wasm-opt: ${figure(sum(functions, 'bytes'))} bytes in all`);
for (const { name, bytes } of functions.slice(0, FUNCTIONS)) console.log(`  ${figure(bytes).padStart(6)}  ${name}`);

console.log('');
for (const { what, files, unit, most } of BUDGETS) {
  const total = sum(files.map((name) => measure(name)), unit);
  const held = most + (isShipped && unit === 'br' ? SHIPPED_STD : 0);
  console.log(`budget: ${what}: ${figure(total)} of ${figure(held)} bytes${unit === 'br' ? ' in brotli' : ''}`);
  if (total > held) {
    console.error(`size: ${what} is over its budget by ${figure(total - held)} bytes`);
    process.exitCode = 1;
  }
}
