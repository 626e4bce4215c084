// Draws the results: for each environment a panel for each measure, time over number of offers, both logarithmic.

import { MEASURES } from './measure.mjs';

const PANEL = { width: 300, height: 236 };
const PLOT = { left: 52, right: 14, top: 34, bottom: 40 };
const COLUMNS = 3;
const HEAD = 34;
const EDGE = 12;

// Told apart in light and in dark, and by their marks where colours are not seen.
const SERIES = [
  ['Maitre', '#d1345b', 'dot'],
  ['Maitre, from JSON', '#d1345b', 'ring'],
  ['Uniform Context', '#2f7fd6', 'square'],
  ['GrowthBook', '#8a5cd1', 'up'],
  ['json-logic-js', '#159a7f', 'diamond'],
  ['mingo', '#b8860b', 'down'],
  ['sift', '#7a8a2a', 'cross'],
  ['json-rules-engine', '#c2601d', 'plus'],
  ['Adobe Target', '#7d828c', 'bar'],
];

const STYLE = `
  .ground { fill: #ffffff } text { fill: #2b2f36; font: 12px system-ui, sans-serif } .head { font-size: 16px; font-weight: 600 }
  .title { font-weight: 600 } .tick { fill: #626875; font-size: 11px } .grid { stroke: #e3e6ea } .axis { stroke: #9aa1ab }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #14171c } text { fill: #e6e9ee } .tick { fill: #9aa3b0 } .grid { stroke: #2a2f37 } .axis { stroke: #5c6470 }
  }`;

const dashed = (name) => (name === 'Maitre, from JSON' ? ' stroke-dasharray="5 3"' : '');
const round = (figure) => Math.round(figure * 10) / 10;
const escaped = (text) => text.replace(/[&<>]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[sign]);
const offersOf = (n) => (n >= 1000 ? `${n / 1000}k` : String(n));
/** Of a power of ten, in µs. */
const timeOf = (power) => {
  const [unit, scale] = power >= 6 ? ['s', 6] : power >= 3 ? ['ms', 3] : power >= 0 ? ['µs', 0] : ['ns', -3];
  return `${10 ** (power - scale)} ${unit}`;
};

function mark(kind, x, y, colour) {
  const path = {
    dot: `<circle cx="${x}" cy="${y}" r="4" fill="${colour}"/>`,
    ring: `<circle cx="${x}" cy="${y}" r="3.5" fill="none" stroke="${colour}" stroke-width="1.6"/>`,
    square: `<rect x="${x - 3}" y="${y - 3}" width="6" height="6" fill="${colour}"/>`,
    bar: `<rect x="${x - 4}" y="${y - 1.5}" width="8" height="3" fill="${colour}"/>`,
  };
  const lines = {
    up: `M${x - 4} ${y + 3}h8l-4 -7z`,
    down: `M${x - 4} ${y - 3}h8l-4 7z`,
    diamond: `M${x} ${y - 4.5}l4.5 4.5l-4.5 4.5l-4.5 -4.5z`,
    cross: `M${x - 3} ${y - 3}l6 6m0 -6l-6 6`,
    plus: `M${x - 4} ${y}h8m-4 -4v8`,
  };
  const isOpen = kind === 'cross' || kind === 'plus';
  return path[kind] ?? `<path d="${lines[kind]}" fill="${isOpen ? 'none' : colour}" stroke="${colour}" stroke-width="${isOpen ? 1.8 : 0}"/>`;
}

/** The points of one engine in one panel: `[[offers, µs]]`; none where it was not measured. */
function pointsOf(cells, name, what) {
  const scale = MEASURES[what].unit === 'ms' ? 1000 : 1;
  return Object.entries(cells)
    .map(([n, engines]) => [Number(n), engines[name]?.[what] * scale])
    .filter(([, figure]) => figure > 0);
}

function panel(what, runs, cells, left, top) {
  const counts = Object.keys(cells).map(Number);
  // The same scale wherever this measure is drawn.
  const figures = runs.flatMap(({ results }) => SERIES.flatMap(([name]) => pointsOf(results.cells, name, what).map(([, figure]) => figure)));
  const [low, high] = [Math.floor(Math.log10(Math.min(...figures))), Math.ceil(Math.log10(Math.max(...figures)))];
  const [first, last] = [Math.log10(counts[0]), Math.log10(counts.at(-1))];
  const x = (n) => round(left + PLOT.left + ((PANEL.width - PLOT.left - PLOT.right) * (Math.log10(n) - first)) / (last - first || 1));
  const y = (figure) => round(top + PANEL.height - PLOT.bottom - ((PANEL.height - PLOT.top - PLOT.bottom) * (Math.log10(figure) - low)) / (high - low || 1));
  const parts = [`<text class="title" x="${left + PLOT.left}" y="${top + 20}">${escaped(MEASURES[what].title)}</text>`];
  for (let power = low; power <= high; power += 1) {
    const at = y(10 ** power);
    parts.push(`<path class="${power === low ? 'axis' : 'grid'}" d="M${left + PLOT.left} ${at}h${PANEL.width - PLOT.left - PLOT.right}"/>`);
    parts.push(`<text class="tick" x="${left + PLOT.left - 6}" y="${at + 4}" text-anchor="end">${timeOf(power)}</text>`);
  }
  for (const n of counts) parts.push(`<text class="tick" x="${x(n)}" y="${top + PANEL.height - PLOT.bottom + 16}" text-anchor="middle">${offersOf(n)}</text>`);
  // Maitre last, so that it lies on top.
  for (const [name, colour, kind] of SERIES.toReversed()) {
    const points = pointsOf(cells, name, what).map(([n, figure]) => [x(n), y(figure)]);
    if (!points.length) continue;
    const isOurs = name.startsWith('Maitre');
    parts.push(`<path d="M${points.map((point) => point.join(' ')).join('L')}" fill="none" stroke="${colour}" stroke-width="${isOurs ? 2.4 : 1.4}"${dashed(name)}/>`);
    parts.push(...points.map(([px, py]) => mark(kind, px, py, colour)));
  }
  return parts.join('\n');
}

function legend(left, top) {
  const rows = SERIES.map(([name, colour, kind], i) => {
    const y = top + PLOT.top + 4 + i * 20;
    return `<path d="M${left + PLOT.left} ${y}h26" stroke="${colour}" stroke-width="2"${dashed(name)}/>${mark(kind, left + PLOT.left + 13, y, colour)}<text x="${left + PLOT.left + 36}" y="${y + 4}">${name}</text>`;
  });
  return rows.join('\n');
}

/** The drawing of `runs`: `{title, results: {cells}}[]`. */
export function chart(runs) {
  const whats = Object.keys(MEASURES);
  const rows = Math.ceil((whats.length + 1) / COLUMNS);
  const block = HEAD + rows * PANEL.height;
  const [width, height] = [2 * EDGE + COLUMNS * PANEL.width, 2 * EDGE + runs.length * block];
  const place = (i, top) => [EDGE + (i % COLUMNS) * PANEL.width, top + HEAD + Math.floor(i / COLUMNS) * PANEL.height];
  const parts = runs.map(({ title, results }, i) => {
    const top = EDGE + i * block;
    return [
      `<text class="head" x="${EDGE + PLOT.left}" y="${top + 24}">${escaped(title)}: time by number of offers</text>`,
      ...whats.map((what, at) => panel(what, runs, results.cells, ...place(at, top))),
      legend(...place(whats.length, top)),
    ].join('\n');
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="Maitre and its peers, from 10 to 100,000 offers">
<style>${STYLE}
</style>
<rect class="ground" width="${width}" height="${height}"/>
${parts.join('\n')}
</svg>
`;
}
