// What the browser lends the engine (src/host.rs), as far as it is more than one call. Pure functions.

/**
 * Whether a pattern is found in a text: 1 or 0, or -1 when it is not a valid regular expression.
 * @param {string} pattern @param {boolean} ignoreCase @param {string} text @returns {number}
 */
export const matches = (pattern, ignoreCase, text) => {
  try {
    return +new RegExp(pattern, ignoreCase ? 'i' : '').test(text);
  } catch {
    return -1;
  }
};

/** @param {string} text @returns {string} */
export const lower = (text) => text.toLowerCase();

/** @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();

/**
 * How far the wall clock of a time zone (an IANA name, or a fixed `+01:00`) is ahead of UTC at an instant, in ms; NaN when there
 * is no such zone.
 * @param {string} zone @param {number} at @returns {number}
 */
export const offset = (zone, at) => {
  // The Intl of Node 20, and of browsers of its age, knows no fixed offsets.
  if (/^[+-]\d\d:\d\d$/.test(zone)) return -Date.parse(`1970-01-01T00:00${zone}`);
  try {
    let format = formats.get(zone);
    if (!format) {
      const number = 'numeric';
      // `era` keeps years before 1 from looking like those after.
      format = new Intl.DateTimeFormat('en-US', {
        timeZone: zone, hourCycle: 'h23', era: 'short',
        year: number, month: number, day: number, hour: number, minute: number, second: number,
      });
      formats.set(zone, format);
    }
    const second = Math.floor(at / 1000) * 1000;
    const [, month, day, year, era, hour, minute, sec] = /(\d+)\/(\d+)\/(\d+) (\w)\w*,? (\d+):(\d+):(\d+)/.exec(format.format(second)) ?? [];
    const local = new Date(0);
    local.setUTCFullYear(era === 'B' ? 1 - Number(year) : Number(year), Number(month) - 1, Number(day));
    return local.setUTCHours(Number(hour), Number(minute), Number(sec)) - second;
  } catch {
    return NaN;
  }
};

/** The names of all time zones, a line each. @returns {string} */
export const zones = () => Intl.supportedValuesOf?.('timeZone').join('\n') ?? '';
