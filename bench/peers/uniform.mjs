// Uniform Context. A variation is personalised by a list of criteria that all have to hold, on quirks (equal or not) and on scores (compared with whole
// numbers), so:
//  - words and flags are quirks; figures are scores of an enrichment, in hundredths where they have decimals; each member of a set is a score of 1;
//  - alternatives, one of several values among them, are variations of their own, one after the other, with the offer's id. (An aggregate of several scores
//    would do for the latter; with 100 offers it takes the same time, with more much longer, since all are worked out anew at each change.)
// Scores are added to, never set, so a change is told as the difference. It is told only what some criterion asks about: its time grows with what it knows.

import { Context } from '@uniformdev/context';
import { alternatives, treeOf } from '../condition.mjs';
import { bySlot } from './first-hit.mjs';

const NO_CAP = 1e12;
const FIGURE = 'n';
const MEMBER = 'm';

/** What the site has to set up, collected while conditions are translated. */
class Setup {
  pz = { enr: { [FIGURE]: { cap: NO_CAP }, [MEMBER]: { cap: NO_CAP } } };
  /** What is told of an attribute: as a `figure`, in hundredths or not; as a `quirk`; and those `members` of a set that count. */
  told = {};
  #kinds;

  constructor(schema) {
    this.#kinds = new Map(schema.map((attribute) => [attribute.name, attribute]));
  }

  isNumber = (attribute) => this.#kinds.get(attribute).type === 'num';

  criteria({ attribute, op, value }) {
    const { type, float } = this.#kinds.get(attribute);
    const told = (this.told[attribute] ??= {});
    const quirk = (sign, wanted) => {
      told.quirk = true;
      return { t: 'q', l: attribute, op: sign, r: String(wanted) };
    };
    const member = (name) => {
      told.members ??= {};
      told.members[name] = true;
      return `${MEMBER}_${attribute}=${name}`;
    };

    if (type === 'num') {
      if (op === 'exists') throw new Error(`Uniform cannot tell whether a score (\`${attribute}\`) exists`);
      told.figure = float ? 100 : 1;
      return [{ l: `${FIGURE}_${attribute}`, op, r: Math.round(told.figure * value) }];
    }
    if (type === 'set') return value.map((name) => ({ l: member(name), op: op === 'not in' ? '=' : '>', r: 0 }));
    switch (op) {
      case 'exists': return [quirk(value ? '!=' : '=', '')];
      case 'not in': return value.map((one) => quirk('!=', one));
      case 'in': return [quirk('=', value[0])];
      default: return [quirk(op, value)];
    }
  }
}

class Decider {
  #context;
  #isFresh = true;
  #manifest;
  #placements;
  #told;
  #known = {};

  constructor({ manifest, placements, told }) {
    this.#manifest = manifest;
    this.#context = new Context({ manifest });
    this.#placements = new Map(Object.entries(placements));
    this.#told = new Map(Object.entries(told));
  }

  visitor(known) {
    if (!this.#isFresh) this.#context = new Context({ manifest: this.#manifest });
    this.#isFresh = false;
    this.#known = {};
    const update = { quirks: {}, enrichments: [] };
    for (const attribute of this.#told.keys()) this.#tell(update, attribute, known[attribute]);
    return this.#context.update(update);
  }

  change(attribute, value) {
    if (!this.#told.has(attribute)) return;
    const update = {};
    this.#tell(update, attribute, value);
    return this.#context.update(update);
  }

  #tell(update, attribute, value) {
    const before = this.#known[attribute];
    this.#known[attribute] = value;
    const { figure, quirk, members } = this.#told.get(attribute);
    const score = (cat, key, str) => {
      if (str) (update.enrichments ??= []).push({ cat, key, str });
    };
    const member = (name, str) => {
      if (members[name]) score(MEMBER, `${attribute}=${name}`, str);
    };
    if (figure) score(FIGURE, attribute, Math.round(figure * (value ?? 0)) - Math.round(figure * (before ?? 0)));
    if (quirk && (value !== undefined || before !== undefined)) (update.quirks ??= {})[attribute] = String(value ?? '');
    if (!members) return;
    const [gone, come] = [before ?? [], value ?? []];
    for (const name of gone) if (!come.includes(name)) member(name, -1);
    for (const name of come) if (!gone.includes(name)) member(name, 1);
  }

  observe(event) {
    return this.#context.update({ events: [{ event }] });
  }

  decide(slot) {
    return this.#context.personalize({ name: slot, variations: this.#placements.get(slot) }).variations[0]?.id ?? null;
  }

  page() {
    const shown = [];
    for (const slot of this.#placements.keys()) shown.push(this.decide(slot));
    return shown;
  }
}

export default {
  name: 'Uniform Context',
  package: '@uniformdev/context',
  isAsync: true,
  source(workload) {
    const setup = new Setup(workload.schema);
    const shipped = bySlot(workload, ({ id, condition }) =>
      alternatives(treeOf(condition), setup.isNumber).map((leaves) => ({ id, pz: { crit: leaves.flatMap((leaf) => setup.criteria(leaf)) } })),
    );
    const placements = Object.fromEntries(Object.entries(shipped).map(([slot, offers]) => [slot, offers.flat()]));
    return JSON.stringify({ manifest: { project: { pz: setup.pz } }, placements, told: setup.told });
  },
  load: (text) => new Decider(JSON.parse(text)),

  /** An event is a signal that adds 1 to its score, up to what any offer asks. */
  happeningSource(workload) {
    const sig = {};
    const placements = bySlot(workload, ({ id, event, times }) => {
      const cap = Math.max(times, sig[event]?.cap ?? 0);
      sig[event] = { str: 1, cap, dur: 'p', crit: { type: 'G', clauses: [{ type: 'EVT', event: { op: '=', rhs: event, cs: true } }] } };
      return { id, pz: { crit: [{ l: event, op: '>=', r: times }] } };
    });
    return JSON.stringify({ manifest: { project: { pz: { sig } } }, placements, told: {} });
  },
};
