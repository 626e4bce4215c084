// What a page may push is anything: what is taken of it is plain, and never much.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const bundle = async (entry) => {
  const path = fileURLToPath(new URL(`../../js/${entry}`, import.meta.url));
  const { outputFiles } = await build({ entryPoints: [path], bundle: true, format: 'esm', write: false, logLevel: 'silent' });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString('base64')}`);
};
const { listenToDataLayer, plainObject } = await bundle('datalayer.ts');

const nested = (depth) => JSON.parse(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`);

test('plain data comes through as it is', () => {
  const event = { name: 'x', price: 1e308, zero: -0, none: null, yes: true, items: [{ id: 'é😀' }, { id: 2 }], deep: nested(4) };
  assert.deepEqual(plainObject(event), event);
  assert.equal(JSON.stringify(plainObject({ nan: NaN, up: Infinity, down: -Infinity, f() {}, s: Symbol('x'), big: 10n, date: new Date(0) })), '{}');
});

test('names that mean something to JavaScript are names', () => {
  const text = '{"__proto__":{"price":1},"constructor":"a","prototype":{"__proto__":"b"},"toString":"c","hasOwnProperty":1}';
  const copy = plainObject(JSON.parse(text));
  assert.equal(JSON.stringify(copy), text);
  assert.equal(Object.getPrototypeOf(copy), Object.prototype);
  assert.equal(Object.getPrototypeOf(copy.prototype), Object.prototype);
  assert.equal({}.price, undefined);
  assert.equal(copy.price, undefined);
});

test('of what is too long, too many or too deep a part is taken', () => {
  const long = 'x'.repeat(10_000_000);
  assert.equal(plainObject({ long }).long.length, 999);
  assert.equal(Object.keys(plainObject({ [long]: 1 }))[0].length, 999);
  assert.equal(plainObject({ list: Array(1_000_000).fill(1) }).list.length, 999);
  const many = Object.fromEntries(Array.from({ length: 1_000_000 }, (_, i) => [`k${i}`, i]));
  assert.equal(Object.keys(plainObject(many)).length, 999);
  assert.equal(JSON.stringify(plainObject(nested(5000))), '{"a":{"a":{"a":{"a":{"a":{"a":{}}}}}}}');
  const loop = {};
  loop.loop = loop;
  assert.equal(JSON.stringify(plainObject(loop)).length < 100, true);
  // All of it together.
  const wide = (depth) => (depth ? Array(1000).fill(wide(depth - 1)) : 'x'.repeat(1000));
  for (const all of [wide(3), Array(1000).fill(Array(1000).fill({ k: 1 })), Array.from({ length: 1000 }, () => ({ ['k'.repeat(2000)]: long }))]) {
    const { length } = JSON.stringify(plainObject({ all }));
    assert.ok(length > 20_000 && length < 15_000_000, `${length}`);
  }
  assert.deepEqual(plainObject({ get thrown() { throw new Error('no'); } }), {});
});

test('what is no object has no members, however long it is, and a layer no more entries than it has', () => {
  const long = 'x'.repeat(10_000_000);
  for (const value of [long, new Uint8Array(10_000_000), [1, 2], 3, null, undefined, Symbol('x'), () => {}]) assert.deepEqual(plainObject(value), {});
  const heard = [];
  const dataLayer = [];
  dataLayer.length = 2 ** 32 - 4;
  dataLayer.push(['event', 'search', long], { event: 'login', ecommerce: long, method: 'key' }, ['event', 'share', { method: 'post' }]);
  globalThis.window = { dataLayer };
  listenToDataLayer((event, params) => heard.push([event, params]));
  delete globalThis.window;
  assert.deepEqual(heard, [['search', {}], ['login', { method: 'key' }], ['share', { method: 'post' }]]);
});
