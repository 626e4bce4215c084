// GrowthBook's SDK. Its conditions are the workload's own. A feature per slot, its rules ranked, is the documented way and the slower one;
// `evalCondition` over the ranked offers up to the first that holds does the same job, so that is what runs.

import { evalCondition } from '@growthbook/growthbook';
import { bySlot, FirstHit } from './first-hit.mjs';

export default {
  name: 'GrowthBook',
  package: '@growthbook/growthbook',
  source: (workload) => JSON.stringify(bySlot(workload, ({ id, condition }) => ({ id, condition }))),
  load: (text) => new FirstHit(JSON.parse(text), ({ condition }, visitor) => evalCondition(visitor, condition)),
};
