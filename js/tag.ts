// The drop-in tag: <script type="module" src="…/maitre.js" data-offers="/offers.json" data-consent="memory"></script>

import { start } from './index';
import type { Consent } from './types';

// A module has no `document.currentScript`.
const tag = [...document.scripts].find(({ src }) => src === import.meta.url);
const { offers = '', consent } = tag?.dataset ?? {};
const page = window as unknown as { maitre?: { track?: unknown } };

// An element with the id `maitre` is not one.
if (!page.maitre?.track) page.maitre = start({ offers, ...(consent && { consent: consent as Consent }) });
