// What is measured by itself, as GA4 does it: the module alone, with a mouse, a keyboard and a video.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { eventually } from './fixtures.mjs';
import { openHouse } from './harness.mjs';

const ALL = ['form_start', 'form_submit', 'click', 'file_download', 'video_start', 'video_progress', 'video_complete', 'view_search_results', 'scroll'];

const SCRIPT = `
  import { measure } from './measurement';
  window.told = [];
  window.failed = [];
  const guard = (work) => (...args) => { try { work(...args) } catch (error) { failed.push(String(error)) } };
  window.measured = measure({ events: document.body.dataset.events.split(' '), track: (event, params) => told.push({ event, ...params }), guard });
`;

let house;
before(async () => {
  house = await openHouse();
  const { outputFiles } = await build({
    stdin: { contents: SCRIPT, resolveDir: fileURLToPath(new URL('../../js', import.meta.url)), loader: 'ts' },
    bundle: true,
    format: 'esm',
    write: false,
  });
  house.put('/t/measurement.js', outputFiles[0].text);
  house.put('/t/measurement.css', 'body { margin: 0 } #long { height: 4000px }');
  // Links lead nowhere, forms neither: the page stays.
  house.put('/t/stay.js', 'for (const type of ["click", "auxclick", "submit"]) addEventListener(type, (event) => (type === "submit" || event.target.closest?.("a")) && event.preventDefault())');
  house.put('/t/tone.wav', tone(2), { headers: { 'content-type': 'audio/wav' } });
});
after(() => house?.close());

/** Silence of some seconds, as a WAV file: a `video` plays it, too. */
function tone(seconds) {
  const rate = 8000;
  const bytes = Buffer.alloc(44 + rate * seconds, 128);
  bytes.write('RIFF', 0);
  bytes.writeUInt32LE(bytes.length - 8, 4);
  bytes.write('WAVEfmt ', 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(rate, 24);
  bytes.writeUInt32LE(rate, 28);
  bytes.writeUInt16LE(1, 32);
  bytes.writeUInt16LE(8, 34);
  bytes.write('data', 36);
  bytes.writeUInt32LE(rate * seconds, 40);
  return bytes;
}

async function open(body, { events = ALL, query = '' } = {}) {
  house.put(
    '/t/measurement.html',
    `<!doctype html><html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,"><title>A page</title><link rel="stylesheet" href="/t/measurement.css"><script src="/t/stay.js"></script><script type="module" src="/t/measurement.js"></script><body data-events="${events.join(' ')}">${body}</body></html>`,
    { headers: { 'content-security-policy': "default-src 'self' data:" } },
  );
  const guest = await house.visitor();
  const page = await guest.open(`/t/measurement.html${query}`);
  const told = () => page.evaluate(() => window.told.splice(0));
  /** Ends it all: nothing may have gone wrong meanwhile. */
  const done = async () => {
    assert.deepEqual(await page.evaluate(() => window.failed), []);
    assert.deepEqual(guest.problems, []);
    await guest.close();
  };
  return { page, told, done };
}

test('forms: begun once each, and sent; what was written in them is nobody else\'s business', async () => {
  const { page, told, done } = await open(`
    <form id="letter" name="news" action="/letters?list=1"><input name="email"><input name="action" value="hidden"><input name="id"><select name="name"><option>A<option>B</select><button>Send</button></form>
    <form id="other"><input name="other"></form><input name="outside">`);
  const about = { form_id: 'letter', form_name: 'news', form_destination: `${house.url}/letters?list=1` };
  await page.focus('[name=email]');
  assert.deepEqual(await told(), []);
  await page.keyboard.type('guest@home.example');
  await page.selectOption('[name=name]', 'B');
  await page.click('[name=outside]');
  await page.keyboard.type('x');
  await page.click('[name=other]');
  assert.deepEqual(await told(), [{ event: 'form_start', ...about }]);
  await page.keyboard.type('x');
  await page.keyboard.press('Enter');
  const other = { form_id: 'other', form_name: '', form_destination: `${house.url}/t/measurement.html` };
  assert.deepEqual(await told(), [{ event: 'form_start', ...other }, { event: 'form_submit', ...other }]);
  await page.click('button');
  assert.deepEqual(await told(), [{ event: 'form_submit', ...about }]);
  await done();
});

test('forms: a part that calls something else its form breaks nothing', async () => {
  const { page, told, done } = await open('<p id="part">A part</p>');
  await page.evaluate(() => {
    const part = document.querySelector('#part');
    part.form = 'letter';
    for (const target of [part, document]) for (const type of ['change', 'submit', 'click', 'ended']) target.dispatchEvent(new Event(type, { bubbles: true }));
  });
  assert.deepEqual(await told(), []);
  await done();
});

test('links: those that lead to another host', async () => {
  const { page, told, done } = await open(`
    <a id="out" class="big red" href="https://other.example/a?b=c"><b>Other</b></a> <a id="in" href="/here">Here</a>
    <a id="mail" href="mailto:us@home.example">Mail</a> <a id="none">None</a> <button id="button">Button</button>`);
  const out = { event: 'click', link_url: 'https://other.example/a?b=c', link_domain: 'other.example', link_id: 'out', link_classes: 'big red', outbound: true };
  for (const id of ['in', 'mail', 'none', 'button']) await page.click(`#${id}`);
  assert.deepEqual(await told(), []);
  await page.click('b');
  assert.deepEqual(await told(), [out]);
  await page.click('b', { button: 'middle' });
  assert.deepEqual(await told(), [out]);
  await page.focus('#out');
  await page.keyboard.press('Enter');
  assert.deepEqual(await told(), [out]);
  await page.click('b', { button: 'right' });
  assert.deepEqual(await told(), []);
  await page.dblclick('b');
  assert.deepEqual(await told(), [out]);
  await done();
});

test('links: in a shadow tree, and where the page stops events', async () => {
  const { page, told, done } = await open('<div id="host"></div>');
  await page.evaluate(() => {
    const link = Object.assign(document.createElement('a'), { href: 'https://other.example/', textContent: 'Other' });
    document.querySelector('#host').attachShadow({ mode: 'open' }).append(link);
    link.addEventListener('click', (event) => (event.preventDefault(), event.stopPropagation()));
  });
  await page.click('a');
  assert.deepEqual((await told()).map(({ event }) => event), ['click']);
  await done();
});

test('files: by the endings that GA4 knows', async () => {
  const { page, told, done } = await open(`
    <a id="menu" class="file" href="/files/menu%201.PDF?v=2#page=3"> The <i>menu</i> </a> <a id="page" href="/files/pdf.html?file=a.pdf">Page</a>
    <a id="far" href="https://other.example/a.pptx">Far</a> <a id="image" href="/a.png">Image</a>`);
  await page.click('#menu');
  assert.deepEqual(await told(), [
    { event: 'file_download', link_url: `${house.url}/files/menu%201.PDF?v=2#page=3`, link_domain: 'localhost', link_id: 'menu', link_classes: 'file', link_text: 'The menu', file_name: '/files/menu%201.PDF', file_extension: 'pdf' },
  ]);
  await page.click('#page');
  await page.click('#image');
  assert.deepEqual(await told(), []);
  await page.click('#far');
  assert.deepEqual((await told()).map(({ event, file_extension }) => [event, file_extension]), [['click', undefined], ['file_download', 'pptx']]);
  await done();
});

test('videos: begun, played to a tenth, a quarter, half, three quarters, and to the end, once', async () => {
  const { page, told, done } = await open('<video id="video" title="A film" src="/t/tone.wav" muted></video><video id="loop" src="/t/tone.wav" muted loop autoplay></video>');
  const all = [];
  await page.evaluate(() => document.querySelector('#video').play());
  const marks = async () => {
    all.push(...(await told()));
    return all.map(({ event, video_percent }) => [event, video_percent]);
  };
  const wanted = [['video_start', 0], ...[10, 25, 50, 75].map((mark) => ['video_progress', mark]), ['video_complete', 100]];
  assert.deepEqual(await eventually(marks, wanted), wanted);
  assert.deepEqual(all[0], { event: 'video_start', video_percent: 0, video_current_time: 0, video_duration: 2, video_url: `${house.url}/t/tone.wav`, video_title: 'A film' });
  assert.equal(all.at(-1).video_current_time, 2);

  const end = () => page.evaluate(() => new Promise((resolve) => {
    const video = document.querySelector('#video');
    video.addEventListener('ended', () => resolve(), { once: true });
    video.playbackRate = 8;
    video.play();
  }));
  await page.evaluate(() => window.measured.again());
  await end();
  assert.deepEqual(await told(), []);

  await page.evaluate(() => (document.querySelector('#video').src = '/t/tone.wav?another'));
  await end();
  assert.deepEqual((await told()).map(({ event, video_percent }) => [event, video_percent]), wanted);
  await done();
});

test('videos: what is sought while paused was not played', async () => {
  const { page, told, done } = await open('<video id="video" src="/t/tone.wav" muted></video>');
  await page.evaluate(() => new Promise((resolve) => {
    const video = document.querySelector('#video');
    video.addEventListener('timeupdate', () => resolve(), { once: true });
    video.currentTime = 1.5;
  }));
  assert.deepEqual(await told(), []);
  await done();
});

test('search: what was searched for, once for each page view', async () => {
  for (const key of ['q', 's', 'search', 'query', 'keyword']) {
    const { told, done } = await open('', { query: `?a=b&${key}=+red%20shoes` });
    assert.deepEqual(await told(), [{ event: 'view_search_results', search_term: 'red shoes' }]);
    await done();
  }
  const { page, told, done } = await open('', { query: '?q=&page=2' });
  assert.deepEqual(await told(), []);
  await page.evaluate(() => {
    history.pushState(null, '', '?q=boots');
    window.measured.again();
  });
  assert.deepEqual(await told(), [{ event: 'view_search_results', search_term: 'boots' }]);
  await done();
});

test('scroll: nine tenths of the page, once for each page view', async () => {
  const { page, told, done } = await open('<div id="long">A page</div>');
  const scroll = (top) => page.evaluate((top) => new Promise((resolve) => {
    document.addEventListener('scroll', () => requestAnimationFrame(() => requestAnimationFrame(resolve)), { once: true });
    scrollTo(0, top);
  }), top);
  await scroll(2800);
  assert.deepEqual(await told(), []);
  await scroll(2900);
  assert.deepEqual(await told(), [{ event: 'scroll', percent_scrolled: 90 }]);
  await scroll(0);
  await scroll(3200);
  assert.deepEqual(await told(), []);
  await page.evaluate(() => window.measured.again());
  await scroll(3000);
  assert.deepEqual(await told(), [{ event: 'scroll', percent_scrolled: 90 }]);
  await done();
});

test('what no rule asks about is not measured', async () => {
  const { page, told, done } = await open('<form><input></form><a href="https://other.example/a.pdf">Far</a><div id="long"></div>', { events: ['form_submit', 'file_download'], query: '?q=a' });
  await page.fill('input', 'x');
  await page.keyboard.press('Enter');
  await page.click('a');
  await page.mouse.wheel(0, 5000);
  await page.waitForTimeout(100);
  assert.deepEqual((await told()).map(({ event }) => event), ['form_submit', 'file_download']);
  await done();
});
