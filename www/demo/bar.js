// Demo only: the bar at the foot of every page. It moves the clock, plays what is hard to do by hand, sets the consent level,
// and shows what is known and why each placement shows what it shows. All is well without it.
import { el } from '../dom.js';

const KEYS = { clock: 'lopenfell.demo.clock', consent: 'lopenfell.demo.consent', outline: 'lopenfell.demo.outline', open: 'lopenfell.demo.open' };
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const STEPS = [['+30 min', 30 * MINUTE], ['+1 day', DAY], ['+3 days', 3 * DAY], ['+2 weeks', 14 * DAY], ['+10 weeks', 70 * DAY]];
const LETTER = '/?utm_source=letter&utm_medium=email';
const OVERLAY = 'overlay';
const LEVELS = [
  ['off', 'Off', 'observe nothing, decide nothing'],
  ['memory', 'This page only', 'nothing is stored'],
  ['visit', 'This visit', 'until the tab closes or the visit ends'],
  ['profile', 'Remember me', 'on this device, until forgotten'],
];
const STATUS = {
  up: 'over the page now',
  shown: 'shown',
  outranked: 'could be shown, another one goes before',
  ineligible: 'not for this visitor now',
  untriggered: 'waits for its moment',
  pressed: 'held back: enough for now',
  unscheduled: 'not at this time',
  capped: 'shown often enough',
  resting: 'resting',
  skipped: 'left out: its config has a problem',
};
const when = new Intl.DateTimeFormat('en', { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });

// Maitre's own script runs after this one, so the visitor's choice is on its tag in time.
const tag = document.querySelector('script[data-offers]');
const chosen = stored(KEYS.consent);
if (tag && LEVELS.some(([level]) => level === chosen)) tag.dataset.consent = chosen;

// The reasons of the moment an offer was chosen: once it has been seen, its cap may be used up.
const decided = new Map();
const why = el('div', { className: 'demo-why' });
const known = el('p', { className: 'demo-known' });
const state = el('span', { className: 'demo-state' });
const bar = el('details', { className: 'demo-bar' }, el('summary', {}, el('strong', {}, 'Demo'), state), panel());
document.body.append(el('aside', { 'aria-label': 'Demo controls' }, bar));

document.documentElement.classList.toggle('demo-outline', stored(KEYS.outline) === 'yes');
// On a phone the open bar would hide what the moved clock has changed.
if (matchMedia('(min-width: 48rem)').matches) bar.open = session(KEYS.open) === 'yes';
bar.addEventListener('toggle', () => {
  session(KEYS.open, bar.open ? 'yes' : null);
  refresh();
});
bar.addEventListener('keydown', ({ key }) => {
  if (key !== 'Escape' || !bar.open) return;
  bar.open = false;
  bar.querySelector('summary').focus();
});

refresh();
// Modules have run by then: Maitre's handle is there, or never will be.
addEventListener('DOMContentLoaded', () => {
  guarded(() => window.maitre?.on('decision', ({ placement }) => {
    // What appears over the page is told of after it came, so its reasons are kept from before.
    if (placement !== OVERLAY) decided.set(placement, explain(placement));
    refreshSoon();
  }));
  Promise.resolve(window.maitre).then(refreshSoon, refreshSoon);
});
// A click may have closed an offer.
addEventListener('click', refreshSoon);

function panel() {
  const ahead = clock();
  const steps = STEPS.map(([name, by]) => button(name, () => setClock(clock() + by)));
  const back = button('Back to now', () => setClock(0));
  back.disabled = ahead === 0;
  const letter = button('+10 weeks, by a letter', () => setClock(clock() + 70 * DAY, LETTER));

  const levels = LEVELS.map(([level, name, meaning]) => {
    const input = el('input', { type: 'radio', name: 'demo-consent', value: level, checked: tag?.dataset.consent === level });
    input.addEventListener('change', () => {
      stored(KEYS.consent, level);
      guarded(() => window.maitre?.consent(level, true));
      refreshSoon();
    });
    // From the panel of what is remembered.
    document.addEventListener('consent', ({ detail }) => {
      if (detail !== level) return;
      input.checked = true;
      stored(KEYS.consent, level);
      refreshSoon();
    });
    return el('label', {}, input, el('span', {}, name, el('small', {}, meaning)));
  });
  const outline = el('input', { type: 'checkbox', checked: stored(KEYS.outline) === 'yes' });
  outline.addEventListener('change', () => {
    stored(KEYS.outline, outline.checked ? 'yes' : null);
    document.documentElement.classList.toggle('demo-outline', outline.checked);
  });

  return el('div', { className: 'demo-panel' },
    el('div', { className: 'demo-controls' },
      el('section', {}, el('h2', {}, 'Move the clock'),
        el('p', {}, `For this shop it is ${when.format(Date.now())}. A visit ends after 30 quiet minutes.`),
        el('p', { className: 'demo-buttons' }, ...steps, letter, back)),
      el('section', {}, el('h2', {}, 'Moments'),
        el('p', { className: 'demo-buttons' }, ...(matchMedia('(pointer: coarse)').matches ? [] : [button('Pointer leaves', pointerLeaves)]), button('Back from another tab', backFromAnotherTab)),
        el('p', {}, 'Reading, scrolling and pausing are real: they take their time.')),
      el('section', {}, el('h2', {}, 'What is known'), known, el('p', {}, el('a', { href: '/remembered/' }, 'What we remember'))),
      el('fieldset', {}, el('legend', {}, 'What Maitre may keep'), ...levels,
        ...(navigator.globalPrivacyControl ? [el('p', {}, 'Your browser sends Global Privacy Control: nothing is kept beyond the page.')] : [])),
      el('section', {}, el('h2', {}, 'Begin again'),
        el('p', { className: 'demo-buttons' }, button('Forget me', forget), button('Start over', startOver)),
        el('p', {}, 'Forget me erases what Maitre keeps. Start over also empties the cart and sets the clock back. ', el('a', { href: '/about/#try' }, 'What to try')))),
    el('section', { className: 'demo-reasons' },
      el('h2', {}, 'Why this?'),
      el('label', {}, outline, el('span', {}, 'Outline the placements on the page')),
      why));
}

function refreshSoon() {
  requestAnimationFrame(refresh);
}

function refresh() {
  const explanations = new Map();
  for (const place of document.querySelectorAll('[data-placement]')) explanations.set(place.dataset.placement, explained(place));
  const inPage = explanations.size;
  explanations.set(OVERLAY, explain(OVERLAY));
  const filled = document.querySelectorAll('[data-maitre=offer]').length;
  const isTelling = [...explanations.values()].some((explanation) => explanation?.offers.length > 0);

  state.replaceChildren(
    ...(clock() > 0 ? [el('span', {}, `clock +${ahead(clock())}`)] : []),
    el('span', {}, isTelling ? `${filled} of ${inPage} placements show an offer` : 'fallbacks only'));

  if (!bar.open) return;
  known.replaceChildren(...whatIsKnown());
  if (!isTelling) {
    delete why.dataset.told;
    why.replaceChildren(el('p', {}, window.maitre ? 'Maitre is off, or still on its way.' : 'Maitre is not running here, so every placement shows its own fallback.'));
    return;
  }
  // Unchanged reasons stay as they are, with what is unfolded and focused in them.
  const told = JSON.stringify([...explanations]);
  if (told === why.dataset.told) return;
  why.dataset.told = told;
  const unfolded = new Set([...why.querySelectorAll('details[open]')].map((part) => part.dataset.of));
  why.replaceChildren(...[...explanations.values()].filter(Boolean).map((explanation) => placement(explanation, unfolded.has(explanation.placement))));
}

/** The stage is what the placement `stage`, which stands on the page /remembered/, would show. */
function whatIsKnown() {
  const stage = guarded(() => window.maitre.decide('stage').offer?.replace('stage-', ''));
  const topics = guarded(() => window.maitre.interests()) ?? [];
  return [['Stage', stage ?? 'none'], ...topics.map(({ title, score, muted }) => [title, muted ? 'left alone' : figure(score)])]
    .map(([name, value]) => el('span', {}, `${name} `, el('strong', {}, value)));
}

/** Why a place shows what it shows: as it was decided, unless an offer was closed since. */
function explained(place) {
  const shows = [...place.querySelectorAll(':scope > maitre-offer')].map((offer) => offer.dataset.offer);
  const then = decided.get(place.dataset.placement);
  return then?.shows.join() === shows.join() ? then : explain(place.dataset.placement);
}

function explain(name) {
  return guarded(() => {
    const explanation = window.maitre?.explain(name);
    return explanation?.offers ? explanation : undefined;
  });
}

function placement({ placement: name, onPage, offers }, unfold) {
  // What has come over the page has used up its moment: what would be decided now is another matter.
  const up = name === OVERLAY ? offers.filter(({ offer: id }) => onPage?.includes(id)) : [];
  const shown = [...up.map((each) => ({ ...each, status: 'up', failed: [], change: '' })), ...offers.filter((each) => each.status === 'shown' && !up.includes(each))];
  const others = offers.filter((each) => each.status !== 'shown' && !up.includes(each));
  const section = el('section', { className: 'demo-placement' }, el('h3', {}, name, el('small', {}, shown.length > 0 ? '' : name === OVERLAY ? 'shows nothing' : 'shows its fallback')));
  section.append(el('ul', {}, ...shown.map(offer)));
  if (others.length > 0) {
    section.append(el('details', { open: unfold, dataset: { of: name } },
      el('summary', {}, `${others.length} not shown`), el('ul', {}, ...others.map(offer))));
  }
  return section;
}

function offer({ offer: id, rank, fit, value, freshness, status, held, failed, change }) {
  const item = el('li', { dataset: { status } }, el('p', {}, el('strong', {}, id), el('span', { className: 'demo-status' }, STATUS[status] ?? status)));
  if (['shown', 'up', 'outranked'].includes(status)) {
    item.append(el('p', { className: 'demo-rank' }, `rank ${figure(rank)} = fit ${figure(fit)} × value ${figure(value)} × freshness ${figure(freshness)}`));
  }
  const reasons = [...failed.map((reason) => [reason, 'no']), ...held.map((reason) => [reason, 'yes'])];
  if (reasons.length > 0) item.append(el('ul', { className: 'demo-checks' }, ...reasons.map(check)));
  if (change) item.append(el('p', { className: 'demo-change' }, ...spoken(change.replace(/^show it: /, 'It would be shown if '))));
  return item;
}

function check([{ text, until }, held]) {
  return el('li', { className: held }, el('span', { className: 'visually-hidden' }, held === 'yes' ? 'holds: ' : 'does not hold: '),
    ...spoken(text), ...(until ? [` (until ${when.format(until)})`] : []));
}

/** Maitre's words, with what stands between backticks as code. */
function spoken(text) {
  return text.split('`').map((piece, index) => (index % 2 ? el('code', {}, piece) : piece));
}

function forget() {
  guarded(() => window.maitre?.forget());
  location.reload();
}

function startOver() {
  guarded(() => window.maitre?.forget());
  for (const storage of [() => localStorage, () => sessionStorage]) {
    guarded(() => Object.keys(storage()).filter((key) => key.startsWith('lopenfell.')).forEach((key) => storage().removeItem(key)));
  }
  location.assign('/');
}

function setClock(to, path) {
  stored(KEYS.clock, to > 0 ? String(to) : null);
  if (path) location.assign(path);
  else location.reload();
}

/** As when the pointer goes up to the tabs. On a touch screen the moment is a flick back to the top instead. */
function pointerLeaves() {
  document.documentElement.dispatchEvent(new MouseEvent('mouseout', { bubbles: true, clientY: -1 }));
}

function backFromAnotherTab() {
  for (const hidden of [true, false]) {
    Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  }
  delete document.hidden;
}

function figure(number) {
  return String(Math.round(number * 100) / 100);
}

function clock() {
  return Number(stored(KEYS.clock)) || 0;
}

function ahead(milliseconds) {
  const days = Math.floor(milliseconds / DAY);
  const hours = (milliseconds % DAY) / (60 * MINUTE);
  return [days && `${days} d`, hours && `${hours} h`].filter(Boolean).join(' ');
}

function button(name, does) {
  const control = el('button', { type: 'button' }, name);
  control.addEventListener('click', does);
  return control;
}

function stored(key, value) {
  return keep(() => localStorage, key, value);
}

function session(key, value) {
  return keep(() => sessionStorage, key, value);
}

/** Reads without a value, removes with null, writes otherwise. Blocked storage reads as nothing. */
function keep(storage, key, value) {
  return guarded(() => {
    if (value === undefined) return storage().getItem(key);
    return value === null ? storage().removeItem(key) : storage().setItem(key, value);
  });
}

function guarded(act) {
  try {
    return act();
  } catch {
    return undefined;
  }
}
