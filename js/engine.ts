// The engine in Node: the same module that pages load.

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Core, initSync } from './core';
import type { Explanation, Problem } from './types';

/** Something that stops a command: bad input or a wrong call. Its message says what, where and what to do. */
export class Refusal extends Error {}

/** Loads the engine from beside the command. */
export const loadEngine = (): void => {
  initSync({ module: readFileSync(new URL('./maitre.wasm', import.meta.url)) });
};

/** The version of the package this command belongs to. */
export const version = (): string => {
  const manifest = readFileSync(fileURLToPath(new URL('./package.json', import.meta.url)), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
};

const because = (error: unknown, reasons: Record<string, string>): string => {
  const { code, message } = error as NodeJS.ErrnoException;
  return reasons[code ?? ''] ?? message;
};

/** The text of a file. */
export const readText = (file: string): string => {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new Refusal(`${file}: can't be read: ${because(error, { ENOENT: 'there is no such file', EISDIR: 'it is a folder', EACCES: 'it may not be read' })}`);
  }
  if (text.startsWith('MTR')) throw new Refusal(`${file}: this is a plan; name the offers file that it was built of`);
  return text;
};

/** Writes a file. */
export const writeFile = (file: string, content: Uint8Array): void => {
  try {
    writeFileSync(file, content);
  } catch (error) {
    throw new Refusal(`${file}: can't be written: ${because(error, { ENOENT: 'there is no such folder', EISDIR: 'it is a folder', EACCES: 'it may not be' })}`);
  }
};

/** What the command asks of the engine beyond what pages do. */
export class Tool extends Core {
  constructor(config: string, zone: string) {
    super(new TextEncoder().encode(config), zone);
  }

  /** All of it: who writes offers may know what no script of a page does. */
  override explain(placement: string, onPage: string, now: number): Explanation {
    return JSON.parse(this.call(35, placement, onPage, now)) as Explanation;
  }

  /** The plan of a config, nothing of one with an error. */
  plan(config: string): Uint8Array | undefined {
    const bytes = JSON.parse(this.call(26, config)) as number[] | null;
    return bytes ? new Uint8Array(bytes) : undefined;
  }

  /** Whether the visit at hand is over: the next event opens another. */
  visitIsOver(now: number): boolean {
    return this.call(18, '', '', now) !== 'null';
  }

  duration(text: string): number {
    return Number.parseFloat(this.call(13, text));
  }

  faults(text: string): string {
    return this.call(14, text);
  }

  place(text: string, steps: string[], ofKey: boolean): string {
    const path = steps.map((step) =>
      /^\d+$/.test(step) ? `[${step}]` : /^[a-z_]\w*$/i.test(step) ? `.${step}` : `['${step.replace(/[\\']/g, '\\$&')}']`,
    );
    return this.call(ofKey ? 16 : 15, text, `$${path.join('')}`);
  }
}

/** One without a config, for what needs none. */
let bare: Tool | undefined;
const tool = (): Tool => (bare ??= new Tool('', 'UTC'));

/** A duration such as `2d3s` in ms; NaN when it isn't one. */
export const duration = (text: string): number => tool().duration(text);

/** Where a text is not JSON: JSON of `{line, column, what, remedy}[]`. */
export const faults = (text: string): string => tool().faults(text);

/** Where keys and indexes lead to in a JSON text: JSON of `{line, column}`, of the value or of its key. */
export const place = (text: string, steps: string[], ofKey: boolean): string => tool().place(text, steps, ofKey);

/** What is wrong with a config. */
export const problemsOf = (config: string): Problem[] => {
  const core = new Tool(config, 'UTC');
  try {
    return core.problems() ?? [];
  } finally {
    core.free();
  }
};

/** A problem as one line: where, how grave, what, and what to do. */
export const lineOf = (file: string, { line, column, severity, path, what, remedy }: Problem): string =>
  `${file}:${line}:${column}: ${severity}: ${path}: ${what}; ${remedy}`;

/** "1 error", "2 errors". */
export const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;

/** The plan of a config, as the engine of this version reads it; nothing of a config with an error. */
export const planOf = (config: string): Uint8Array | undefined => tool().plan(config);
