// mingo: the workload's conditions, each made a query once, when they are loaded.

import { Query } from 'mingo';
import { bySlot, FirstHit } from './first-hit.mjs';

export default {
  name: 'mingo',
  package: 'mingo',
  source: (workload) => JSON.stringify(bySlot(workload, ({ id, condition }) => ({ id, condition }))),
  load(text) {
    const slots = JSON.parse(text);
    for (const offers of Object.values(slots)) for (const offer of offers) offer.query = new Query(offer.condition);
    return new FirstHit(slots, (offer, visitor) => offer.query.test(visitor));
  },
};
