// What a page loads, file by file, as it stands, gzipped and in brotli; fails when it is over its budget.

import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const BUDGET = 50_000; // bytes, brotli 11: all that a page loads which runs a plan
const PLAN = ['maitre.js', 'maitre-plan.wasm'];
const CONFIG = ['maitre.js', 'maitre.wasm'];
const PKG = fileURLToPath(new URL('../pkg', import.meta.url));
const OFFERS = fileURLToPath(new URL('../www/offers.json', import.meta.url));

function measure(name, path) {
  const bytes = readFileSync(path);
  return {
    name,
    raw: bytes.length,
    gz: gzipSync(bytes, { level: 9 }).length,
    br: brotliCompressSync(bytes, {
      params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
    }).length,
  };
}

function print(title, rows) {
  console.log(`\n${title.padEnd(30)}${['raw', 'gzip -9', 'brotli 11'].map((head) => head.padStart(12)).join('')}`);
  for (const { name, raw, gz, br } of rows) {
    console.log(`  ${name.padEnd(28)}${[raw, gz, br].map((bytes) => bytes.toLocaleString('en').padStart(12)).join('')}`);
  }
}

function together(title, names) {
  const rows = names.map((name) => measure(name, `${PKG}/${name}`));
  const sum = (unit) => rows.reduce((total, row) => total + row[unit], 0);
  const total = { name: 'together', raw: sum('raw'), gz: sum('gz'), br: sum('br') };
  print(title, [...rows, total]);
  return total;
}

const total = together('What a page with a plan loads', PLAN);
together('What a page with a config loads', CONFIG);

const others = readdirSync(PKG).filter((name) => ![...PLAN, ...CONFIG].includes(name)).sort();
print('Also in the package', others.map((name) => measure(name, `${PKG}/${name}`)));
try {
  print("The demo's own", [measure('offers.json', OFFERS)]);
} catch (error) {
  if (error.code !== 'ENOENT') throw error;
}

const percent = ((100 * total.br) / BUDGET).toFixed(1);
console.log(`\nbudget: ${total.br.toLocaleString('en')} of ${BUDGET.toLocaleString('en')} bytes in brotli (${percent} %)`);
if (total.br > BUDGET) {
  console.error(`size: over budget by ${(total.br - BUDGET).toLocaleString('en')} bytes`);
  process.exitCode = 1;
}
