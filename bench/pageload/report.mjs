// What was measured, in four shapes: a table here, all of it as JSON, a table in the README, a chart.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { chart } from './chart.mjs';
import { VARIANTS } from './variants.mjs';
import { CPU, NETWORKS } from './visits.mjs';

const PLACES = {
  json: new URL('../results/pageload.json', import.meta.url),
  chart: new URL('../pageload.svg', import.meta.url),
  readme: new URL('../../README.md', import.meta.url),
};
const MARKS = /(<!-- bench-page -->\n)[^]*(<!-- \/bench-page -->)/;
export const PAGES = { first: 'first page', second: 'second page' };
const FIGURES = ['placed', 'above', 'paint', 'swapped', 'bytes', 'tasks', 'longest', 'blocking', 'shift', 'changed'];

/** Median, and the quartiles around it. */
function spread(values) {
  const sorted = values.filter((value) => value !== undefined).sort((a, b) => a - b);
  if (!sorted.length) return undefined;
  const at = (share) => {
    const place = (sorted.length - 1) * share;
    const low = sorted[Math.floor(place)];
    return Math.round(1000 * (low + (place % 1) * (sorted[Math.ceil(place)] - low))) / 1000;
  };
  return { median: at(0.5), from: at(0.25), to: at(0.75) };
}

/** By network, page and variant. */
function summary(views) {
  const sums = {};
  for (const network of Object.keys(NETWORKS)) {
    for (const page of Object.keys(PAGES)) {
      for (const variant of Object.keys(VARIANTS)) {
        const own = views.filter((view) => view.network === network && view.page === page && view.variant === variant);
        if (!own.length) continue;
        const figures = Object.fromEntries(FIGURES.map((name) => [name, spread(own.map((view) => view[name]))]));
        ((sums[network] ??= {})[page] ??= {})[variant] = { ...figures, files: own[0].files };
      }
    }
  }
  return sums;
}

const whole = (figure) => (figure ? Math.round(figure.median).toLocaleString('en') : '–');
const range = (figure) => (figure ? `${whole(figure)} (${Math.round(figure.from)}–${Math.round(figure.to)})` : '–');

export function report(views, { isDraft, ...about }) {
  const sums = summary(views);
  for (const [network, pages] of Object.entries(sums)) {
    for (const [page, variants] of Object.entries(pages)) {
      console.log(`\n${NETWORKS[network].title}, ${PAGES[page]}: medians of ${about.rounds} (quartiles)`);
      const heads = ['', 'placed, ms', 'first paint, ms', 'fallback seen, ms', 'bytes', 'long tasks', 'longest, ms', 'blocking, ms', 'shift'];
      const rows = Object.entries(variants).map(([variant, { placed, paint, swapped, bytes, tasks, longest, blocking, shift }]) => [
        VARIANTS[variant].title,
        range(placed),
        range(paint),
        whole(swapped),
        whole(bytes),
        whole(tasks),
        whole(longest),
        whole(blocking),
        shift.median.toFixed(3),
      ]);
      const widths = heads.map((head, i) => Math.max(head.length, ...rows.map((row) => row[i].length)) + 2);
      for (const row of [heads, ...rows]) console.log(row.map((cell, i) => (i ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join(''));
    }
  }
  const [network] = Object.keys(sums);
  console.log('\nBytes of the first page (bodies, as they travel), file by file');
  for (const [variant, { files }] of Object.entries(sums[network].first)) {
    console.log(`  ${VARIANTS[variant].title}: ${Object.entries(files).map(([path, bytes]) => `${path.replace(/^.*\//, '')} ${bytes.toLocaleString('en')}`).join(', ')}`);
  }
  if (isDraft) return;
  mkdirSync(new URL('.', PLACES.json), { recursive: true });
  writeFileSync(PLACES.json, `${JSON.stringify({ ...about, slowdown: CPU, networks: NETWORKS, summary: sums, views: views.map(({ files, ...view }) => view) })}\n`);
  writeFileSync(PLACES.chart, chart(sums));
  const readme = readFileSync(PLACES.readme, 'utf8');
  if (!MARKS.test(readme)) throw new Error('README.md has no place for the table: put `<!-- bench-page -->` and `<!-- /bench-page -->` where it is to be');
  writeFileSync(PLACES.readme, readme.replace(MARKS, (_, begin, end) => `${begin}${markdown(sums, about)}${end}`));
}

function markdown(sums, { rounds, browser, compared }) {
  const networks = Object.keys(sums);
  const columns = networks.flatMap((network) => Object.keys(PAGES).map((page) => ({ network, page })));
  const row = (cells) => `| ${cells.join(' | ')} |\n`;
  const placed = (figures) => (figures.placed ? `${whole(figures.placed)} (${whole(figures.paint)})` : `– (${whole(figures.paint)})`);
  const heads = ['', ...columns.map(({ network, page }) => `${NETWORKS[network].title.replace(/ \(.*/, '')}, ${PAGES[page]}`), 'bytes, first page', 'longest task', 'shift'];
  const rows = Object.keys(sums[networks[0]].first).map((variant) => {
    const first = networks.map((network) => sums[network].first[variant]);
    const each = columns.map(({ network, page }) => sums[network][page][variant]);
    return row([
      VARIANTS[variant].title,
      ...each.map(placed),
      whole(first[0].bytes),
      Math.round(Math.max(...each.map(({ longest }) => longest.median))) || '–',
      Math.max(...each.map(({ shift }) => shift.median)).toFixed(2),
    ]);
  });
  return `${row(heads)}${row(heads.map((_, i) => (i ? '---:' : '---')))}${rows.join('')}
Milliseconds until the first placement above the fold shows its offer (in brackets: first contentful paint); medians of ${rounds} visits in Chromium ${browser.replace(/\..*/, '')}, CPU
slowed ${CPU} times, ${networks.map((network) => NETWORKS[network].title.replace(' (', ': ').replace(')', '')).join('; ')}. Before that, all showed the same offers in ${compared} placements.

![Time from navigation to the first personalised placement](bench/pageload.svg)
`;
}
