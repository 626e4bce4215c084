// The `maitre` command, run as a process.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('../../pkg/cli.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'maitre-cli-'));
after(() => rmSync(folder, { recursive: true }));

/** Writes files and runs the command where they are. */
function maitre(args, files = {}) {
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content, null, 2));
  }
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], { cwd: folder, encoding: 'utf8' });
  return { status, lines: stdout.split('\n').filter(Boolean), stderr: stderr.split('\n').filter(Boolean) };
}

const card = (title) => ({ template: 'card', title });
const OFFERS = {
  site: { visit: { timeout: '20m' } },
  placements: { hero: {}, aside: { take: 2 } },
  offers: [
    { id: 'welcome', placement: 'hero', rest: { after: 'dismissed', for: '7d' }, content: card('Good evening') },
    { id: 'again', placement: 'hero', value: { site: 5 }, eligible: { 'visit.number': { $gte: 2 } }, content: card('Welcome back') },
    { id: 'pro', placement: 'hero', value: { site: 9 }, eligible: { 'user.plan': 'pro' }, content: card('For you') },
    { id: 'fan', placement: 'hero', value: { site: 7 }, eligible: { $did: { event: 'view_item', where: { item_category: 'running' }, times: { $gte: 2 } } }, content: card('Run') },
    { id: 'a', placement: 'aside', content: card('A') },
    { id: 'b', placement: 'aside', content: card('B') },
  ],
};
const journey = (steps, more = {}) => ({ start: '2026-11-20T10:00:00+01:00', ...more, steps });
const view = (at, path = '/') => ({ at, page: { path } });

/** Replays one journey; the ids decided, in order. */
function decided(steps, more) {
  const { status, lines, stderr } = maitre(['replay', 'offers.json', 'journey.json'], { 'offers.json': OFFERS, 'journey.json': journey(steps, more) });
  assert.notEqual(status, 2, stderr.join('\n'));
  return lines.map((line) => JSON.parse(line).decision);
}

test('--help says how to call it, --version which it is', () => {
  const help = maitre(['--help']);
  assert.equal(help.status, 0);
  for (const word of ['check', 'replay', '--json', 'exit codes']) assert.match(help.lines.join('\n'), new RegExp(word));
  assert.deepEqual(maitre(['check', '--help']), help);
  const manifest = JSON.parse(readFileSync(new URL('../../pkg/package.json', import.meta.url), 'utf8'));
  assert.deepEqual(maitre(['--version']).lines, [manifest.version]);
});

test('a wrong call exits with 2 and says how to call it', () => {
  for (const args of [[], ['chek'], ['check'], ['check', '--jsn', 'x.json'], ['replay'], ['replay', 'offers.json'], ['replay', '--json', 'a', 'b']]) {
    const { status, lines, stderr } = maitre(args);
    assert.equal(status, 2, args.join(' '));
    assert.deepEqual(lines, []);
    assert.match(stderr.join('\n'), /^maitre: .+\ntry: maitre --help$/, args.join(' '));
  }
});

test('check says nothing of good offers', () => {
  const { status, lines, stderr } = maitre(['check', 'offers.json'], { 'offers.json': OFFERS });
  assert.deepEqual({ status, lines }, { status: 0, lines: [] });
  assert.deepEqual(stderr, ['0 errors, 0 warnings in 1 file']);
});

const BROKEN = `{
  "placements": { "hero": {} },
  "offers": [
    { "id": "one", "placement": "heroo", "content": { "template": "card", "title": "One" } }
  ]
}
`;

test('check prints each problem with its place and its remedy, and exits with 1', () => {
  const { status, lines, stderr } = maitre(['check', 'broken.json', 'offers.json'], { 'broken.json': BROKEN, 'offers.json': OFFERS });
  assert.equal(status, 1);
  assert.equal(lines.length, stderr[0].match(/\d+/g).slice(0, 2).reduce((sum, n) => sum + Number(n), 0));
  assert.match(stderr[0], /^1 error, \d warnings? in 2 files$/);
  for (const line of lines) assert.match(line, /^broken\.json:\d+:\d+: (error|warning): \$[^:]*: [^;]+; .+$/);
  assert.match(lines.join('\n'), /^broken\.json:4:\d+: error: \$\.offers\[0\]\.placement: .*heroo.*; .*hero/m);
});

test('check --json prints one object for each problem', () => {
  const { status, lines } = maitre(['check', '--json', 'broken.json'], { 'broken.json': BROKEN });
  assert.equal(status, 1);
  const problems = lines.map((line) => JSON.parse(line));
  const found = problems.find(({ path }) => path === '$.offers[0].placement');
  assert.equal(found.file, 'broken.json');
  assert.equal(found.severity, 'error');
  assert.equal(found.line, 4);
  assert.equal(found.offer, 'one');
  for (const key of ['what', 'remedy']) assert.equal(typeof found[key], 'string');
});

test('check tells where a file is not JSON', () => {
  const { status, lines } = maitre(['check', 'open.json'], { 'open.json': '{\n  "offers": [ }' });
  assert.equal(status, 1);
  assert.match(lines[0], /^open\.json:2:15: error: /);
});

test('check exits with 2 for a file that is not there, and still checks the others', () => {
  const { status, lines, stderr } = maitre(['check', 'nowhere.json', 'broken.json'], { 'broken.json': BROKEN });
  assert.equal(status, 2);
  assert.match(stderr[0], /^nowhere\.json: can't be read: there is no such file$/);
  assert.ok(lines.length > 0);
});

test('build writes a plan, which is no offers file, and says why it can not', () => {
  const { status, stderr } = maitre(['build', 'offers.json'], { 'offers.json': OFFERS });
  assert.equal(status, 0);
  assert.match(stderr[0], /^offers\.plan: \d+ bytes$/);
  for (const command of ['check', 'build']) {
    const again = maitre([command, 'offers.plan']);
    assert.equal(again.status, 2);
    assert.match(again.stderr[0], /^offers\.plan: this is a plan; name the offers file/);
  }
  const nowhere = maitre(['build', 'offers.json', join('nowhere', 'x.plan')]);
  assert.equal(nowhere.status, 2);
  assert.match(nowhere.stderr[0], /can't be written: there is no such folder$/);
});

test('replay prints a line for each decision and exits with 0 when all is as expected', () => {
  const story = journey(
    [
      view('0s'),
      { at: '1s', decide: 'hero', expect: 'welcome' },
      { at: '2s', decide: 'aside', expect: ['a', 'b'] },
      { at: '3s', signal: 'exit_intent', expect: { hero: 'welcome' } },
      { at: '4s', outcome: 'dismissed', offer: 'welcome' },
      { at: '5s', decide: 'hero', expect: null },
      { at: '6s', decide: 'hero' },
    ],
    { name: 'not today', seed: 'guest-1', device: { kind: 'phone' } },
  );
  const { status, lines, stderr } = maitre(['replay', 'offers.json', 'journey.json'], { 'offers.json': OFFERS, 'journey.json': story });
  assert.equal(status, 0, stderr.join('\n'));
  assert.deepEqual(JSON.parse(lines[0]), { journey: 'not today', file: 'journey.json', at: '1s', placement: 'hero', decision: 'welcome', expect: 'welcome', ok: true });
  assert.deepEqual(lines.map((line) => JSON.parse(line).decision), ['welcome', ['a', 'b'], 'welcome', null, null]);
  assert.deepEqual(stderr, ['1 journey, 5 decisions, all as expected']);
});

test('replay exits with 1 and explains when an expect does not hold', () => {
  const story = journey([view('0s'), { at: '1s', decide: 'hero', expect: 'again' }, { at: '2s', decide: 'aside', expect: ['a', 'b'] }]);
  const { status, lines, stderr } = maitre(['replay', 'offers.json', 'late.json'], { 'offers.json': OFFERS, 'late.json': story });
  assert.equal(status, 1);
  const [missed, held] = lines.map((line) => JSON.parse(line));
  assert.equal(missed.ok, false);
  assert.equal(missed.journey, 'late');
  assert.equal(missed.decision, 'welcome');
  assert.equal(missed.explanation.offers.find(({ offer }) => offer === 'again').status, 'ineligible');
  assert.deepEqual([held.ok, held.explanation], [true, undefined]);
  assert.deepEqual(stderr, ['1 journey, 2 decisions, 1 not as expected']);
});

test('one expected offer may be written without a list, and no offer as an empty one', () => {
  const steps = [view('0s'), { at: '1s', decide: 'hero', expect: ['welcome'] }, { at: '2s', outcome: 'dismissed', offer: 'welcome' }, { at: '3s', decide: 'hero', expect: [] }];
  assert.deepEqual(decided(steps), ['welcome', null]);
});

const TWO_VIEWS = [
  view('0s'),
  { at: '1s', event: 'view_item', with: { item_category: 'running' } },
  view('10m', '/b'),
  { at: '11m', event: 'view_item', with: { item_category: 'running' } },
  { at: '12m', decide: 'hero' },
];

test('what is remembered from page to page is what the visitor has agreed to', () => {
  assert.deepEqual(decided(TWO_VIEWS, { consent: 'memory' }), ['welcome']);
  assert.deepEqual(decided(TWO_VIEWS), ['welcome']);
  assert.deepEqual(decided(TWO_VIEWS, { consent: 'visit' }), ['fan']);
  assert.deepEqual(decided(TWO_VIEWS, { consent: 'profile' }), ['fan']);
  assert.deepEqual(decided(TWO_VIEWS, { consent: 'off' }), [null]);
});

test('a visit ends with its timeout; a profile goes on', () => {
  const steps = [view('0s'), view('20m'), { at: '21m', decide: 'hero' }];
  assert.deepEqual(decided(steps, { consent: 'profile' }), ['again']);
  assert.deepEqual(decided(steps, { consent: 'visit' }), ['welcome']);
  const sooner = [view('0s'), view('19m59s'), { at: '21m', decide: 'hero' }];
  assert.deepEqual(decided(sooner, { consent: 'profile' }), ['welcome']);
});

test('going down the consent ladder forgets at once, and the page at hand is seen again', () => {
  const steps = [
    view('0s'),
    { at: '1s', user: { plan: 'pro' } },
    { at: '2s', decide: 'hero', expect: 'pro' },
    { at: '1d', page: { path: '/' } },
    { at: '1d', decide: 'hero', expect: 'again' },
    { at: '1d1s', consent: 'memory' },
    { at: '1d2s', decide: 'hero', expect: 'welcome' },
    { at: '1d3s', consent: 'off' },
    { at: '1d4s', decide: 'hero', expect: null },
    { at: '1d5s', consent: 'profile' },
    { at: '1d6s', decide: 'hero', expect: 'welcome' },
    { at: '2d', page: { path: '/' } },
    { at: '2d', decide: 'hero', expect: 'again' },
  ];
  assert.deepEqual(decided(steps, { consent: 'profile' }), ['pro', 'again', 'welcome', null, 'welcome', 'again']);
});

const BAD_STEPS = [
  [{ at: '10', page: { path: '/' } }, /step 1: `at` is `"10"`; write a duration/],
  [{ page: { path: '/' } }, /step 1: the step has no `at`;/],
  [{ at: '1s' }, /step 1: nothing happens in the step; write one of `page`, `event`/],
  [7, /step 1: a step is `7`;/],
  [{ at: '1s', page: { path: '/' }, user: {} }, /step 1: the step has both `page` and `user`; make two steps/],
  [{ at: '1s', pgae: { path: '/' } }, /`pgae`; did you mean `page`\?/],
  [{ at: '1s', page: {} }, /step 1: the page has no `path`;/],
  [{ at: '1s', page: { path: '/a?b=c' } }, /`path` is `"\/a\?b=c"`; write it from the first `\/`, and what follows a `\?` as `query`/],
  [{ at: '1s', page: { path: '/', query: { n: 1 } } }, /`n` is `1`; write a string/],
  [{ at: '1s', page: { path: '/', titel: 'x' } }, /`titel`; did you mean `title`\?/],
  [{ at: '1s', page: { path: '/', item: { price: '9' } } }, /`price` is `"9"`; write a number/],
  [{ at: '1s', event: 'page_view' }, /write `"page": \{ "path": "\/" \}`/],
  [{ at: '1s', event: 'view_item', with: [] }, /`with` is `\[\]`; write an object/],
  [{ at: '1s', event: 'view_item', expect: null }, /`expect` is `null`; write an object of placements, as in `\{ "hero": null \}`/],
  [{ at: '1s', decide: 'herro', expect: null }, /there is no placement `herro`; did you mean `hero`\?/],
  [{ at: '1s', decide: 'hero', expect: 'welcom' }, /`expect` names the unknown offer `welcom`; did you mean `welcome`\?/],
  [{ at: '1s', decide: 'hero', expect: ['welcome', 'again'] }, /`expect` has 2 offers, but `hero` takes 1;/],
  [{ at: '1s', decide: 'hero', expect: 3 }, /`expect` has `3`; write an offer's id/],
  [{ at: '1s', outcome: 'dismised', offer: 'welcome' }, /`outcome` is `"dismised"`; did you mean `dismissed`\?/],
  [{ at: '1s', outcome: 'dismissed' }, /the outcome has no `offer`;/],
  [{ at: '1s', outcome: 'dismissed', offer: 'welcom' }, /there is no offer `welcom`; did you mean `welcome`\?/],
  [{ at: '1s', signal: 'exit' }, /`signal` is `"exit"`; write `"exit_intent"`/],
  [{ at: '1s', signal: { scroll: 60 } }, /`signal` is `\{"scroll":60\}`; write/],
  [{ at: '1s', signal: { idle: 'long' } }, /`signal` is `\{"idle":"long"\}`; write/],
  [{ at: '1s', signal: 'exit_intent', expect: { herro: null } }, /there is no placement `herro`;/],
  [{ at: '1s', user: 'pro' }, /`user` is `"pro"`; write an object/],
  [{ at: '1s', consent: 'all' }, /`consent` is `"all"`; known here: `off`, `memory`, `visit`, `profile`/],
];

for (const [step, message] of BAD_STEPS) {
  test(`bad input: ${JSON.stringify(step)}`, () => {
    const { status, lines, stderr } = maitre(['replay', 'offers.json', 'bad.json'], { 'offers.json': OFFERS, 'bad.json': journey([step]) });
    assert.equal(status, 2);
    assert.deepEqual(lines, []);
    assert.equal(stderr.length, 1, stderr.join('\n'));
    assert.match(stderr[0], /^bad\.json:\d+:\d+: step 1: .+; .+/);
    assert.match(stderr[0], message);
  });
}

const BAD_JOURNEYS = [
  [{ steps: [] }, /the journey has no `start`; write when it begins, with the offset from UTC/],
  [journey([], { start: '2026-11-20' }), /`start` is `"2026-11-20"`;/],
  [journey([], { start: '2026-11-20T10:00:00' }), /`start` is `"2026-11-20T10:00:00"`;/],
  [journey([], { start: '2026-02-30T10:00:00Z' }), /`start` is `"2026-02-30T10:00:00Z"`;/],
  [journey(undefined), /the journey has no `steps`; write a list/],
  [journey({}), /`steps` is `\{\}`; write a list/],
  [journey([], { naem: 'x' }), /a journey has no `naem`; did you mean `name`\?/],
  [journey([], { name: 1 }), /`name` is `1`; write a string/],
  [journey([], { device: { kind: 'fone' } }), /`kind` is `"fone"`; did you mean `phone`\?/],
  [journey([], { device: { touch: 'yes' } }), /`touch` is `"yes"`; write a boolean/],
  [journey([], { consent: 'yes' }), /`consent` is `"yes"`;/],
  [[], /a journey is `\[\]`; write an object/],
];

for (const [bad, message] of BAD_JOURNEYS) {
  test(`bad input: ${JSON.stringify(bad)}`, () => {
    const { status, stderr } = maitre(['replay', 'offers.json', 'bad.json'], { 'offers.json': OFFERS, 'bad.json': bad });
    assert.equal(status, 2);
    assert.equal(stderr.length, 1, stderr.join('\n'));
    assert.match(stderr[0], message);
  });
}

test('all that is wrong with journeys is said in one go, in the order of the text, and nothing is played', () => {
  const bad = '{\n  "start": "today",\n  "steps": [\n    { "at": "1s", "decide": "nowhere" },\n    { "at": "x", "page": {} }\n  ]\n}\n';
  const { status, lines, stderr } = maitre(['replay', 'offers.json', 'good.json', 'bad.json', 'gone.json'], {
    'offers.json': OFFERS,
    'good.json': journey([view('0s'), { at: '1s', decide: 'hero' }]),
    'bad.json': bad,
  });
  assert.equal(status, 2);
  assert.deepEqual(lines, []);
  assert.deepEqual(stderr.map((line) => line.split(': ')[0]), ['bad.json:2:12', 'bad.json:4:29', 'bad.json:5:13', 'bad.json:5:26', 'gone.json']);
});

test('a journey that is not JSON is told with line and column', () => {
  const { status, stderr } = maitre(['replay', 'offers.json', 'open.json'], { 'offers.json': OFFERS, 'open.json': '{ "start": "x",\n  "steps": [ }' });
  assert.equal(status, 2);
  assert.match(stderr[0], /^open\.json:2:14: not JSON: .+; .+/);
});

test('offers with errors are not played', () => {
  const { status, lines, stderr } = maitre(['replay', 'broken.json', 'journey.json'], { 'broken.json': BROKEN, 'journey.json': journey([view('0s')]) });
  assert.equal(status, 2);
  assert.deepEqual(lines, []);
  assert.match(stderr[0], /^broken\.json:4:\d+: error: /);
  assert.match(stderr.at(-1), /has errors: nothing was played/);
});

test('a clock that is set back is told of, and rests last no longer than stated from then', () => {
  const offers = { ...OFFERS, offers: OFFERS.offers.filter(({ id }) => id === 'welcome') };
  const told = [view('10d'), { at: '10d', outcome: 'dismissed', offer: 'welcome' }, view('1d'), { at: '7d23h', decide: 'hero', expect: null }, { at: '8d', decide: 'hero', expect: 'welcome' }];
  const { status, stderr } = maitre(['replay', 'offers.json', 'back.json'], { 'offers.json': offers, 'back.json': journey(told, { consent: 'profile' }) });
  assert.equal(stderr[0], 'back.json: the clock is set back, to `1d`');
  assert.equal(status, 0, stderr.join('\n'));
});

test('the same journey is told the same way twice', () => {
  const files = { 'offers.json': OFFERS, 'journey.json': journey(TWO_VIEWS, { consent: 'profile' }) };
  const once = maitre(['replay', 'offers.json', 'journey.json'], files);
  assert.deepEqual(maitre(['replay', 'offers.json', 'journey.json'], files), once);
});

test('`snippet` prints the inline script as a tag, and the hash that a policy needs for what is in it', () => {
  const { status, stdout } = spawnSync(process.execPath, [CLI, 'snippet'], { encoding: 'utf8' });
  const [, script, hash] = /^<script>([^]*)<\/script>\n('sha256-\S+')\n$/.exec(stdout) ?? [];
  assert.equal(status, 0);
  assert.equal(script, readFileSync(new URL('../../pkg/snippet.js', import.meta.url), 'utf8'));
  assert.ok(Buffer.byteLength(script) < 1000);
  assert.equal(hash, `'sha256-${createHash('sha256').update(script).digest('base64')}'`);
  assert.deepEqual(maitre(['snippet', '--hash']).lines, [hash]);
  assert.equal(maitre(['snippet', 'page.html']).status, 2);
  assert.equal(maitre(['snippet', '--json']).status, 2);
});
