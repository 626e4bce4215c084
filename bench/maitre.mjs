// Maitre, by the verbs that its page code uses: attributes told as JSON under `user.`, decisions read back with their contents.

import { begin } from 'maitre-core';

/** An hour that no rule asks about; each thing that happens comes a second after the one before. */
const START = Date.UTC(2026, 10, 20, 9);

/** The workload as an offers file. */
export function configOf({ offers, slots }) {
  return JSON.stringify({
    placements: Object.fromEntries(slots.map((slot) => [slot, {}])),
    offers: offers.map(({ id, slot, value, condition }) => ({ id, placement: slot, eligible: ofUser(condition), value: { site: value }, content: { template: 'card', title: id } })),
  });
}

/** The workload of events as an offers file. */
export function happeningConfigOf({ offers, slots }) {
  return JSON.stringify({
    placements: Object.fromEntries(slots.map((slot) => [slot, {}])),
    offers: offers.map(({ id, slot, value, event, times }) => ({
      id,
      placement: slot,
      eligible: { $did: { event, times: { $gte: times } } },
      value: { site: value },
      content: { template: 'card', title: id },
    })),
  });
}

/** The condition with its attributes under `user.`. */
function ofUser(condition) {
  return Object.fromEntries(
    Object.entries(condition).map(([key, wanted]) => {
      if (key === '$not') return [key, ofUser(wanted)];
      return key.startsWith('$') ? [key, wanted.map(ofUser)] : [`user.${key}`, wanted];
    }),
  );
}

class Decider {
  #core;
  #names;
  #page;
  #now = START;
  #isFresh = true;

  constructor({ Core, memory }, bytes, { schema = [], slots }) {
    this.memory = memory;
    this.empty = memory.buffer.byteLength;
    const core = new Core(bytes, 'UTC');
    this.#core = core;
    if (!core.isReadable()) throw new Error('the module does not read this plan: build both from the same sources');
    this.#names = schema.map(({ name }) => name);
    this.#page = Object.fromEntries(slots.map((slot) => [slot, null]));
    this.#arrive();
  }

  #arrive() {
    this.#core.page('{"path":"/"}', this.#now);
  }

  /** Somebody else comes; what they lack of the attributes that were told of the one before, they have to lose. */
  visitor(known) {
    if (!this.#isFresh) {
      this.#core.forget();
      this.#arrive();
    }
    this.#isFresh = false;
    const said = { ...known };
    for (const name of this.#names) said[name] ??= null;
    this.#core.user(JSON.stringify(said), (this.#now += 1000));
  }

  change(attribute, value) {
    this.#core.user(JSON.stringify({ [attribute]: value }), (this.#now += 1000));
  }

  observe(event) {
    this.#core.observe(event, '{}', (this.#now += 1000));
  }

  decide(slot) {
    const [offer] = this.#core.decide(slot, '', this.#now).offers;
    return offer ? offer.id : null;
  }

  page() {
    return this.#core.fill(this.#page, this.#now).map(({ offers: [offer] }) => (offer ? offer.id : null));
  }
}

/**
 * `module`: compiled; each visitor's page has an instance of its own, so each load begins one. That is not timed, as no peer's code is when it is evaluated:
 * what loads is `begin()`'s to tell apart (see bench/README.md).
 */
export const maitre = ({ name, module, source, happeningSource }) => ({
  name,
  source,
  happeningSource,
  ready: () => begin(module),
  load: (bytes, workload, instance = begin(module)) => new Decider(instance, bytes, workload),
});
