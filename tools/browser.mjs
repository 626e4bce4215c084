// Finds a Chromium or Chrome for the browser tests. Run by itself, it prints the path.

import { accessSync, constants, readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'google-chrome-beta', 'chrome', 'microsoft-edge'];

const MAC_APPS = [
  'Chromium.app/Contents/MacOS/Chromium',
  'Google Chrome.app/Contents/MacOS/Google Chrome',
  'Google Chrome for Testing.app/Contents/MacOS/Google Chrome for Testing',
  'Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
];

// Where Playwright puts the browsers it downloads for other projects.
const PLAYWRIGHT = [join(homedir(), '.cache/ms-playwright'), join(homedir(), 'Library/Caches/ms-playwright')];
const IN_PLAYWRIGHT = [
  'chrome-linux/chrome',
  'chrome-linux64/chrome',
  'chrome-mac/Chromium.app/Contents/MacOS/Chromium',
  'chrome-mac-arm64/Google Chrome for Testing.app/Contents/MacOS/Google Chrome for Testing',
];

/** The path of a Chromium; throws, saying what to do, when there is none. */
export function findBrowser(env = process.env) {
  if (env.CHROME) {
    if (runs(env.CHROME)) return env.CHROME;
    throw new Error(`CHROME names ${env.CHROME}, which can't be run: name a Chromium or Chrome, or leave CHROME empty`);
  }
  const found = candidates(env).find(runs);
  if (found) return found;
  throw new Error('no Chromium or Chrome found: install one, or name it, as in CHROME=/path/to/chrome make test');
}

function candidates(env) {
  const onPath = (env.PATH ?? '').split(delimiter).filter(Boolean);
  return [
    ...NAMES.flatMap((name) => onPath.map((dir) => join(dir, name))),
    ...['/Applications', join(homedir(), 'Applications')].flatMap((dir) => MAC_APPS.map((app) => join(dir, app))),
    ...PLAYWRIGHT.flatMap((dir) => chromiums(dir).flatMap((name) => IN_PLAYWRIGHT.map((path) => join(dir, name, path)))),
  ];
}

function chromiums(dir) {
  try {
    return readdirSync(dir).filter((name) => /^chromium-\d+$/.test(name)).sort().reverse();
  } catch {
    return [];
  }
}

function runs(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    console.log(findBrowser());
  } catch (error) {
    console.error(`browser: ${error.message}`);
    process.exitCode = 1;
  }
}
