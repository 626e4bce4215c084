// The shop page that all variants share: HTML, style and pictures of its own, some 60 kB as they travel, and six placements with fallbacks.

import { readFileSync } from 'node:fs';
import { deflateSync } from 'node:zlib';
import { chance, PLACEMENTS } from './offers.mjs';

const WATCH = readFileSync(new URL('./watch.js', import.meta.url), 'utf8').replace(/^\/\/.*\n/gm, '').replace(/;\s*$/, '');

/** The first page of a visit, and the one a link on it leads to. */
export const FIRST = '/trail/p1';
export const SECOND = '/hiking/p5';
/** Where a visit comes from: a page of the site with nothing on it. */
export const START = `<!doctype html><link rel="icon" href="data:,"><title>Lopen</title><script>fetch('/seen', { method: 'POST', body: JSON.stringify({ path: '/start', problems: [] }) })</script>`;
export const CATEGORY = { trail: 'Trail running', road: 'Road running', hiking: 'Hiking', packs: 'Packs' };

const WORDS = `the sole grips wet limestone and slate heel holds after nine hours of descent toe box leaves room for swelling feet lining dries overnight beside
a stove laces stay tied through heather bog scree we glue nothing that can be sewn every seam taped twice rubber compound softens below zero rocker helps calves on
long climbs tongue gussets keep out grit insole lifts out for washing weight balanced over midfoot eyelets forged from recycled alloy upper woven without dye in one
piece last drawn from three hundred measured feet mends are free while you own them returns by post or shop guide wears this pair since spring snow gaiter hook`.split(/\s+/);

/** The visitor as the shop's server knows them, and says in the page. */
export const VISITOR = { country: 'DE', plan: 'basic', loyalty: 'silver', segment: 'runner', newsletter: 'no' };

const hash = (text) => [...text].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 999_983, 7);

/** A page's HTML. It reports itself once it shows `count` offers and `idle` ms have gone by: time for what engines do when a page is idle. */
export function page({ path, head, visitor, count, idle }) {
  const random = chance(hash(path));
  const pick = (list) => list[Math.floor(random() * list.length)];
  const sentence = (length) => {
    const text = Array.from({ length }, () => pick(WORDS)).join(' ');
    return `${text[0].toUpperCase()}${text.slice(1)}.`;
  };
  const paragraph = (sentences) => Array.from({ length: sentences }, () => sentence(9 + Math.floor(random() * 9))).join(' ');
  const [, category, id] = path.split('/');
  const name = `Lopen ${CATEGORY[category]} ${id.slice(1)}`;
  const price = 60 + Math.floor(random() * 160);
  const other = path === FIRST ? SECOND : FIRST;
  const placement = (which, inside) => `<section class="place place-${which}" data-placement="${which}">${inside}</section>`;
  const product = (i) => `<li class="tile"><a href="/${pick(Object.keys(CATEGORY))}/p${i}"><img src="/img/tile-${1 + (i % 4)}.png" alt="" width="96" height="96" loading="lazy"><span class="tile-name">${sentence(3)}</span><span class="tile-price">€ ${50 + Math.floor(random() * 99)}</span></a></li>`;
  const review = () => `<article class="review"><header class="review-head"><span class="stars" aria-label="${3 + Math.floor(random() * 3)} of 5">★★★★</span> <b>${sentence(2)}</b> <time>${1 + Math.floor(random() * 28)} October</time></header><p>${paragraph(3)}</p><footer class="review-foot"><button type="button">Helpful (${Math.floor(random() * 40)})</button></footer></article>`;
  const facts = { '@context': 'https://schema.org', '@type': 'Product', name, sku: id, category, brand: { '@type': 'Brand', name: 'Lopen' }, offers: { '@type': 'Offer', price, priceCurrency: 'EUR' } };
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<script>(${WATCH})(${count}, ${idle})</script>
<script>window.visitor = ${JSON.stringify(visitor)}</script>
${head}
<title>${name}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/shop.css">
<script type="application/ld+json">${JSON.stringify(facts)}</script>
</head>
<body data-category="${category}">
${placement('bar', '<p>Free delivery from €60, free returns for 60 days</p>')}
<header class="head"><a class="logo" href="/">Lopen</a><nav class="nav">${Object.entries(CATEGORY).map(([key, label]) => `<a href="/${key}/p3">${label}</a>`).join('')}</nav></header>
<main>
${placement('hero', `<h2>${sentence(4)}</h2><p>${sentence(10)}</p>`)}
<h1>${name}</h1>
<p class="price">€ ${price} <small>with tax, delivery in two days</small></p>
<p class="next"><a id="next" href="${other}">See what goes with it</a></p>
${placement('advice', `<p>${sentence(14)}</p>`)}
<figure class="stage"><img src="/img/stage-${category}.png" alt="" width="340" height="260"></figure>
<section class="text"><h2>What it is for</h2>${Array.from({ length: 8 }, () => `<p>${paragraph(6)}</p>`).join('\n')}</section>
${placement('related', `<h2>Goes with it</h2><p>${sentence(10)}</p>`)}
<table class="facts">${Array.from({ length: 16 }, () => `<tr><th>${pick(WORDS)} ${pick(WORDS)}</th><td>${sentence(5)}</td></tr>`).join('\n')}</table>
<ul class="tiles">${Array.from({ length: 12 }, (_, i) => product(i + 1)).join('\n')}</ul>
${placement('club', `<h2>The club</h2><p>${sentence(12)}</p>`)}
<section class="reviews"><h2>What others say</h2>${Array.from({ length: 40 }, review).join('\n')}</section>
${placement('last', `<p>${sentence(12)}</p>`)}
</main>
<footer class="foot">${Array.from({ length: 4 }, () => `<ul>${Array.from({ length: 6 }, () => `<li><a href="/${pick(Object.keys(CATEGORY))}/p${1 + Math.floor(random() * 8)}">${pick(WORDS)} ${pick(WORDS)}</a></li>`).join('')}</ul>`).join('')}</footer>
<template id="deal"><div class="deal"><img data-field="image" alt="" width="96" height="96"><div class="deal-words"><p class="deal-title" data-field="title"></p><p class="deal-text" data-field="text"></p><a class="deal-link" data-field="link cta"></a></div></div></template>
</body>
</html>`;
}

/** A style sheet as shops have them: what the page needs, and as much again for pages that this one is not. */
export function style() {
  const random = chance(11);
  const colour = () => `#${Math.floor(random() * 0xffffff).toString(16).padStart(6, '0')}`;
  const rooms = { bar: 6, hero: 12, advice: 11, related: 12, club: 12, last: 12 };
  const others = Array.from({ length: 240 }, (_, i) => {
    const [a, b] = [WORDS[(i * 7) % WORDS.length], WORDS[(i * 13) % WORDS.length]];
    return `.${a}-${b}-${i}{display:${i % 3 ? 'flex' : 'grid'};gap:${(random() * 3).toFixed(2)}rem;padding:${(random() * 2).toFixed(2)}rem;color:${colour()};border:1px solid ${colour()}}`;
  });
  return `*{box-sizing:border-box}body{margin:0;font:16px/1.5 system-ui,sans-serif;color:#1b1f1c;background:#fff}main{max-width:44rem;margin:auto;padding:0 1rem}
img{display:block;max-width:100%;height:auto;background:#e8ebe6}.head{display:flex;gap:1rem;align-items:center;padding:.5rem 1rem;border-bottom:1px solid #ccd2ca}.logo{font-weight:800}
.nav{display:flex;gap:.75rem;overflow:auto;white-space:nowrap}h1{font-size:1.5rem;margin:.5rem 0}.price{font-weight:700;margin:.25rem 0}.next{margin:.25rem 0}
${PLACEMENTS.map((name) => `.place-${name}{height:${rooms[name]}rem;overflow:hidden}`).join('')}
.place{margin:0 0 .5rem;padding:.5rem;background:#f1f4ef;contain:layout}.place-bar{margin:0}maitre-offer{display:block}.deal{display:flex;gap:.75rem}.deal p{margin:0}.deal-title{font-weight:700}.deal-text{font-size:.9rem}
.tiles{display:grid;grid-template-columns:repeat(2,1fr);gap:1rem;list-style:none;padding:0}.review{border-top:1px solid #ccd2ca}.facts{width:100%}.foot{display:flex;flex-wrap:wrap;gap:1rem;padding:1rem}
${others.join('\n')}`;
}

/** Pictures of gradient and grain, which compress as badly as photographs do. */
export const pictures = () => ({
  ...Object.fromEntries(Object.keys(CATEGORY).map((name, i) => [`/img/stage-${name}.png`, png(170, 130, i + 1)])),
  ...Object.fromEntries([1, 2, 3, 4].map((i) => [`/img/deal-${i}.png`, png(48, 48, 10 + i)])),
  ...Object.fromEntries([1, 2, 3, 4].map((i) => [`/img/tile-${i}.png`, png(48, 48, 20 + i)])),
});

function png(width, height, seed) {
  const random = chance(seed);
  const rows = Buffer.alloc(height * (1 + width * 3));
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const grain = random() * 4;
      for (let c = 0; c < 3; c += 1) rows[y * (1 + width * 3) + 1 + x * 3 + c] = 90 + 40 * c + (60 * y) / height + (20 * seed * x) / width / (c + 1) + grain;
    }
  }
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const ends = Buffer.alloc(8);
    ends.writeUInt32BE(data.length, 0);
    ends.writeUInt32BE(crc(body), 4);
    return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
  return Buffer.concat([signature, chunk('IHDR', head), chunk('IDAT', deflateSync(rows, { level: 9 })), chunk('IEND', Buffer.alloc(0))]);
}

/** PNG's checksum (ISO 3309); Node has had one only since 20.15. */
function crc(bytes) {
  let sum = -1;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit += 1) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return ~sum >>> 0;
}
