// A proxy that lets through what is meant for one house, and writes down all that is asked for, of whomever.

import { createServer, request as ask } from 'node:http';

/**
 * @returns {Promise<{ url: string, port: number, requests: { method: string, url: string, path?: string, cookie?: string, setCookie?: string[], status?: number }[], close(): Promise<void> }>}
 */
export async function recordingProxy(house) {
  const requests = [];
  const server = createServer((request, response) => {
    const { method, url, headers } = request;
    const isHome = url.startsWith(`${house.url}/`);
    const entry = { method, url, path: isHome ? url.slice(house.url.length) : undefined, cookie: headers.cookie };
    requests.push(entry);
    if (!isHome) return response.writeHead(502).end();
    const passed = ask({ host: '127.0.0.1', port: house.port, path: entry.path, method, headers }, (answer) => {
      entry.status = answer.statusCode;
      entry.setCookie = answer.headers['set-cookie'];
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    passed.on('error', () => response.destroy());
    request.pipe(passed);
  });
  // A tunnel can only be to somewhere else.
  for (const kind of ['connect', 'upgrade']) {
    server.on(kind, ({ method, url }, socket) => {
      requests.push({ method, url });
      socket.on('error', () => {});
      socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    });
  }
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
