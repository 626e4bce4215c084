// What is lent to the parts of the page's script that are fetched only where they are needed, so that nothing is in two files.

import { hear } from './listeners';
import { custom, dismissButton, filled, labelOf, part, shadow, STYLE } from './offer-element';
import { answerOf, focus, watch } from './placements';

export const lent = { answerOf, custom, dismissButton, filled, focus, hear, labelOf, part, shadow, STYLE, watch };

export type Lent = typeof lent;
