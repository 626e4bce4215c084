// The real server with pages made on the fly, for tests in whichever browser.
//
//   const house = await serveHouse();                       // the shop and the package, on a free port
//   house.put('/t/a.html', '<p>…</p>');                     // a page made on the fly
//   house.shop('/t/b.html', { offers: {…}, body: '…' });    // one with its own offers and Maitre's tag
//   await house.close();

import { serve } from '../../tools/serve.mjs';

/** `options` are those of `serve`: another policy, say. */
export async function serveHouse(options) {
  const made = new Map();
  const served = [];
  const server = await serve({
    port: 0,
    ...options,
    answer(url, request) {
      served.push({ path: url.pathname + url.search, method: request.method, at: performance.now() });
      const found = made.get(url.pathname);
      return typeof found === 'function' ? found(url, request) : found;
    },
  });

  const house = {
    url: server.url,
    port: server.port,
    /** All that reached the server: `{ path, method, at }`. */
    served,

    /**
     * Serves `body` at `path`; `body` may also be a function `(url, request) → { status, headers, body } | undefined`.
     * The type follows the path's ending; `headers` may replace any header, the policy too.
     */
    put(path, body, { status = 200, headers = {} } = {}) {
      made.set(path, typeof body === 'function' ? body : { status, headers: { 'content-type': typeOf(path), ...headers }, body });
    },

    /** A page at `path` with Maitre's tag, and its offers beside it; returns their paths. */
    shop(path, { offers, consent, title = 'Shop', head = '', body = '', lang = 'en', headers } = {}) {
      const offersPath = path.replace(/(\.html)?$/, '.offers.json');
      if (offers !== undefined) house.put(offersPath, typeof offers === 'string' ? offers : JSON.stringify(offers));
      const level = consent === undefined ? '' : ` data-consent="${consent}"`;
      const tag = `<script type="module" src="/maitre/maitre.js" data-offers="${offersPath}"${level}></script>`;
      house.put(
        path,
        `<!doctype html><html lang="${lang}"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"><title>${title}</title>${head}${tag}<body>${body}</body></html>`,
        { headers },
      );
      return { path, offersPath };
    },

    close: () => server.close(),
  };
  return house;
}

function typeOf(path) {
  if (path.endsWith('.json')) return 'application/json; charset=utf-8';
  if (path.endsWith('.js')) return 'text/javascript; charset=utf-8';
  if (path.endsWith('.css')) return 'text/css; charset=utf-8';
  if (path.endsWith('.svg')) return 'image/svg+xml';
  return 'text/html; charset=utf-8';
}
