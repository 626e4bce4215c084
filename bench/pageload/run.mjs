// From a click to what was meant for the visitor: the same shop page personalised by Maitre and by its peers, in a real Chromium, on a slowed phone.
//   node bench/pageload/run.mjs [--rounds 6] [--only plan,growthbook] [--networks slow,fast] [--draft]
// Checks first that all show the same offers. Writes bench/results/pageload.json, bench/pageload.svg and README's table, unless it is a draft.

import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { agree } from './agree.mjs';
import { certificate } from './certificate.mjs';
import { launch } from './chromium.mjs';
import { ABOVE, expected, offers, PLACEMENTS } from './offers.mjs';
import { report } from './report.mjs';
import { pack, serve } from './server.mjs';
import { FIRST, SECOND, START, VISITOR } from './site.mjs';
import { files, html, VARIANTS } from './variants.mjs';
import { NETWORKS, visitor } from './visits.mjs';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '6' },
    only: { type: 'string', default: Object.keys(VARIANTS).join(',') },
    networks: { type: 'string', default: Object.keys(NETWORKS).join(',') },
    draft: { type: 'boolean', default: false },
  },
});
const variants = options.only.split(',');
const networks = options.networks.split(',');
const rounds = Number(options.rounds);
/** Time for what engines do when a page is idle, in ms. */
const IDLE = 600;

const all = offers();
const wanted = Object.fromEntries(
  [FIRST, SECOND].map((path) => [path, expected(all, { ...VISITOR, device: 'phone', visit: 1, path, category: path.split('/')[1] })]),
);
if ([FIRST, SECOND].some((path) => ABOVE.some((placement) => !wanted[path][placement]))) throw new Error('a placement above the fold has no offer');

const identity = certificate();
const packed = pack(await files(all));
const servers = {};
for (const variant of variants) servers[variant] = await serve(identity, packed, { '/start': START });
const browser = await launch([`--ignore-certificate-errors-spki-list=${identity.fingerprint}`]);

/** What one page view comes to. */
function figures(variant, path, seen) {
  const isBare = variant === 'none';
  for (const placement of isBare ? [] : PLACEMENTS) {
    if ((seen.titles[placement] ?? null) !== wanted[path][placement]) {
      throw new Error(`${variant} shows in \`${placement}\` of ${path} \`${seen.titles[placement] ?? 'the fallback'}\`, not \`${wanted[path][placement]}\``);
    }
  }
  const above = ABOVE.map((placement) => seen.placed[placement]);
  const paint = seen['first-contentful-paint'];
  const own = {};
  for (const { path: file, bytes } of seen.files) if (bytes) own[file === path ? 'page' : file] = (own[file === path ? 'page' : file] ?? 0) + bytes;
  return {
    ...(!isBare && {
      placed: Math.min(...above),
      above: Math.max(...above),
      // How long a fallback stood where an offer was to come.
      swapped: Math.max(0, Math.max(...above) - paint),
    }),
    paint,
    largest: seen.largest,
    parsed: seen.parsed,
    bytes: Object.values(own).reduce((sum, bytes) => sum + bytes, 0),
    tasks: seen.tasks.length,
    longest: Math.max(0, ...seen.tasks),
    blocking: seen.tasks.reduce((sum, ms) => sum + Math.max(0, ms - 50), 0),
    shift: seen.shift,
    changed: seen.changed,
    files: own,
  };
}

try {
  const begun = performance.now();
  const compared = await agree(browser, all, servers);
  console.log(`all agree on ${compared} placements (${((performance.now() - begun) / 1000).toFixed(0)} s)`);

  for (const variant of variants) {
    for (const path of [FIRST, SECOND]) {
      const count = variant === 'none' ? 0 : Object.values(wanted[path]).filter(Boolean).length;
      servers[variant].put(path, html(variant, path, { visitor: VISITOR, count, idle: IDLE }));
    }
  }
  if (loadavg()[0] > cpus().length) console.error(`this machine is busy (load ${loadavg()[0].toFixed(1)}): the figures will be high, and scattered`);
  const views = [];
  for (let round = 0; round < rounds; round += 1) {
    for (const network of networks) {
      for (let turn = 0; turn < variants.length; turn += 1) {
        // Each begins the round as often as any other.
        const variant = variants[(turn + round) % variants.length];
        const guest = await visitor(browser, servers[variant]);
        // From another page of the site, so that what is measured is no start of a process and no handshake, which the throttle knows nothing of.
        await guest.open('/start');
        await guest.slow(network);
        const one = await guest.open(FIRST);
        const two = await guest.tap(SECOND, one.next);
        const first = figures(variant, FIRST, one);
        const second = figures(variant, SECOND, two);
        views.push({ variant, network, round, page: 'first', ...first }, { variant, network, round, page: 'second', ...second });
        await guest.close();
      }
    }
    console.error(`round ${round + 1} of ${rounds} (${((performance.now() - begun) / 1000).toFixed(0)} s)`);
  }
  report(views, { isDraft: options.draft, browser: browser.version, cpu: cpus()[0].model, cores: cpus().length, rounds, compared });
} finally {
  await browser.close();
  for (const server of Object.values(servers)) server.close();
}
