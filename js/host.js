// What the browser lends the engine (src/host.rs), as far as it is more than one call. Pure functions.

/**
 * Whether a pattern is found in the beginning of a text (SUBJECT in src/host.rs): 1 or 0, or -1 when it is not a valid regular expression.
 * @param {string} pattern @param {boolean} ignoreCase @param {string} text @returns {number}
 */
export const matches = (pattern, ignoreCase, text) => {
  try {
    return +new RegExp(pattern, ignoreCase ? 'i' : '').test(text.slice(0, 1e3));
  } catch {
    return -1;
  }
};

/** @param {string} text @returns {string} */
export const lower = (text) => text.toLowerCase();

/** @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();

/**
 * How far the wall clock of a time zone (an IANA name, a fixed `+01:00`, or "" for the one at hand) is ahead of UTC at an instant, in ms; NaN when there
 * is no such zone.
 * @param {string} zone @param {number} at @returns {number}
 */
export const offset = (zone, at) => {
  // A first date format takes tens of milliseconds on a phone: none is made before a rule needs it.
  if (zone === 'UTC') return 0;
  if (!zone) return new Date(at).getTimezoneOffset() * -60000;
  // The Intl of Node 20, and of browsers of its age, knows no fixed offsets.
  if (/^[+-]\d\d:\d\d$/.test(zone)) return -Date.parse(`1970-01-01T00:00${zone}`);
  try {
    let format = formats.get(zone);
    // Swedish dates are as ISO has them.
    if (!format) formats.set(zone, (format = new Intl.DateTimeFormat('sv', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' })));
    // Years of four digits are all that it reads back, and zones change no more beyond.
    const second = Math.floor(Math.max(-2e13, Math.min(at, 2534022144e5)) / 1000) * 1000;
    return Date.parse(`${format.format(second).replace(' ', 'T')}Z`) - second;
  } catch {
    return NaN;
  }
};

/** The names of all time zones, a line each. @returns {string} */
export const zones = () => Intl.supportedValuesOf?.('timeZone').join('\n') ?? '';
