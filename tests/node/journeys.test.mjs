// What a journey can tell of overlays, signals, pages, interests and time zones; each journey is played by the command.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('../../pkg/cli.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'maitre-journeys-'));
after(() => rmSync(folder, { recursive: true }));

const START = '2026-11-20T10:00:00+01:00';
const content = (template, title = 'Stay a while') => ({ template, title });
const offer = (id, placement, more = {}) => ({ id, placement, content: content('card', id), ...more });
const over = (id, trigger, more = {}) => offer(id, 'pop', { content: content('modal', id), ...(trigger && { trigger }), ...more });
const house = (offers, more = {}) => ({ placements: { hero: {}, aside: { take: 2 }, pop: { kind: 'overlay' } }, ...more, offers });
const view = (at, more = {}) => ({ at, page: { path: '/', ...more } });

/** Plays one journey. */
function play(offers, steps, more = {}) {
  writeFileSync(join(folder, 'offers.json'), JSON.stringify(offers));
  writeFileSync(join(folder, 'story.json'), JSON.stringify({ start: START, ...more, steps }));
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, 'replay', 'offers.json', 'story.json'], { cwd: folder, encoding: 'utf8' });
  return { status, lines: stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line)), stderr: stderr.split('\n').filter(Boolean) };
}
/** What was raised and decided, in order: `at what`. */
function told(offers, steps, more) {
  const { status, lines, stderr } = play(offers, steps, more);
  assert.notEqual(status, 2, stderr.join('\n'));
  return lines.map(({ at, raised, decision }) => `${at} ${raised === undefined ? JSON.stringify(decision) : raised}`);
}

// ── signals and what they raise ──────────────────────────────────────────────────────────────────────────────────────

const SIGNALS = [
  ['exit_intent', 'exit_intent', ['return_to_tab', { scroll: 1 }]],
  ['return_to_tab', 'return_to_tab', ['exit_intent', { idle: '1h' }]],
  [{ scroll: 0.6 }, { scroll: 0.6 }, [{ scroll: 0 }, { scroll: 0.59 }]],
  [{ scroll: 0.6 }, { scroll: 1 }, ['exit_intent']],
  [{ idle: '30s' }, { idle: '30s' }, [{ idle: '29s' }, { dwell: '5m' }]],
  [{ dwell: '40s' }, { dwell: '41s' }, [{ dwell: '39s' }, { idle: '5m' }]],
];
for (const [trigger, signal, others] of SIGNALS) {
  test(`an overlay that waits for ${JSON.stringify(trigger)} is raised by ${JSON.stringify(signal)} and not before`, () => {
    const steps = [view('0s'), ...others.map((other, i) => ({ at: `${i + 1}s`, signal: other, expect: { pop: null } })), { at: '1m', signal, expect: { pop: 'stay' } }];
    const { status, lines, stderr } = play(house([over('stay', trigger)]), steps, { name: 'leaving' });
    assert.equal(status, 0, stderr.join('\n'));
    assert.deepEqual(lines, [{ journey: 'leaving', file: 'story.json', at: '1m', signal, placement: 'pop', raised: 'stay', expect: 'stay', ok: true }]);
    assert.deepEqual(stderr, ['1 journey, 1 decision, all as expected']);
  });
}

test('any of several triggers will do', () => {
  const offers = house([over('stay', { on: ['exit_intent', { dwell: '40s' }] })]);
  assert.deepEqual(told(offers, [view('0s'), { at: '40s', signal: { dwell: '40s' } }]), ['40s stay']);
  assert.deepEqual(told(offers, [view('0s'), { at: '4s', signal: 'exit_intent' }]), ['4s stay']);
});

test('a page, an event, what is said of the visitor and an outcome raise, too', () => {
  const offers = house(
    [
      over('hello', 'page_view', { eligible: { 'page.path': '/hello' } }),
      over('cart', { event: 'add_to_cart', where: { price: { $gt: 50 } } }),
      over('pro', undefined, { eligible: { 'user.plan': 'pro' } }),
      over('thanks', undefined, { eligible: { 'offer.hi.clicks': { $gte: 1 } } }),
      offer('hi', 'hero'),
    ],
  );
  const { status, lines } = play(offers, [
    view('0s'),
    { at: '1s', event: 'add_to_cart', with: { price: 50 }, expect: { pop: null } },
    { at: '2s', event: 'add_to_cart', with: { price: 51 }, expect: { pop: 'cart' } },
    { at: '3s', outcome: 'dismissed', offer: 'cart' },
    { at: '4s', page: { path: '/hello' }, expect: { pop: 'hello' } },
    { at: '5s', page: { path: '/' } },
    { at: '6s', outcome: 'clicked', offer: 'hi', expect: { pop: 'thanks' } },
    { at: '7s', page: { path: '/' }, expect: { pop: null } },
    { at: '8s', user: { plan: 'pro' }, expect: { pop: 'pro' } },
  ]);
  const occasions = lines.map(({ journey, file, placement, expect, ok, ...rest }) => rest);
  assert.deepEqual(occasions, [
    { at: '2s', event: 'add_to_cart', raised: 'cart' },
    { at: '4s', page: '/hello', raised: 'hello' },
    { at: '6s', outcome: 'clicked', offer: 'hi', raised: 'thanks' },
    { at: '8s', user: { plan: 'pro' }, raised: 'pro' },
  ]);
  assert.equal(status, 0);
});

test('an overlay without a trigger appears with the page; asking for it raises nothing', () => {
  const offers = house([over('now', undefined)]);
  const steps = [{ at: '0s', decide: 'pop', expect: 'now' }, { at: '0s', decide: 'pop', expect: 'now' }, view('1s')];
  assert.deepEqual(told(offers, steps), ['0s "now"', '0s "now"', '1s now']);
});

// ── while one is up ──────────────────────────────────────────────────────────────────────────────────────────────────

const TWO = house([over('first', undefined, { value: { site: 2 } }), over('second', 'exit_intent')]);

for (const answer of ['dismissed', 'clicked', 'closed']) {
  test(`one overlay at a time: the next is raised when the first is ${answer}`, () => {
    const rest = { after: ['dismissed', 'clicked'].includes(answer) ? answer : 'exposed', for: '7d' };
    const offers = house([over('first', undefined, { value: { site: 2 }, rest }), over('second', 'exit_intent')]);
    const steps = [
      { ...view('0s'), expect: { pop: 'first' } },
      { at: '1s', signal: 'exit_intent', expect: { pop: null } },
      { at: '2s', outcome: 'exposed', offer: 'first', expect: { pop: null } },
      { at: '3s', outcome: answer, offer: 'first', expect: { pop: 'second' } },
    ];
    const { status, lines } = play(offers, steps);
    assert.equal(status, 0, JSON.stringify(lines));
    assert.deepEqual(lines.map(({ at, raised }) => `${at} ${raised}`), ['0s first', '3s second']);
  });
}

test('what another offer went through does not take an overlay down', () => {
  const offers = house([...TWO.offers, offer('hi', 'hero')]);
  const steps = [view('0s'), { at: '1s', signal: 'exit_intent' }, { at: '2s', outcome: 'dismissed', offer: 'hi' }, { at: '3s', outcome: 'converted', offer: 'first' }];
  assert.deepEqual(told(offers, steps), ['0s first']);
});

test('the next page closes an overlay', () => {
  const offers = house([over('first', undefined, { cap: { exposures: 1 } })]);
  const steps = [view('0s'), view('10s'), { at: '11s', outcome: 'exposed', offer: 'first' }, view('20s')];
  assert.deepEqual(told(offers, steps, { consent: 'profile' }), ['0s first', '10s first']);
  assert.deepEqual(told(offers, steps, { consent: 'memory' }), ['0s first', '10s first', '20s first']);
});

test('an overlay goes when consent is taken back: the page is seen anew, or nothing is decided any more', () => {
  const offers = house([over('first', undefined), over('second', 'exit_intent', { value: { site: 2 } })]);
  const steps = [view('0s'), { at: '1s', consent: 'memory' }, { at: '2s', consent: 'off' }, { at: '3s', signal: 'exit_intent' }, { at: '4s', consent: 'profile' }];
  const { lines } = play(offers, steps, { consent: 'profile' });
  assert.deepEqual(lines.map(({ at, consent, raised }) => [at, consent, raised]), [['0s', undefined, 'first'], ['1s', 'memory', 'first'], ['4s', 'profile', 'first']]);
});

test('a trigger that fired counts on the next page as far as anything is remembered; appearing uses it up', () => {
  const offers = house([over('stay', 'exit_intent', { eligible: { 'page.path': '/cart' } })]);
  const steps = [view('0s'), { at: '1s', signal: 'exit_intent', expect: { pop: null } }, { at: '2s', page: { path: '/cart' } }, view('3s'), { at: '4s', page: { path: '/cart' } }];
  assert.deepEqual(told(offers, steps, { consent: 'profile' }), ['2s stay']);
  assert.deepEqual(told(offers, steps, { consent: 'visit' }), ['2s stay']);
  assert.deepEqual(told(offers, steps, { consent: 'memory' }), []);
});

test('a trigger that fired is over with the visit', () => {
  const offers = house([over('stay', 'exit_intent', { eligible: { 'page.path': '/cart' } })]);
  const steps = [view('0s'), { at: '1s', signal: 'exit_intent' }, { at: '1d', page: { path: '/cart' } }];
  assert.deepEqual(told(offers, steps, { consent: 'profile' }), []);
});

test('dwell adds up over the pages of a visit', () => {
  const offers = house([over('stay', { dwell: '40s' })]);
  const steps = [view('0s'), { at: '30s', signal: { dwell: '30s' } }, view('31s'), { at: '40s', signal: { dwell: '9s' } }, { at: '41s', signal: { dwell: '10s' } }];
  assert.deepEqual(told(offers, steps, { consent: 'profile' }), ['41s stay']);
});

test('without consent to observe, nothing is raised', () => {
  const steps = [{ ...view('0s'), expect: { pop: null } }, { at: '1s', signal: 'exit_intent', expect: { pop: null, hero: null } }];
  assert.deepEqual(told(house([...TWO.offers, offer('hi', 'hero')]), steps, { consent: 'off' }), ['1s null']);
});

// ── expectations ─────────────────────────────────────────────────────────────────────────────────────────────────────

test('an overlay that was expected and not raised is told, with what it would have taken', () => {
  const { status, lines, stderr } = play(house([over('stay', 'exit_intent')]), [view('0s'), { at: '3s', signal: { dwell: '3s' }, expect: { pop: 'stay' } }]);
  assert.equal(status, 1);
  const [{ explanation, ...line }, ...others] = lines;
  assert.deepEqual(line, { journey: 'story', file: 'story.json', at: '3s', signal: { dwell: '3s' }, placement: 'pop', raised: null, expect: 'stay', ok: false });
  assert.equal(explanation.offers[0].offer, 'stay');
  assert.match(JSON.stringify(explanation.offers[0].failed), /exit/);
  assert.deepEqual(others, []);
  assert.deepEqual(stderr, ['1 journey, 1 decision, 1 not as expected']);
});

test('an overlay that was not expected is told, as it was when it was raised', () => {
  const { status, lines } = play(house([over('stay', 'exit_intent')]), [view('0s'), { at: '3s', signal: 'exit_intent', expect: { pop: null } }]);
  assert.equal(status, 1);
  const [{ raised, expect, ok, explanation }] = lines;
  assert.deepEqual({ raised, expect, ok, shows: explanation.shows }, { raised: 'stay', expect: null, ok: false, shows: ['stay'] });
});

test('of several overlay placements each is answered for by itself, and one that is up keeps the others down', () => {
  const placements = { pop: { kind: 'overlay' }, note: { kind: 'overlay' } };
  const offers = house([over('stay', 'exit_intent'), offer('news', 'note', { content: content('toast') })], { placements });
  const { status, lines } = play(offers, [{ ...view('0s'), expect: { pop: null, note: 'news' } }, { at: '1s', signal: 'exit_intent', expect: { pop: 'stay', note: null } }]);
  assert.equal(status, 1);
  assert.deepEqual(lines.map(({ at, placement, raised, ok }) => [at, placement, raised, ok]), [['0s', 'note', 'news', true], ['1s', 'pop', null, false]]);
  assert.deepEqual(lines[1].explanation.shows, []);
});

test('what is expected of a place on the page is what it would show right after the step', () => {
  const offers = house([
    offer('hi', 'hero', { rest: { after: 'dismissed', for: '7d' } }),
    offer('a', 'aside'),
    offer('b', 'aside', { eligible: { $did: { event: 'view_item' } } }),
    offer('pro', 'hero', { value: { site: 1 }, eligible: { 'user.plan': 'pro' } }),
  ]);
  const steps = [
    { ...view('0s'), expect: { hero: 'hi', aside: ['a'] } },
    { at: '1s', event: 'view_item', expect: { aside: ['a', 'b'] } },
    { at: '2s', outcome: 'dismissed', offer: 'hi', expect: { hero: null } },
    { at: '3s', user: { plan: 'pro' }, expect: { hero: 'pro', pop: null } },
  ];
  const { status, lines } = play(offers, steps);
  assert.equal(status, 0);
  assert.deepEqual(lines.map(({ at, placement, decision }) => [at, placement, decision]), [
    ['0s', 'hero', 'hi'],
    ['0s', 'aside', ['a']],
    ['1s', 'aside', ['a', 'b']],
    ['2s', 'hero', null],
    ['3s', 'hero', 'pro'],
  ]);
  assert.equal(lines[2].event, 'view_item');

  const missed = play(offers, [{ ...view('0s'), expect: { hero: null } }]);
  assert.equal(missed.status, 1);
  assert.deepEqual([missed.lines[0].decision, missed.lines[0].ok, missed.lines[0].explanation.shows], ['hi', false, ['hi']]);
});

// ── pages ────────────────────────────────────────────────────────────────────────────────────────────────────────────

test('a page can say which placements it has: an offer appears once on a page', () => {
  const offers = house([offer('both', ['hero', 'aside'], { value: { site: 2 } }), offer('a', 'aside'), offer('h', 'hero')]);
  const on = (...placements) => (told(offers, [view('0s', placements.length ? { placements } : {}), { at: '1s', decide: 'aside' }])[0]);
  assert.equal(on(), '1s ["a"]');
  assert.equal(on('hero', 'aside'), '1s ["a"]');
  assert.equal(on('aside'), '1s ["both","a"]');
});

test('the placements of a page are those of that page only', () => {
  const offers = house([offer('both', ['hero', 'aside'], { value: { site: 2 } }), offer('a', 'aside')]);
  const steps = [view('0s', { placements: ['aside'] }), { at: '1s', decide: 'aside', expect: ['both', 'a'] }, view('2s'), { at: '3s', decide: 'aside', expect: ['a'] }];
  assert.equal(play(offers, steps).status, 0);
});

// ── the visitor's own time zone ──────────────────────────────────────────────────────────────────────────────────────

test("a visitor's clock is where the story starts, or in the time zone it names", () => {
  const at = (hour) => house([offer('now', 'hero', { eligible: { 'time.hour': hour } })], { site: { timezone: 'visitor' } });
  const clock = [view('0s'), { at: '1s', decide: 'hero', expect: 'now' }];
  const zones = [
    [{}, 10],
    [{ start: '2026-11-20T10:00:00Z' }, 10],
    [{ start: '2026-11-20T23:30:00-05:30' }, 23],
    [{ timezone: 'America/New_York' }, 4],
    [{ timezone: 'Asia/Kolkata' }, 14],
    [{ timezone: '+13:00' }, 22],
  ];
  for (const [more, hour] of zones) assert.equal(play(at(hour), clock, more).status, 0, JSON.stringify(more));
});

test('a named time zone has its summer time, an offset has none', () => {
  const offers = house([offer('noon', 'hero', { eligible: { 'time.hour': 12 } })], { site: { timezone: 'visitor' } });
  // 29 March 2026, 02:00: clocks in Paris go on to 03:00.
  const steps = [view('0s'), { at: '12h', decide: 'hero' }, { at: '11h', decide: 'hero' }];
  const start = '2026-03-29T00:00:00+01:00';
  assert.deepEqual(told(offers, steps, { start }), ['12h "noon"', '11h null']);
  assert.deepEqual(told(offers, steps, { start, timezone: 'Europe/Paris' }), ['12h null', '11h "noon"']);
});

// ── interests ────────────────────────────────────────────────────────────────────────────────────────────────────────

test('a topic that the visitor mutes counts for nothing until it is unmuted, and begins anew then', () => {
  const interests = { running: { halfLife: '14d', from: [{ event: 'view_item', add: 1 }] } };
  const offers = house([offer('run', 'hero', { eligible: { 'interest.running': { $gte: 0.9 } } })], { interests });
  const steps = [
    view('0s'),
    { at: '1s', event: 'view_item', expect: { hero: 'run' } },
    { at: '2s', mute: 'running', expect: { hero: null } },
    { at: '3s', event: 'view_item', expect: { hero: null } },
    view('4s'),
    { at: '5s', decide: 'hero', expect: null },
    { at: '6s', unmute: 'running', expect: { hero: null } },
    { at: '7s', event: 'view_item', expect: { hero: 'run' } },
  ];
  const { status, lines } = play(offers, steps, { consent: 'profile' });
  assert.equal(status, 0, JSON.stringify(lines));
  assert.deepEqual([lines[1].mute, lines[4].unmute], ['running', 'running']);
});

// ── what is wrong ────────────────────────────────────────────────────────────────────────────────────────────────────

const STORIES = house([over('stay', 'exit_intent'), offer('hi', 'hero'), offer('a', 'aside', { fit: 'interest.running' })], {
  interests: { running: { from: [{ event: 'view_item', add: 1 }] } },
});
const page = (placements) => view('1s', { placements });
const BAD_STEPS = [
  [{ at: '1s', signal: 'exit_intend' }, /`signal` is `"exit_intend"`; write `"exit_intent"`, `"return_to_tab"`, `\{ "scroll": 0\.6 \}`/],
  [{ at: '1s', signal: { scroll: 0.5, idle: '3s' } }, /`signal` is `\{"scroll":0\.5,"idle":"3s"\}`; write/],
  [{ at: '1s', signal: { dwell: 40 } }, /`signal` is `\{"dwell":40\}`; write/],
  [{ at: '1s', signal: 'exit_intent', expect: 'stay' }, /`expect` is `"stay"`; write an object of placements, as in/],
  [{ at: '1s', event: 'view_item', expect: { popp: null } }, /there is no placement `popp`; did you mean `pop`\?/],
  [{ at: '1s', user: {}, expect: { pop: 'sty' } }, /`pop` names the unknown offer `sty`; did you mean `stay`\?/],
  [{ at: '1s', outcome: 'clicked', offer: 'hi', expect: { pop: ['stay', 'hi'] } }, /`pop` has 2 offers, but `pop` takes 1;/],
  [{ at: '1s', outcome: 'closed', offer: 'hi' }, /`hi` never appears over the page, so it is not `closed`; write `"dismissed"`/],
  [{ at: '1s', mute: 'runing' }, /there is no interest `runing`; did you mean `running`\?/],
  [{ at: '1s', unmute: 'swimming' }, /there is no interest `swimming`; known here: `running`/],
  [{ at: '1s', mute: true }, /`mute` is `true`; write the name of an interest/],
  [page('hero'), /`placements` is `"hero"`; write a list, as in `\["hero"\]`/],
  [page(['hero', 'asid']), /there is no placement `asid`; did you mean `aside`\?/],
  [page([3]), /`placements` has `3`; write the name of a placement/],
  [page(['pop']), /`pop` is an overlay, which appears over every page; leave it out/],
  [{ ...page(['hero']), expect: { aside: 'a' } }, /`aside` is not on the page at hand; add it to the page's `placements`/],
];
for (const [step, message] of BAD_STEPS) {
  test(`bad input: ${JSON.stringify(step)}`, () => {
    const { status, lines, stderr } = play(STORIES, [step]);
    assert.equal(status, 2);
    assert.deepEqual(lines, []);
    assert.equal(stderr.length, 1, stderr.join('\n'));
    assert.match(stderr[0], /^story\.json:\d+:\d+: step 1: .+; .+/);
    assert.match(stderr[0], message);
  });
}

for (const [timezone, message] of [
  ['Europe/Pariss', /`timezone` is `"Europe\/Pariss"`; did you mean `Europe\/Paris`\?/],
  ['visitor', /`timezone` is `"visitor"`; write an IANA name, as in `"Europe\/Paris"`, or an offset, as in `"\+01:00"`/],
  ['+25:00', /`timezone` is `"\+25:00"`; write an IANA name/],
  [1, /`timezone` is `1`; write an IANA name/],
]) {
  test(`bad input: a journey in the time zone ${JSON.stringify(timezone)}`, () => {
    const { status, stderr } = play(STORIES, [], { timezone });
    assert.equal(status, 2);
    assert.equal(stderr.length, 1, stderr.join('\n'));
    assert.match(stderr[0], message);
  });
}

test('a placement can only be asked about on the pages that have it', () => {
  const steps = [view('0s', { placements: ['hero'] }), { at: '1s', decide: 'aside' }, { at: '2s', decide: 'pop' }, view('3s'), { at: '4s', decide: 'aside' }];
  const { status, stderr } = play(STORIES, steps);
  assert.equal(status, 2);
  assert.equal(stderr.length, 1, stderr.join('\n'));
  assert.match(stderr[0], /step 2: `aside` is not on the page at hand;/);
});

test('all that is wrong is said in one go', () => {
  const steps = [page(['her', 'pop']), { at: '2s', signal: 'shout', expect: { hero: 'high', nowhere: null } }, { at: '3s', mute: 'x', expect: 1 }];
  const { status, stderr } = play(STORIES, steps, { timezone: 'Mars/Base' });
  assert.equal(status, 2);
  assert.equal(stderr.length, 8, stderr.join('\n'));
});
