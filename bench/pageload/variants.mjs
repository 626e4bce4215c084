// The pages to be compared: the same shop, personalised by nobody, by Maitre, and by its peers, each loaded in the fastest way its documentation offers.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { forGrowthBook, forMaitre, forUniform } from './offers.mjs';
import { page, pictures, style } from './site.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const PKG = fileURLToPath(new URL('../../pkg', import.meta.url));

const fetched = (path, type) => `<link rel="preload" as="fetch" crossorigin href="${path}"${type ? ` type="${type}"` : ''}>`;
const module = (path) => `<link rel="modulepreload" href="${path}">`;

/** Maitre's script and what it can't do without, as its own `import`s say. */
function scripts(name = 'maitre.js', found = new Set()) {
  if (found.has(name)) return found;
  found.add(name);
  for (const [, next] of readFileSync(join(PKG, name), 'utf8').matchAll(/(?:\bfrom|\bimport)\s*"\.\/([^"]+\.js)"/g)) scripts(next, found);
  return found;
}

function maitre(offers, wasm) {
  // What is set as soon as the script has run is known to the first decision.
  const set = '<script type="module" async>import "/maitre/maitre.js"; maitre.set(visitor)</script>';
  const snippet = existsSync(join(PKG, 'snippet.js')) ? `<script>${readFileSync(join(PKG, 'snippet.js'), 'utf8').trim()}</script>\n` : '';
  return [
    snippet + [...scripts()].map((name) => module(`/maitre/${name}`)).join(''),
    fetched(`/maitre/${wasm}`, 'application/wasm'),
    fetched(offers),
    `<script type="module" async src="/maitre/maitre.js" data-offers="${offers}" data-consent="profile" data-page="head"></script>`,
    set,
  ].join('\n');
}

const peer = (name) => `${module(`/${name}.js`)}\n${fetched(`/${name}.json`)}\n<script type="module" src="/${name}.js"></script>`;

export const VARIANTS = {
  none: { title: 'no personalisation', head: () => '' },
  plan: { title: 'Maitre, plan', head: () => maitre('/offers.plan', 'maitre-plan.wasm') },
  json: { title: 'Maitre, JSON', head: () => maitre('/offers.json', 'maitre.wasm') },
  growthbook: { title: 'GrowthBook', head: () => peer('growthbook') },
  uniform: { title: 'Uniform Context', head: () => peer('uniform') },
};

/** All files that any variant asks for. */
export async function files(all) {
  const scratch = mkdtempSync(join(tmpdir(), 'maitre-pageload-'));
  try {
    const config = JSON.stringify(forMaitre(all));
    writeFileSync(join(scratch, 'offers.json'), config);
    execFileSync(process.execPath, [join(PKG, 'cli.js'), 'build', join(scratch, 'offers.json')], { stdio: 'pipe' });
    const { outputFiles } = await build({
      entryPoints: ['growthbook.mjs', 'uniform.mjs'].map((name) => join(HERE, name)),
      outdir: '/',
      bundle: true,
      minify: true,
      format: 'esm',
      target: 'es2022',
      platform: 'browser',
      legalComments: 'none',
      define: { 'process.env.NODE_ENV': '"production"' },
      write: false,
    });
    return {
      ...Object.fromEntries(outputFiles.map(({ path, contents }) => [path, contents])),
      ...Object.fromEntries(readdirSync(PKG).filter((name) => /\.(js|wasm)$/.test(name)).map((name) => [`/maitre/${name}`, readFileSync(join(PKG, name))])),
      ...pictures(),
      '/offers.json': config,
      '/offers.plan': readFileSync(join(scratch, 'offers.plan')),
      '/growthbook.json': JSON.stringify(forGrowthBook(all)),
      '/uniform.json': JSON.stringify(forUniform(all)),
      '/shop.css': style(),
    };
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** The HTML of one variant's page; the rest is as `page` takes it. */
export const html = (variant, path, rest) => page({ path, head: VARIANTS[variant].head(), ...rest });
