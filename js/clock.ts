/** The time, in ms since the epoch. The only place where the page's clock is read; everything else is handed it. */
export const now = (): number => Date.now();
