// What the tests of the engines share.

import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { card } from '../browser/fixtures.mjs';
import { ENGINES, launch } from './engine.mjs';
import { recordingProxy } from './proxy.mjs';

/**
 * `tests(engine)` for each engine, side by side: most of what they do is waiting. While they run `engine.browser` is one, and what
 * it asks of `house()` and anybody else is written down by `engine.proxy`.
 */
export const inEach = (house, tests) =>
  describe('engines', { concurrency: 3 }, () => {
    for (const name of ENGINES) {
      describe(name, { concurrency: 1, timeout: 600_000 }, () => {
        const engine = { name };
        before(async () => {
          engine.proxy = await recordingProxy(house());
          engine.browser = await launch(name, engine);
        });
        after(async () => {
          await engine.browser?.close();
          await engine.proxy?.close();
        });
        tests(engine);
      });
    }
  });

/** Any number of pings up to 4,095, told bit by bit by the offers that are eligible. */
export const COUNT = {
  placements: { count: { take: 12 } },
  offers: Array.from({ length: 12 }, (_, bit) => ({ id: `${2 ** bit}`, placement: 'count', eligible: eligibleAt(bit), content: card('x') })),
};

/** Whether the number of pings has this bit: it lies in one of the ranges in which it is set. */
function eligibleAt(bit) {
  const size = 2 ** bit;
  const ranges = [];
  for (let from = size; from < 4096; from += 2 * size) ranges.push({ $did: { event: 'ping', times: { $gte: from, $lt: from + size } } });
  return { $or: ranges };
}

/** How many pings are known. */
export const pings = (tab) => tab.evaluate(() => window.maitre.decide('count').offers.reduce((sum, { id }) => sum + Number(id), 0));

/** Until the first decision was made, and shown. */
export async function ready(tab) {
  await until(() => tab.evaluate(() => typeof window.maitre?.track === 'function'));
  await tab.evaluate(async () => void (await window.maitre));
}

/** Until it is so. A page that is just being left can't be asked, which is no answer either. */
export async function until(isSo, patience = 45_000) {
  let failed;
  for (const end = performance.now() + patience; performance.now() < end; ) {
    try {
      if (await isSo()) return;
    } catch (error) {
      failed = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  assert.fail(`not within ${patience} ms: ${isSo}${failed ? `; last ${failed}` : ''}`);
}

/** A row of numbers from 0 up to 1, the same for the same seed (mulberry32). */
export function chance(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
