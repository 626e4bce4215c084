// sift: the workload's conditions, each made a function once, when they are loaded.

import sift from 'sift';
import { bySlot, FirstHit } from './first-hit.mjs';

export default {
  name: 'sift',
  package: 'sift',
  source: (workload) => JSON.stringify(bySlot(workload, ({ id, condition }) => ({ id, condition }))),
  load(text) {
    const slots = JSON.parse(text);
    for (const offers of Object.values(slots)) for (const offer of offers) offer.fits = sift(offer.condition);
    return new FirstHit(slots, (offer, visitor) => offer.fits(visitor));
  },
};
