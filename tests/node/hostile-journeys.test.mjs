// `maitre replay` on some thousand journeys that nobody would write: each is played, or refused with its place; nothing is thrown.

import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const HOUSE = fileURLToPath(new URL('../..', import.meta.url));
const ASIDE = join(HOUSE, 'target/hostile');
const OFFERS = join(HOUSE, 'www/offers.json');
const STORIES = join(HOUSE, 'tests/journeys');
const RUNS = 3_000;
/** How many of those that can be are also played: each page of theirs reads the config anew. */
const PLAYED = 50;

mkdirSync(ASIDE, { recursive: true });
copyFileSync(join(HOUSE, 'pkg/maitre.wasm'), join(ASIDE, 'maitre.wasm'));
await build({
  stdin: { contents: "export { replay } from './replay'; export { namesIn, readJourney } from './journey'; export { loadEngine, Refusal } from './engine';", resolveDir: join(HOUSE, 'js'), loader: 'ts' },
  bundle: true,
  format: 'esm',
  platform: 'node',
  outfile: join(ASIDE, 'replay.mjs'),
  logLevel: 'silent',
});
const { replay, namesIn, readJourney, loadEngine, Refusal } = await import(pathToFileURL(join(ASIDE, 'replay.mjs')));
loadEngine();

/** A number below `count`, and the same ones each time. */
let state = 12345;
const below = (count) => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * count);
};
const oneOf = (list) => list[below(list.length)];

const KEYS = ['at', 'page', 'event', 'with', 'decide', 'expect', 'signal', 'outcome', 'offer', 'placement', 'user', 'consent', 'mute', 'unmute', 'path', 'query', 'item', 'placements', 'start', 'steps', 'timezone', 'device', 'name', '__proto__', 'constructor', 'toString', ''];
const ODD = [null, true, 0, -0, 1e308, -1e308, 1e21, 0.6, '', 'hero', 'overlay', 'exit_intent', 'page_view', '__proto__', 'constructor', 'running', 'profile', 'off', '0s', '99999999d', '9'.repeat(400), '\ud800', '\u0000', 'é😀', 'x'.repeat(5_000), [], {}, [[]], [null], { scroll: 0.5 }, { dwell: '40s' }, { __proto__: null, path: '/' }, '+14:00', '2026-11-20T10:00:00+01:00', '-271821-04-20T00:00Z'];

/** The places of a document: its objects and lists. */
const placesOf = (value, places = []) => {
  if (value && typeof value === 'object') {
    places.push(value);
    for (const key of Object.keys(value)) placesOf(value[key], places);
  }
  return places;
};
const put = (place, key, value) => Object.defineProperty(place, key, { value, enumerable: true, configurable: true, writable: true });

/** Another member, one less, or one from elsewhere. */
const changed = (story) => {
  const places = placesOf(story);
  const place = oneOf(places);
  const keys = Object.keys(place);
  const value = below(3) ? oneOf(ODD) : structuredClone(oneOf(places));
  if (Array.isArray(place)) place.splice(below(place.length + 1), below(3), value);
  else if (keys.length && below(3) === 0) delete place[oneOf(keys)];
  else put(place, below(2) && keys.length ? oneOf(keys) : oneOf(KEYS), value);
};

/** Some letters more, less or other. */
const scratched = (text) => {
  const at = below(text.length);
  return text.slice(0, at) + oneOf(['', '{', '}', '[', ']', '"', ',', ':', '\\', '\\ud800', '/*', '//', '\u0000', '\ufeff', 'null', '1e999', text.slice(at, at + 50)]) + text.slice(at + below(4));
};

test('every journey is played or refused with its place', () => {
  const { log, error } = console;
  const stories = readdirSync(STORIES).map((name) => readFileSync(join(STORIES, name), 'utf8'));
  const file = join(ASIDE, 'journey.json');
  const outcomes = { played: 0, refused: 0 };
  const names = namesIn(readFileSync(OFFERS, 'utf8'));
  try {
    console.log = console.error = () => {};
    for (let run = 0; run < RUNS; run += 1) {
      const story = JSON.parse(oneOf(stories));
      for (let i = below(4); i >= 0; i -= 1) changed(story);
      let text = JSON.stringify(story, null, below(2));
      if (below(4) === 0) text = scratched(text);
      if (below(60) === 0) text = `${'['.repeat(below(20_000))}${text}`;
      let problems;
      try {
        ({ problems } = readJourney('journey.json', text, names));
        if (!problems.length && (outcomes.played += 1) <= PLAYED) {
          writeFileSync(file, text);
          assert.ok([0, 1].includes(replay(OFFERS, [file])));
        }
      } catch (thrown) {
        throw new Error(`run ${run}: ${thrown.stack}\n${text.slice(0, 3_000)}`);
      }
      for (const problem of problems) assert.match(problem, /^journey\.json:\d+:\d+: [^]+; ./);
      if (problems.length) outcomes.refused += 1;
    }
  } finally {
    Object.assign(console, { log, error });
  }
  // Neither is rare.
  assert.ok(outcomes.played > RUNS / 20 && outcomes.refused > RUNS / 4, JSON.stringify(outcomes));
});

test('a journey of ten megabytes, and of very long names, is refused soon', () => {
  const file = join(ASIDE, 'long.json');
  const { error } = console;
  console.error = () => {};
  try {
    for (const long of [{ decide: 'x'.repeat(10_000_000) }, { mute: 'y'.repeat(99_000) }, { outcome: 'z'.repeat(99_000), offer: 'w'.repeat(99_000) }]) {
      writeFileSync(file, JSON.stringify({ start: '2026-11-20T10:00:00+01:00', steps: [{ at: '0s', ...long }] }));
      assert.throws(() => replay(OFFERS, [file]), Refusal);
    }
  } finally {
    console.error = error;
  }
});
