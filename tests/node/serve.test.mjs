import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { CSP, serve } from '../../tools/serve.mjs';

const PAGE = `<!doctype html><title>shop</title>${'<p>bread</p>'.repeat(100)}`;
let folder;
let server;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'maitre-serve-'));
  await mkdir(join(folder, 'www/running'), { recursive: true });
  await mkdir(join(folder, 'pkg'));
  await writeFile(join(folder, 'secret.txt'), 'secret');
  await symlink(join(folder, 'secret.txt'), join(folder, 'www/link.txt'));
  await writeFile(join(folder, 'www/.hidden'), 'secret');
  await writeFile(join(folder, 'www/index.html'), PAGE);
  await writeFile(join(folder, 'www/running/index.html'), PAGE);
  await writeFile(join(folder, 'pkg/maitre.wasm'), Buffer.from([0, 0x61, 0x73, 0x6d]));
  await writeFile(join(folder, 'pkg/maitre.js'), 'export {}');
  server = await serve({
    port: 0,
    roots: { '/': join(folder, 'www'), '/maitre/': join(folder, 'pkg') },
    answer: (url) => (url.pathname === '/t/made' ? { body: `made for ${url.searchParams.get('who')}` } : undefined),
  });
});

after(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

/** The path goes out as written: fetch would tidy it first. */
function get(path, headers = {}, method = 'GET') {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port: server.port, path, method, headers }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) }));
    })
      .on('error', reject)
      .end();
  });
}

test('the shop is at / and the package at /maitre/', async () => {
  assert.equal((await get('/')).body.toString(), PAGE);
  assert.equal((await get('/running/?from=mail')).body.toString(), PAGE);
  assert.equal((await get('/running?from=mail')).headers.location, '/running/?from=mail');
  assert.equal((await get('/maitre/maitre.wasm')).headers['content-type'], 'application/wasm');
  assert.match((await get('/maitre/maitre.js')).headers['content-type'], /^text\/javascript/);
  assert.equal((await get('/nowhere')).status, 404);
  assert.equal((await get('/t/made?who=me')).body.toString(), 'made for me');
});

test('every answer carries the strict policy', async () => {
  for (const path of ['/', '/maitre/maitre.js', '/nowhere', '/t/made']) {
    assert.equal((await get(path)).headers['content-security-policy'], CSP, path);
  }
});

test('no path leads out of the served folders', async () => {
  const paths = [
    '/../secret.txt', '/%2e%2e/secret.txt', '/..%2fsecret.txt', '/running/../../secret.txt', '/maitre/../../secret.txt', '/..%5csecret.txt',
    '/link.txt', '/.hidden', '/%2ehidden', '/index.html%00.txt', '/%E0%A4%A', '//secret.txt', '//running', 'http://[', '*',
  ];
  for (const path of paths) {
    const answer = await get(path);
    assert.equal(answer.status, 404, path);
    assert.doesNotMatch(answer.body.toString(), /^secret$/, path);
  }
});

test('text is compressed as the browser accepts it', async () => {
  const br = await get('/', { 'accept-encoding': 'gzip, deflate, br' });
  assert.equal(br.headers['content-encoding'], 'br');
  assert.equal(brotliDecompressSync(br.body).toString(), PAGE);
  const gz = await get('/', { 'accept-encoding': 'gzip, br;q=0' });
  assert.equal(gz.headers['content-encoding'], 'gzip');
  assert.equal(gunzipSync(gz.body).toString(), PAGE);
  assert.equal((await get('/')).headers['content-encoding'], undefined);
});

test('what is unchanged is not sent again', async () => {
  const { etag } = (await get('/')).headers;
  const again = await get('/', { 'if-none-match': etag });
  assert.equal(again.status, 304);
  assert.equal(again.body.length, 0);
  await writeFile(join(folder, 'www/index.html'), `${PAGE} `);
  assert.equal((await get('/', { 'if-none-match': etag })).status, 200);
  await writeFile(join(folder, 'www/index.html'), PAGE);
});

test('only reading is allowed', async () => {
  assert.equal((await get('/', {}, 'POST')).status, 405);
  const head = await get('/', {}, 'HEAD');
  assert.equal(head.status, 200);
  assert.equal(head.body.length, 0);
});

test('a page that names the snippet has it inline, allowed by its hash', async () => {
  const script = 'void "$&";';
  await writeFile(join(folder, 'pkg/snippet.js'), script);
  await writeFile(join(folder, 'www/inline.html'), '<script src="/maitre/snippet.js"></script>');
  const { body, headers } = await get('/inline.html');
  assert.equal(body.toString(), `<script>${script}</script>`);
  const hash = createHash('sha256').update(script).digest('base64');
  assert.equal(headers['content-security-policy'], CSP.replace("script-src 'self'", `script-src 'self' 'sha256-${hash}'`));
});
