// The benchmark's ground: all engines decide alike. Nothing here looks at a time.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { alternatives, holds, naive, treeOf } from '../../bench/condition.mjs';
import { agree, questionsOf } from '../../bench/measure.mjs';
import { generate } from '../../bench/workload.mjs';

const COMMAND = fileURLToPath(new URL('../../bench/engines.mjs', import.meta.url));

test('all engines decide alike, from 10 and 100 offers, with two seeds', { timeout: 120_000 }, () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [COMMAND, '--agree', '--quick'], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  for (const engine of ['Maitre', 'Maitre, from JSON', 'Uniform Context', 'GrowthBook', 'json-logic-js', 'mingo', 'sift', 'json-rules-engine', 'Adobe Target']) {
    const count = Number(stdout.match(new RegExp(`${engine} ([\\d,]+)`))?.[1].replaceAll(',', ''));
    // For each of the four workloads a visitor's placements, one by one and as a page, are the least.
    assert.ok(count >= 44, `${engine} was asked ${count} times:\n${stdout}`);
  }
});

test('an engine that decides otherwise is named, with the slot and both answers', async () => {
  const workload = generate({ n: 100, seed: 3, contexts: 20, updates: 200, sessions: 10 });
  const best = naive(workload);
  let known = {};
  const liar = {
    visitor: (attributes) => void (known = attributes),
    change: (attribute, value) => void (known[attribute] = value),
    decide: (slot) => (slot === workload.slots[4] ? 'offer-that-is-not' : best(slot, known)),
    page: () => workload.slots.map((slot) => best(slot, known)),
  };
  const asked = agree(liar, { name: 'Liar' }, questionsOf(workload, 1_000), { where: '100 offers, seed 3', most: 1_000 });
  await assert.rejects(asked, ({ message }) => {
    const [, answer] = /^100 offers, seed 3: Liar decides "offer-that-is-not" for slot-4, but of all offers that hold the best is (.+)$/.exec(message) ?? [];
    assert.equal(answer, JSON.stringify(best(workload.slots[4], workload.contexts[0])), message);
    return true;
  });
});

test('a condition laid out as alternatives holds for the same visitors', () => {
  const { offers, contexts, schema } = generate({ n: 300, seed: 5, contexts: 100, updates: 10, sessions: 1 });
  const numbers = new Set(schema.filter(({ type }) => type === 'num').map(({ name }) => name));
  let [held, nested] = [0, 0];
  for (const { id, condition } of offers) {
    const tree = treeOf(condition);
    const ways = alternatives(tree, (attribute) => numbers.has(attribute));
    nested += ways.length > 1 ? 1 : 0;
    for (const visitor of contexts) {
      const expected = holds(tree, visitor);
      held += expected ? 1 : 0;
      assert.equal(ways.some((leaves) => leaves.every((leaf) => holds(leaf, visitor))), expected, `${id}: ${JSON.stringify(condition)}`);
    }
  }
  assert.ok(held > 500 && nested > 100, `${held} held, ${nested} had alternatives: too few to tell`);
});

test('the same seed makes the same workload, another seed another', () => {
  const made = (seed) => JSON.stringify(generate({ n: 50, seed, contexts: 5, updates: 20, sessions: 2 }));
  assert.equal(made(8), made(8));
  assert.notEqual(made(8), made(9));
});
