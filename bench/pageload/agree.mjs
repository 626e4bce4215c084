// Before anything is measured: all variants show every visitor what the conditions plainly mean, page after page and visit after visit.

import { expected, PLACEMENTS } from './offers.mjs';
import { FIRST, SECOND, VISITOR } from './site.mjs';
import { html } from './variants.mjs';
import { visitor } from './visits.mjs';

const DAY = 86_400_000;
const VISITORS = [
  { device: 'phone', facts: VISITOR },
  { device: 'desktop', facts: { country: 'FR', plan: 'pro', loyalty: 'gold', segment: 'hiker', newsletter: 'yes' } },
  // Not signed in: what is not known is missing.
  { device: 'desktop', facts: { country: 'BE' } },
];

/** Throws at the first difference. */
export async function agree(browser, all, servers) {
  let compared = 0;
  for (const [variant, server] of Object.entries(servers)) {
    if (variant === 'none') continue;
    for (const { device, facts } of VISITORS) {
      const guest = await visitor(browser, server, { device });
      let number = 0;
      for (const [days, path] of [[0, FIRST], [0, SECOND], [2, SECOND], [2, FIRST]]) {
        if (days) await guest.pass(days * DAY);
        if (days || !number) number += 1;
        const wanted = expected(all, { ...facts, device, path, category: path.split('/')[1], visit: number });
        server.put(path, html(variant, path, { visitor: facts, count: Object.values(wanted).filter(Boolean).length, idle: 50 }));
        const { titles } = await guest.open(path);
        for (const placement of PLACEMENTS) {
          compared += 1;
          if ((titles[placement] ?? null) === wanted[placement]) continue;
          throw new Error(
            `${variant} shows in \`${placement}\` of ${path} \`${titles[placement] ?? 'the fallback'}\`, not \`${wanted[placement] ?? 'the fallback'}\`, to ${JSON.stringify({ ...facts, device, visit: number })}`,
          );
        }
      }
      await guest.close();
    }
  }
  return compared;
}
