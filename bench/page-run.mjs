// The suite in a page. `bench(options)` is what the command calls.

import { suite } from './suite.mjs';

const bytesAt = async (path) => {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.arrayBuffer();
};

const house = {
  module: async (kind) => WebAssembly.compile(await bytesAt(`/${kind}.wasm`)),
  plan: async (n, seed, what) => new Uint8Array(await bytesAt(`/plans/${what}-${n}-${seed}`)),
  say: (text) => globalThis.said(text),
};

globalThis.bench = (options) => suite(options, house);
