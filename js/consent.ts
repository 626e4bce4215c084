// Bridges from what a site's consent banner says to Maitre's level: Google Consent Mode, and the IAB's TCF API.
//
//   <script type="module" src="/maitre/consent.js" data-from="google"></script>

import { followDataLayer } from './datalayer';
import type { Consent, Maitre } from './types';

/** What a bridge needs of Maitre. */
type Told = Pick<Maitre, 'consent'>;

type Level = Exclude<Consent, 'off'>;

interface Bridge {
  /** The level that agreement means; `profile` when left out. */
  granted?: Level;
  /** The level that refusal means; `memory` when left out. */
  denied?: Consent;
}

/**
 * Follows Google Consent Mode: `gtag('consent', 'default' | 'update', …)` in `window.dataLayer`, before and after this call. What counts is
 * `personalization_storage`. A `default` that denies may only be waiting for the banner, so it changes nothing; nor does a grant that is
 * for some regions alone, since where the visitor is isn't known here.
 */
export const followGoogle = (maitre: Told, { granted = 'profile', denied = 'memory' }: Bridge = {}): void => {
  followDataLayer((entry) => {
    if (!entry || typeof entry !== 'object') return;
    const [command, kind, said] = Array.prototype.slice.call(entry) as [unknown, unknown, Record<string, unknown> | undefined];
    if (command !== 'consent' || !said || typeof said !== 'object') return;
    const answer = said.personalization_storage;
    if (answer === 'granted' && said.region === undefined) maitre.consent(granted);
    if (answer === 'denied' && kind === 'update') maitre.consent(denied);
  });
};

/** What TCF vendors are told, as far as it counts here. */
interface TcData {
  eventStatus?: string;
  gdprApplies?: boolean;
  purpose?: { consents?: Record<string, boolean> };
  publisher?: { consents?: Record<string, boolean> };
}

type TcfApi = (command: string, version: number, heard: (data: TcData | null, isGiven: boolean) => void) => void;

/** What has to be agreed to: to store on the device (1), to make a profile for content (5), to select content by it (6). */
const PURPOSES = [1, 5, 6];

/**
 * Follows the IAB's Transparency and Consent Framework (`window.__tcfapi`, version 2). What the publisher asked for itself counts before
 * what it asked for its vendors. Where the GDPR does not apply, nothing is changed. An answer given on this page is the visitor's own word. The site's stub has to be there when the page has been parsed.
 */
export const followTcf = (maitre: Told, { granted = 'profile', denied = 'memory' }: Bridge = {}): void => {
  const heard = (data: TcData | null, isGiven: boolean): void => {
    if (!isGiven || !data || data.gdprApplies === false) return;
    // Not answered yet.
    if (data.eventStatus !== 'tcloaded' && data.eventStatus !== 'useractioncomplete') return;
    const own = data.publisher?.consents ?? {};
    const consents = Object.keys(own).length ? own : (data.purpose?.consents ?? {});
    maitre.consent(PURPOSES.every((purpose) => consents[purpose] === true) ? granted : denied, data.eventStatus === 'useractioncomplete');
  };
  const begin = (): void => {
    try {
      const { __tcfapi: api } = window as { __tcfapi?: TcfApi };
      if (typeof api === 'function') api('addEventListener', 2, heard);
      else console.warn("maitre: there is no `__tcfapi`; put the consent banner's script before this one");
    } catch {
      // A banner's mistake is its own.
    }
  };
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', begin, { once: true });
  else begin();
};

const tag = [...document.scripts].find(({ src }) => src === import.meta.url);
const { from = '', granted, denied } = tag?.dataset ?? {};
if (from) {
  const bridge: Bridge = { ...(granted && { granted: granted as Level }), ...(denied && { denied: denied as Consent }) };
  const follow = (): void => {
    const { maitre } = window as { maitre?: Told };
    if (typeof maitre?.consent !== 'function') return;
    for (const name of new Set(from.match(/\w+/g))) {
      if (name === 'google') followGoogle(maitre, bridge);
      else if (name === 'tcf') followTcf(maitre, bridge);
      else console.warn(`maitre: \`data-from\` knows no \`${name}\`; write "google", "tcf", or both`);
    }
  };
  // An `async` tag may come later than this one.
  if ((window as { maitre?: unknown }).maitre || document.readyState === 'complete') follow();
  else addEventListener('load', follow, { once: true });
}
