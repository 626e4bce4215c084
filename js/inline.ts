// `maitre snippet`: the inline script, for whoever makes the pages.

import { createHash } from 'node:crypto';
import { readText } from './engine';
import { fileURLToPath } from 'node:url';

/** Prints the script as a tag, and its hash as a policy names it; what to do with them is told beside. Returns the exit code. */
export const snippet = (hashAlone: boolean): number => {
  const text = readText(fileURLToPath(new URL('./snippet.js', import.meta.url)));
  const hash = `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  if (!hashAlone) {
    console.error('Put this first in the <head> of every page, as it is; nothing of it may change:');
    console.log(`<script>${text}</script>`);
    console.error("With a Content-Security-Policy, add this to its script-src, or give the tag your nonce:");
  }
  console.log(hash);
  return 0;
};
