// What a page loads to show visitors what is remembered of them: <maitre-privacy>, and the ledger in code.

import { MaitrePrivacy } from './privacy-element';

export { ledger } from './ledger';
export type { Ledger, LedgerEntry, LedgerEvent, LedgerOutcome, Why } from './ledger';
export { MaitrePrivacy } from './privacy-element';
export { words } from './privacy-words';
export type { PrivacyWords } from './privacy-words';

if (!customElements.get('maitre-privacy')) customElements.define('maitre-privacy', MaitrePrivacy);
