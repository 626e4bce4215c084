// The engine as pages run it, told things that no page should tell: it answers, and goes on.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const HOUSE = fileURLToPath(new URL('../..', import.meta.url));
const { outputFiles } = await build({ entryPoints: [`${HOUSE}js/core.ts`], bundle: true, format: 'esm', write: false, logLevel: 'silent' });
const { Core, initSync } = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString('base64')}`);
const module = new WebAssembly.Module(readFileSync(`${HOUSE}pkg/maitre.wasm`));
initSync({ module });

const NOW = Date.parse('2026-11-20T12:00:00Z');
const offer = (id, eligible) => ({ id, placement: 'hero', ...(eligible && { eligible }), content: { template: 'text', text: id } });
const engine = (offers, more = {}) => {
  const core = new Core(new TextEncoder().encode(JSON.stringify({ placements: { hero: { take: 50 } }, offers, ...more })), 'Europe/Paris');
  assert.deepEqual(core.problems(), []);
  return core;
};
const shown = (core) => core.decide('hero', '', NOW).offers.map(({ id }) => id);

test('texts of ten megabytes, half letters, a million members and deep nesting are taken or left, and it goes on', () => {
  const core = engine([
    offer('always'),
    offer('begins', { 'page.path': { $regex: '^/x+$' } }),
    offer('far', { 'page.path': { $regex: 'end$' } }),
    offer('half', { 'user.half': '\ufffd' }),
    offer('many', { $did: { event: 'view_item', where: { last: 1 } } }),
    offer('deep', { $did: { event: 'view_item', where: { deep: { $exists: true } } } }),
    offer('large', { 'cart.value': { $gt: 1e300 } }),
  ]);
  const long = 'x'.repeat(10_000_000);
  core.page(JSON.stringify({ path: `/${long}end`, title: long, referrer: long, query: { [long]: long, utm_source: long } }), NOW);
  assert.deepEqual(shown(core), ['always', 'begins']);
  core.observe(long, JSON.stringify({ [long]: long }), NOW);
  core.user(JSON.stringify({ half: '\ud800', [long]: long }), NOW);
  assert.ok(shown(core).includes('half'));
  const many = Object.fromEntries(Array.from({ length: 1_000_000 }, (_, i) => [`k${i}`, i]));
  core.observe('view_item', JSON.stringify({ ...many, last: 1 }), NOW);
  assert.ok(shown(core).includes('many'));
  const deep = `{"deep":${'['.repeat(500_000)}${']'.repeat(500_000)}}`;
  assert.equal(core.observe('view_item', deep, NOW), false);
  assert.ok(!shown(core).includes('deep'));
  for (let i = 0; i < 3; i += 1) core.observe('add_to_cart', JSON.stringify({ price: 1e308, quantity: 1e308 }), NOW);
  assert.ok(shown(core).includes('large'));
  for (const kind of ['dwell', 'idle', 'scroll']) for (const value of ['NaN', 'Infinity', '-Infinity', '1e308', '-0', '']) core.signal(kind, value, NOW);
  // What is stored of it is small, and reads back.
  const stored = core.save();
  assert.ok(stored.length < 16_000, `${stored.length}`);
  const next = engine([offer('large', { 'cart.value': { $gt: 1e300 } })]);
  next.load(stored, '', NOW);
  assert.deepEqual(shown(next), ['large']);
  for (const now of [NaN, Infinity, -Infinity, 1e300, NOW]) core.observe('view_item', '{}', now);
  assert.ok(shown(core).includes('always'));
});

test('what is as deep as it may be is decided and explained', () => {
  const nested = (levels, wrap) => Array.from({ length: levels }).reduce(wrap, { 'user.a': 1 });
  const chain = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`n${i}`, i ? { audience: `n${i - 1}` } : { 'user.a': 1 }]));
  const core = engine(
    [
      offer('chain', { audience: 'n499' }),
      offer('not', nested(46, (inner) => ({ $not: inner }))),
      offer('or', nested(40, (inner) => ({ $or: [{ 'user.b': 1 }, inner] }))),
      offer('items', { 'user.list': nested(20, (inner) => ({ $elemMatch: { $elemMatch: { $not: { $size: 3 } } } })) }),
    ],
    { audiences: chain },
  );
  core.user('{"a":1,"list":[[1],[2]]}', NOW);
  core.page('{"path":"/"}', NOW);
  const ids = shown(core);
  assert.ok(['chain', 'not', 'or'].every((id) => ids.includes(id)), `${ids}`);
  core.user('{"a":2}', NOW);
  assert.ok(!['chain', 'not', 'or'].some((id) => shown(core).includes(id)));
  assert.equal(core.explain('hero', '', NOW).offers.length, 4);
});

test('a pattern that is accepted is no trouble for V8 on the text it is worst on', () => {
  // By their ratio to what is plainly harmless, as times depend on the machine.
  const worst = [
    [String.raw`\s+$`, ' ', 'x'],
    ['shoes.*sale', 'shoes', ''],
    [String.raw`^(?:[a-z0-9]+-)*[a-z0-9]+$`, 'a-', '!'],
    [String.raw`\w+@\w+\.\w+`, 'a', ''],
    ['^.*/product/.*-[0-9]+$', '/product/-1', 'x'],
  ];
  const time = (pattern, text) => {
    const found = new RegExp(pattern);
    found.test(text);
    const begun = performance.now();
    for (let i = 0; i < 5; i += 1) found.test(text);
    return performance.now() - begun;
  };
  const harmless = Math.max(time('^[ab]*c', 'ab'.repeat(100_000)), 1);
  for (const [pattern, unit, end] of worst) {
    assert.deepEqual(engine([offer('a', { 'page.path': { $regex: pattern } })]).problems(), []);
    const text = unit.repeat(1000).slice(0, 1000 - end.length) + end;
    assert.ok(time(pattern, text) < 20 * harmless, pattern);
  }
});
