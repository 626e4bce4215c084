// The chart: for each network, when the first offer above the fold was there, on the first page and on the second, and when the page was first painted.

import { VARIANTS } from './variants.mjs';
import { NETWORKS } from './visits.mjs';

const WIDTH = 760;
const LEFT = 140;
const RIGHT = 64;
const BAR = 11;
const ROW = 38;
const HEAD = 62;
const PANEL = 34;

const STYLE = `
.paper { fill: #fff } text { font: 12px system-ui, -apple-system, 'Segoe UI', sans-serif; fill: #23282d } .quiet { fill: #5c656d } .head { font-weight: 600; font-size: 13px }
.grid { stroke: #e2e6e9 } .axis { stroke: #aab2b9 } .first { fill: #2f6fb7 } .second { fill: #d9822b } .paint { stroke: #23282d; stroke-width: 2 } .spread { stroke: #23282d; stroke-opacity: .6 }
@media (prefers-color-scheme: dark) {
  .paper { fill: #14181b } text { fill: #e6eaed } .quiet { fill: #9aa5ad }
  .grid { stroke: #2a3136 } .axis { stroke: #5c656d } .first { fill: #5a9be0 } .second { fill: #e89c4f } .paint { stroke: #e6eaed } .spread { stroke: #e6eaed }
}`;

export function chart(sums) {
  const networks = Object.keys(sums);
  const most = Math.max(...networks.flatMap((network) => Object.values(sums[network]).flatMap((page) => Object.values(page).map(({ placed, paint }) => (placed ?? paint).to))));
  const step = [100, 200, 250, 500, 1000].find((size) => most / size <= 7) ?? 2000;
  const end = Math.ceil(most / step) * step;
  const x = (ms) => LEFT + ((WIDTH - LEFT - RIGHT) * ms) / end;
  const text = (at, y, words, kind = '', anchor = 'start') => `<text x="${at.toFixed(1)}" y="${y.toFixed(1)}" class="${kind}" text-anchor="${anchor}">${words}</text>`;
  const line = (x1, y1, x2, y2, kind) => `<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}" class="${kind}"/>`;

  const parts = [text(16, 24, 'From navigation to the first offer above the fold', 'head')];
  // Legend.
  let at = 16;
  for (const [kind, words] of [['first', 'first page (nothing cached)'], ['second', 'second page'], ['paint', 'first contentful paint'], ['spread', 'quartiles']]) {
    if (kind === 'paint') parts.push(line(at + 5, 36, at + 5, 48, kind));
    else if (kind === 'spread') parts.push(line(at, 42, at + 10, 42, kind));
    else parts.push(`<rect x="${at}" y="37" width="10" height="10" rx="2" class="${kind}"/>`);
    parts.push(text(at + 16, 46, words, 'quiet'));
    at += 44 + words.length * 6.2;
  }

  let y = HEAD;
  for (const network of networks) {
    const variants = Object.keys(sums[network].first);
    const top = y + PANEL;
    const bottom = top + variants.length * ROW;
    parts.push(text(16, y + 20, NETWORKS[network].title, 'head'));
    for (let ms = 0; ms <= end; ms += step) {
      parts.push(line(x(ms), top - 4, x(ms), bottom, ms ? 'grid' : 'axis'));
      parts.push(text(x(ms), bottom + 16, ms === end ? `${ms} ms` : String(ms), 'quiet', 'middle'));
    }
    variants.forEach((variant, i) => {
      const row = top + i * ROW + (ROW - 2 * BAR - 3) / 2;
      parts.push(text(LEFT - 10, row + BAR + 5, VARIANTS[variant].title, '', 'end'));
      for (const [page, above] of [['first', row], ['second', row + BAR + 3]]) {
        const figures = sums[network][page]?.[variant];
        if (!figures) continue;
        const { placed, paint } = figures;
        if (placed) {
          parts.push(`<rect x="${LEFT}" y="${above}" width="${(x(placed.median) - LEFT).toFixed(1)}" height="${BAR}" rx="2" class="${page}"/>`);
          parts.push(line(x(placed.from), above + BAR / 2, x(placed.to), above + BAR / 2, 'spread'));
          parts.push(text(x(Math.max(placed.to, placed.median)) + 6, above + BAR - 1.5, Math.round(placed.median).toLocaleString('en')));
        }
        parts.push(line(x(paint.median), above - 1, x(paint.median), above + BAR + 1, 'paint'));
      }
    });
    y = bottom + 28;
  }
  const height = y + 4;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="Time from navigation to the first personalised placement, by variant, on the first and the second page">
<style>${STYLE}
</style>
<rect class="paper" width="100%" height="100%"/>
${parts.join('\n')}
</svg>
`;
}
