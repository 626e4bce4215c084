// The server that all variants have alike: HTTP/2, all of it in brotli 11 beforehand, pages asked for anew each time, the rest kept for a year.

import { createSecureServer } from 'node:http2';
import { extname } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';

const TYPES = { '.css': 'text/css', '.js': 'text/javascript', '.json': 'application/json', '.plan': 'application/octet-stream', '.png': 'image/png', '.wasm': 'application/wasm' };

/** Serves `files` (path → bytes), packed once by `pack`, and `pages` (path → HTML): `{ url, put(path, html), reported(), close() }`. */
export async function serve({ key, cert }, files, pages) {
  const ready = new Map(files);
  const put = (path, html) => ready.set(path, answer(html, 'text/html; charset=utf-8', 'no-cache'));
  for (const [path, html] of Object.entries(pages)) put(path, html);

  let report;
  const server = createSecureServer({ key, cert }, (request, response) => {
    if (request.method === 'POST') {
      let text = '';
      request.setEncoding('utf8').on('data', (part) => (text += part)).on('end', () => {
        response.writeHead(204).end();
        report?.(JSON.parse(text));
      });
      return;
    }
    const found = ready.get(request.url);
    if (!found) return response.writeHead(404, { 'content-type': 'text/plain' }).end('nothing here');
    response.writeHead(200, found.headers).end(found.wire);
  });
  const sessions = new Set();
  server.on('session', (session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
    // A browser that leaves in the middle of an answer is no failure.
    session.on('error', () => {});
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `https://localhost:${server.address().port}`,
    put,
    /** What the next page to report does report. */
    reported: () => new Promise((resolve) => (report = resolve)),
    close() {
      for (const session of sessions) session.destroy();
      server.close();
    },
  };
}

export const pack = (files) =>
  new Map(Object.entries(files).map(([path, body]) => [path, answer(body, TYPES[extname(path)], 'public, max-age=31536000, immutable')]));

function answer(body, type, caching) {
  const bytes = Buffer.from(body);
  const packed = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } });
  const isSmaller = packed.length < bytes.length;
  const wire = isSmaller ? packed : bytes;
  return { wire, headers: { 'content-type': type, 'cache-control': caching, 'content-length': wire.length, ...(isSmaller && { 'content-encoding': 'br' }) } };
}
