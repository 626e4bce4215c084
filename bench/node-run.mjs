// The suite in Node: a process of its own, told by its parent what to do.

import { readFileSync } from 'node:fs';
import { suite } from './suite.mjs';

const { options, modules, plans } = JSON.parse(readFileSync(0, 'utf8'));

const house = {
  module: (kind) => new WebAssembly.Module(readFileSync(modules[kind])),
  plan: (n, seed, what) => new Uint8Array(readFileSync(plans[`${what}-${n}-${seed}`])),
  say: (text) => process.stderr.write(`node: ${text}\n`),
};

process.send(await suite(options, house));
