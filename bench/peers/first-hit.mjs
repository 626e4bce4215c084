// The frame for peers that say whether a condition holds, and no more: offers are shipped ranked, and the first that holds is the best.

import { ranked } from '../condition.mjs';

/** What is shipped: for each slot its offers, the most valuable first, each as `ship` has it. */
export const bySlot = (workload, ship) => Object.fromEntries([...ranked(workload)].map(([slot, offers]) => [slot, offers.map(ship)]));

/** Decides over `slots` by `fits(offer, visitor)`; what the visitor's attributes are is kept here. */
export class FirstHit {
  #slots;
  #fits;
  #visitor = {};

  constructor(slots, fits) {
    this.#slots = new Map(Object.entries(slots));
    this.#fits = fits;
  }

  visitor(known) {
    this.#visitor = known;
  }

  change(attribute, value) {
    this.#visitor[attribute] = value;
  }

  decide(slot) {
    for (const offer of this.#slots.get(slot)) if (this.#fits(offer, this.#visitor)) return offer.id;
    return null;
  }

  page() {
    const shown = [];
    for (const slot of this.#slots.keys()) shown.push(this.decide(slot));
    return shown;
  }
}
