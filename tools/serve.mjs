// A small static server: the demo shop at /, the built package at /maitre/. Run by itself, it serves them at
// http://localhost:8080 (PORT and HOST change that); the browser tests call `serve`.

import { createHash } from 'node:crypto';
import { readFile, realpath, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

const ORIGIN = 'http://localhost';
const HOUSE = fileURLToPath(new URL('..', import.meta.url));

export const ROOTS = { '/': join(HOUSE, 'www'), '/maitre/': join(HOUSE, 'pkg') };

/** What Maitre runs under: no inline script or style, no string made code, nothing from elsewhere. */
export const CSP = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

const TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.pdf': 'application/pdf',
  '.svg': 'image/svg+xml',
  '.ts': 'text/plain; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
};

const PACKED_ALREADY = new Set(['.jpg', '.png', '.webp', '.woff2']);

/**
 * Serves `roots` (path prefix ending in "/" → folder; the longest prefix wins) and resolves once it listens.
 * `answer(url, request)` is asked first: what it returns, `{ status, headers, body }`, is sent; undefined leaves it to the folders.
 *
 * @returns {Promise<{ url: string, port: number, close(): Promise<void> }>}
 */
export async function serve({ port = 8080, host = '127.0.0.1', roots = ROOTS, csp = CSP, answer = () => undefined } = {}) {
  const packed = new Map();

  const server = createServer(async (request, response) => {
    try {
      const reply = await replyTo(request, roots, answer);
      await send(request, response, reply, csp, packed);
    } catch (error) {
      console.error(`serve: ${request.url}: ${error.stack}`);
      response.writeHead(500).end();
    }
  });

  await new Promise((resolve, reject) => server.once('error', reject).listen(port, host, resolve));
  const listening = server.address().port;
  return {
    url: `http://${host === '127.0.0.1' ? 'localhost' : host}:${listening}`,
    port: listening,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function replyTo(request, roots, answer) {
  if (request.method !== 'GET' && request.method !== 'HEAD') return plain(405, 'only GET and HEAD', { allow: 'GET, HEAD' });
  if (!request.url.startsWith('/') || !URL.canParse(ORIGIN + request.url)) return plain(404, 'that is no address');
  const url = new URL(ORIGIN + request.url);
  const made = await answer(url, request);
  if (made) return { status: 200, headers: {}, ...made };

  const place = locate(url.pathname, roots);
  const found = place && (await existing(place.root, place.path));
  if (!found) return plain(404, `nothing is at ${url.pathname}`);
  if (found.directory) return plain(308, '', { location: `${url.pathname}/${url.search}` });
  const extension = extname(found.file);
  const reply = {
    status: 200,
    headers: { 'content-type': TYPES[extension] ?? 'application/octet-stream' },
    body: await readFile(found.file),
    packable: !PACKED_ALREADY.has(extension),
  };
  return extension === '.html' ? withSnippet(reply, roots) : reply;
}

const SNIPPET = '<script src="/maitre/snippet.js"></script>';

/** Puts the inline script into a page that names its file, as whatever builds a site would, and allows it by its hash. */
async function withSnippet(reply, roots) {
  const text = reply.body.toString();
  const file = text.includes(SNIPPET) && locate('/maitre/snippet.js', roots);
  const found = file && (await existing(file.root, file.path));
  if (!found?.file) return reply;
  const script = await readFile(found.file, 'utf8');
  const hash = `'sha256-${createHash('sha256').update(script).digest('base64')}'`;
  return { ...reply, inline: hash, body: text.replace(SNIPPET, () => `<script>${script}</script>`) };
}

function locate(pathname, roots) {
  let path;
  try {
    path = decodeURIComponent(pathname);
  } catch {
    return undefined;
  }
  // Neither a parent folder nor a hidden file, however it is spelt; "//" could be taken for another host in a redirect.
  if (/[\0\\]|\/\//.test(path) || path.split('/').some((step) => step.startsWith('.'))) return undefined;
  const prefix = Object.keys(roots)
    .filter((candidate) => path.startsWith(candidate))
    .sort((a, b) => b.length - a.length)[0];
  return prefix === undefined ? undefined : { root: roots[prefix], path: path.slice(prefix.length) };
}

async function existing(root, path) {
  try {
    let file = await realpath(join(root, path));
    const home = await realpath(root);
    if (file !== home && !file.startsWith(home + sep)) return undefined;
    if ((await stat(file)).isDirectory()) {
      if (path !== '' && !path.endsWith('/')) return { directory: true };
      file = join(file, 'index.html');
    } else if (path.endsWith('/')) return undefined;
    return (await stat(file)).isFile() ? { file } : undefined;
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  }
}

async function send(request, response, { status, headers, body = '', packable = true, inline }, csp, packed) {
  const bytes = Buffer.from(body);
  const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`;
  const head = {
    'cache-control': 'no-cache',
    'content-security-policy': inline ? csp.replace("script-src 'self'", (sources) => `${sources} ${inline}`) : csp,
    'referrer-policy': 'strict-origin-when-cross-origin',
    'x-content-type-options': 'nosniff',
    ...headers,
  };
  if (status === 200) head.etag = etag;
  if (status === 200 && request.headers['if-none-match'] === etag) {
    response.writeHead(304, head).end();
    return;
  }

  let wire = bytes;
  if (packable && bytes.length > 256) {
    head.vary = 'accept-encoding';
    const encoding = encodingFor(request.headers['accept-encoding'] ?? '');
    if (encoding) {
      head['content-encoding'] = encoding;
      wire = await pack(bytes, encoding, `${encoding} ${etag}`, packed);
    }
  }
  head['content-length'] = wire.length;
  response.writeHead(status, head).end(request.method === 'HEAD' ? undefined : wire);
}

function encodingFor(accepted) {
  const names = accepted.split(',').filter((entry) => !/;\s*q=0(\.0*)?\s*$/.test(entry)).map((entry) => entry.split(';')[0].trim());
  return ['br', 'gzip'].find((name) => names.includes(name));
}

function pack(bytes, encoding, key, packed) {
  if (!packed.has(key)) packed.set(key, encoding === 'br' ? brotli(bytes) : promisify(gzip)(bytes, { level: 9 }));
  return packed.get(key);
}

function brotli(bytes) {
  return promisify(brotliCompress)(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  });
}

function plain(status, text, headers = {}) {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8', ...headers }, body: text };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const port = Number(process.env.PORT || 8080);
  try {
    const { url } = await serve({ port, host: process.env.HOST || undefined });
    console.log(`The demo shop is open at ${url} (Ctrl-C closes it)`);
  } catch (error) {
    if (error.code !== 'EADDRINUSE') throw error;
    console.error(`serve: port ${port} is taken: choose another, as in make demo PORT=${port + 1}`);
    process.exitCode = 1;
  }
}
