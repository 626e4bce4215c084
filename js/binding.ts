// What wasm-bindgen's own glue does for our two functions, in a quarter of the bytes: texts go in and out as UTF-8, and the module's
// imports are found by their names, whatever hash they carry. It goes with the version of wasm-bindgen in Cargo.toml.

import { lower, matches, offset, zones } from './host.js';

interface Exports {
  memory: WebAssembly.Memory;
  core_new(source: number, length: number, zone: number, zoneLength: number): number;
  core_call(core: number, verb: number, first: number, second: number, now: number): number;
  __wbindgen_malloc(size: number, align: 1): number;
  __wbindgen_start?(): void;
}

let wasm: Exports;
let memory = new Uint8Array();
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** The module's memory; growing makes it another one. */
const bytes = (): Uint8Array => (memory.length ? memory : (memory = new Uint8Array(wasm.memory.buffer)));

const text = (at: number, length: number): string => {
  at >>>= 0;
  const from = bytes();
  // A few numbers, as most of what comes back: then this is faster.
  let short = '';
  let i = at;
  while (i < at + length && length < 24 && (from[i] as number) < 128) short += String.fromCharCode(from[i++] as number);
  if (i === at + length) return short;
  return decoder.decode(from.subarray(at, at + length));
};

const passed = (source: Uint8Array): [at: number, length: number] => {
  const at = wasm.__wbindgen_malloc(source.length, 1) >>> 0;
  bytes().set(source, at);
  return [at, source.length];
};

/** Writes a text to where there is room for it; its length in bytes. */
const write = (source: string, at: number): number => {
  const into = bytes();
  const { length } = source;
  // Most of what is said is ASCII and short: then this is faster.
  for (let i = 0; i < length; i += 1) {
    const code = source.charCodeAt(i);
    if (code > 127) return encoder.encodeInto(source, into.subarray(at)).written;
    into[at + i] = code;
  }
  return length;
};

/** Hands a text back, by way of two numbers at `to`. */
const give = (to: number, source: string): void => {
  const pair = passed(encoder.encode(source));
  new Int32Array(wasm.memory.buffer).set(pair, to >>> 2);
};

const IMPORTS: Record<string, (...args: number[]) => unknown> = {
  Number: (at, length) => Number(text(at as number, length as number)),
  String: (to, number) => give(to as number, String(number)),
  lower: (to, at, length) => give(to as number, lower(text(at as number, length as number))),
  matches: (at, length, anyCase, other, otherLength) => matches(text(at as number, length as number), !!anyCase, text(other as number, otherLength as number)),
  offset: (at, length, instant) => offset(text(at as number, length as number), instant as number),
  pow: Math.pow,
  zones: (to) => give(to as number, zones()),
  throw: (at, length) => {
    throw new Error(text(at as number, length as number));
  },
};

/** Runs a module; it is that of every `Wasm` from now on. */
export const initSync = ({ module }: { module: WebAssembly.Module | BufferSource }): Pick<Exports, 'memory'> => {
  const compiled = module instanceof WebAssembly.Module ? module : new WebAssembly.Module(module);
  const imports: WebAssembly.Imports = {};
  for (const { module: from, name } of WebAssembly.Module.imports(compiled)) {
    const [known = ''] = Object.keys(IMPORTS).filter((known) => name.includes(`_${known}_`));
    // Where the module could take objects, what is none of these prepares for them.
    (imports[from] ??= {})[name] = IMPORTS[known] ?? (() => {});
  }
  wasm = new WebAssembly.Instance(compiled, imports).exports as unknown as Exports;
  memory = new Uint8Array();
  wasm.__wbindgen_start?.();
  return wasm;
};

/** An engine (src/web/mod.rs). */
export class Wasm {
  readonly #core: number;
  /** Where there is room for what is said, and how much, in bytes. */
  #at = 0;
  #room = -1;

  constructor(source: Uint8Array, zone: string) {
    this.#core = wasm.core_new(...passed(source), ...passed(encoder.encode(zone)));
  }

  /** Undefined: the module has nothing to say. */
  call(verb: number, first: string, second: string, now: number): string | undefined {
    // A UTF-16 unit is three bytes at the most.
    const most = 3 * (first.length + second.length);
    const core = this.#core;
    if (most > this.#room) this.#at = wasm.core_call(core, 30, (this.#room = Math.max(most, 512)), 0, 0) >>> 0;
    const length = write(first, this.#at);
    const answer = wasm.core_call(core, verb, length, write(second, this.#at + length), now);
    return answer < 0 ? undefined : text(answer && wasm.core_call(core, 31, 0, 0, 0), answer);
  }

  free(): void {
    wasm.core_call(this.#core, 32, 0, 0, 0);
  }
}
