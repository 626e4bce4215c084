// The drop-in tag: <script type="module" src="…/maitre.js" data-offers="/offers.json" data-consent="memory" data-page="head"></script>

import { start } from './index';
import type { Options } from './types';

// A module has no `document.currentScript`.
const tag = [...document.scripts].find(({ src }) => src === import.meta.url);
const { offers = '', consent, doNotTrack, integrityWasm, integrityOffers, page: said } = tag?.dataset ?? {};
/** `head`, or what the page is about as JSON; nothing when that can't be read. */
const about = (): Options['page'] | undefined => {
  try {
    return said === 'head' ? said : said && JSON.parse(said);
  } catch {
    return undefined;
  }
};
const known = about();
const page = window as unknown as { maitre?: { track?: unknown } };

// An element with the id `maitre` is not one.
if (!page.maitre?.track) {
  page.maitre = start({
    offers,
    doNotTrack: doNotTrack !== undefined,
    integrity: { wasm: integrityWasm, offers: integrityOffers },
    ...(consent && { consent: consent as Options['consent'] & string }),
    ...(known && { page: known }),
  });
}
