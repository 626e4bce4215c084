// The page with Uniform Context: manifest and variations in one file of the site itself, preloaded.

import { Context } from '@uniformdev/context';
import { attributes, fill, visit } from './visitor.mjs';

const { manifest, variations } = await fetch('/uniform.json').then((response) => response.json());
// Without a `visitLifespan`: when a visit of its own is over, what signals made of quirks is gone, and comes back only when a quirk changes.
const context = new Context({ manifest, defaultConsent: true });
const { path, ...quirks } = attributes();
await context.update({
  url: new URL(location.href),
  quirks,
  enrichments: visit().isNew ? [{ cat: 'visit', key: 'number', str: 1 }] : [],
});
for (const name of Object.keys(variations)) {
  const [chosen] = context.personalize({ name, variations: variations[name] }).variations;
  if (chosen) fill(name, chosen.content);
}
