// The page with GrowthBook: its payload is fetched from the site itself, as its documentation says for those who host it, and preloaded.

import { GrowthBook } from '@growthbook/growthbook';
import { attributes, fill, visit } from './visitor.mjs';

const payload = await fetch('/growthbook.json').then((response) => response.json());
const growthbook = new GrowthBook({ attributes: { ...attributes(), visit: visit().number } }).initSync({ payload });
for (const placement of Object.keys(payload.features)) {
  const content = growthbook.getFeatureValue(placement, null);
  if (content) fill(placement, content);
}
