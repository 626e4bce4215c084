// Finds a Chromium or Chrome for the browser tests, and a Firefox and a WebKit for those of all engines.
// Run by itself, it prints the path of a Chromium, or of what is named (`node tools/browser.mjs firefox`); `engines` names those there are.

import { spawnSync } from 'node:child_process';
import { accessSync, constants, readdirSync, readFileSync, statSync } from 'node:fs';
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

const FIREFOX_NAMES = ['firefox-esr', 'firefox'];

/** What Python needs to be WebKit's browser. */
const IMPORTS = 'import gi; gi.require_version("Gtk", "3.0"); gi.require_version("WebKit2", "4.1"); from gi.repository import Gtk, WebKit2';

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

/** The path of a Firefox; throws, saying what to do, when there is none. */
export function findFirefox(env = process.env) {
  if (env.FIREFOX) {
    if (runs(env.FIREFOX)) return env.FIREFOX;
    throw new Error(`FIREFOX names ${env.FIREFOX}, which can't be run: name a Firefox, or leave FIREFOX empty`);
  }
  const found = [...onPath(FIREFOX_NAMES, env), ...inApplications(['Firefox.app/Contents/MacOS/firefox'])].find(runs);
  if (found) return found;
  throw new Error('no Firefox found: install one, or name it, as in FIREFOX=/path/to/firefox make engines-test');
}

/** What WebKitGTK needs to run here: a Python that can speak to it, and a screen nobody looks at. */
export function findWebKit(env = process.env) {
  const xvfb = onPath(['Xvfb'], env).find(runs);
  const python = onPath(['python3'], env).find((path) => runs(path) && spawnSync(path, ['-c', IMPORTS]).status === 0);
  const missing = Object.entries({ Xvfb: xvfb, "Python's gi with WebKit2 4.1": python }).flatMap(([name, path]) => (path ? [] : [name]));
  if (!missing.length) return { python, xvfb };
  throw new Error(`no WebKitGTK found, as there is no ${missing.join(', no ')}: install it (tools/install.sh engines)`);
}

const FINDERS = { chromium: findBrowser, firefox: findFirefox, webkit: findWebKit };

/**
 * The names of the engines to test: those that MAITRE_ENGINES names (`chromium,firefox`), or all. Throws when one of them is
 * not there; but where none is named, and on no Debian, which has them all, one that is not there is left out, aloud.
 */
export function findEngines(env = process.env) {
  const names = (env.MAITRE_ENGINES || undefined)?.split(',') ?? Object.keys(FINDERS);
  const odd = names.find((name) => !Object.hasOwn(FINDERS, name));
  if (odd !== undefined) throw new Error(`MAITRE_ENGINES names \`${odd}\`: write some of ${Object.keys(FINDERS).join(',')}`);
  return names.filter((name) => {
    try {
      FINDERS[name](env);
      return true;
    } catch (error) {
      if (env.MAITRE_ENGINES || isDebian()) throw new Error(`${error.message}; or say which engines to test, as in MAITRE_ENGINES=chromium,firefox make test`);
      console.error(`\n*** ${name.toUpperCase()} IS NOT TESTED: ${error.message}\n`);
      return false;
    }
  });
}

function isDebian() {
  try {
    return /^ID=debian$/m.test(readFileSync('/etc/os-release', 'utf8'));
  } catch {
    return false;
  }
}

function candidates(env) {
  return [
    ...onPath(NAMES, env),
    ...inApplications(MAC_APPS),
    ...PLAYWRIGHT.flatMap((dir) => chromiums(dir).flatMap((name) => IN_PLAYWRIGHT.map((path) => join(dir, name, path)))),
  ];
}

function onPath(names, env) {
  const dirs = (env.PATH ?? '').split(delimiter).filter(Boolean);
  return names.flatMap((name) => dirs.map((dir) => join(dir, name)));
}

function inApplications(apps) {
  return ['/Applications', join(homedir(), 'Applications')].flatMap((dir) => apps.map((app) => join(dir, app)));
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
  const what = process.argv[2] ?? 'chromium';
  try {
    const found = what === 'engines' ? findEngines() : FINDERS[what]();
    console.log(typeof found === 'string' ? found : Object.values(found).join('\n'));
  } catch (error) {
    console.error(`browser: ${error.message}`);
    process.exitCode = 1;
  }
}
