// Brings GrowthBook's published test cases to target/conformance/growthbook.json, for the Rust tests. They are GrowthBook's
// (MIT) and not kept here; they come from, in this order:
//   $MAITRE_CONFORMANCE, a file;  ../shared/conformance/growthbook-0.12.json, beside a checkout;
//   the published crate growthbook-rust, through cargo.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SPEC = '0.12.0';
const CRATE = 'growthbook-rust';
const CRATE_VERSION = '0.4.0'; // carries the cases of spec 0.12.0
const NEEDED = ['evalCondition', 'hash', 'getBucketRange', 'chooseVariation', 'inNamespace', 'getEqualWeights', 'savedGroupReferencesV2'];

const HOUSE = fileURLToPath(new URL('..', import.meta.url));
const KEPT = join(HOUSE, 'target/conformance/growthbook.json');
const BESIDE = join(HOUSE, '../shared/conformance/growthbook-0.12.json');

function bring() {
  const named = process.env.MAITRE_CONFORMANCE;
  if (named) return keep(named);
  if (existsSync(KEPT) && problem(KEPT) === undefined) return;
  if (existsSync(BESIDE)) return keep(BESIDE);
  keep(fromCrate());
}

function keep(file) {
  const wrong = problem(file);
  if (wrong) throw new Error(`${file}: ${wrong}`);
  mkdirSync(dirname(KEPT), { recursive: true });
  writeFileSync(KEPT, readFileSync(file));
  console.log(`conformance: GrowthBook's cases, spec ${SPEC}, from ${file}`);
}

/** Why `file` can't serve, or undefined when it can. */
function problem(file) {
  let cases;
  try {
    cases = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    return `not readable as JSON: ${error.message}`;
  }
  if (cases.specVersion !== SPEC) return `holds spec ${cases.specVersion}, not ${SPEC}`;
  const missing = NEEDED.filter((section) => !cases[section]);
  return missing.length > 0 ? `lacks ${missing.join(', ')}` : undefined;
}

/** Lets cargo download the crate for a program that is never built, and asks it where the crate lies. */
function fromCrate() {
  const home = join(HOUSE, 'target/conformance/fetch');
  mkdirSync(join(home, 'src'), { recursive: true });
  writeFileSync(join(home, 'src/lib.rs'), '');
  writeFileSync(
    join(home, 'Cargo.toml'),
    `[package]\nname = "fetch"\nversion = "0.0.0"\nedition = "2021"\n\n[dependencies]\n${CRATE} = { version = "=${CRATE_VERSION}", default-features = false }\n\n[workspace]\n`,
  );
  const done = spawnSync('cargo', ['metadata', '--format-version', '1'], { cwd: home, encoding: 'utf8', maxBuffer: 1 << 27 });
  if (done.status !== 0) throw new Error(`cargo can't fetch ${CRATE} ${CRATE_VERSION}: ${(done.error?.message ?? done.stderr).trim()}`);
  const crate = JSON.parse(done.stdout).packages.find((candidate) => candidate.name === CRATE);
  return join(dirname(crate.manifest_path), 'tests/cases/cases.json');
}

try {
  bring();
} catch (error) {
  console.error(`conformance: ${error.message}`);
  // A file that was asked for by name must not be passed over.
  if (process.env.MAITRE_CONFORMANCE) process.exit(1);
  console.error("conformance: GROWTHBOOK'S CASES CAN'T BE HAD: THE CONFORMANCE TESTS WILL BE SKIPPED");
  console.error('conformance: name a copy to run them: MAITRE_CONFORMANCE=/path/to/cases.json make test');
}
