// json-rules-engine: a rule for each offer, its rank as priority, and `stop()` at the first that holds. An almanac that reads the visitor's attributes
// where they are spares it the copy of 200 facts for each run; operators that it lacks, on sets, are added by the way it documents.

import { Almanac, Engine } from 'json-rules-engine';
import { treeOf } from '../condition.mjs';
import { setsOf } from './json-logic.mjs';
import { bySlot } from './first-hit.mjs';

const OPERATORS = { '=': 'equal', '!=': 'notEqual', '>': 'greaterThan', '>=': 'greaterThanInclusive', '<': 'lessThan', '<=': 'lessThanInclusive', in: 'in', 'not in': 'notIn', all: 'hasAll', exists: 'isThere' };
const OF_SETS = { in: 'hasOne', 'not in': 'hasNone' };
const ADDED = {
  hasOne: (members, wanted) => members.some((member) => wanted.includes(member)),
  hasNone: (members, wanted) => !members.some((member) => wanted.includes(member)),
  hasAll: (members, wanted) => wanted.every((member) => members.includes(member)),
  isThere: (value, wanted) => (value !== undefined) === wanted,
};

function conditionsOf(tree, isSet) {
  const of = (part) => conditionsOf(part, isSet);
  if (tree.all) return { all: tree.all.map(of) };
  if (tree.any) return { any: tree.any.map(of) };
  if (tree.not) return { not: of(tree.not) };
  const { attribute, op, value } = tree;
  return { fact: attribute, operator: (isSet(attribute) && OF_SETS[op]) || OPERATORS[op], value };
}

class Attributes extends Almanac {
  constructor(visitor) {
    super();
    this.visitor = visitor;
  }

  factValue(name) {
    return Promise.resolve(this.visitor[name]);
  }
}

class Decider {
  #visitor = {};
  #engines = new Map();

  constructor(slots) {
    for (const [slot, rules] of Object.entries(slots)) {
      const engine = new Engine(rules, { allowUndefinedFacts: true });
      for (const [name, holds] of Object.entries(ADDED)) engine.addOperator(name, holds);
      engine.on('success', () => engine.stop());
      this.#engines.set(slot, engine);
    }
  }

  visitor(known) {
    this.#visitor = known;
  }

  change(attribute, value) {
    this.#visitor[attribute] = value;
  }

  async decide(slot) {
    const { results } = await this.#engines.get(slot).run(undefined, { almanac: new Attributes(this.#visitor) });
    return results.length > 0 ? results[0].event.type : null;
  }

  async page() {
    const shown = [];
    for (const slot of this.#engines.keys()) shown.push(await this.decide(slot));
    return shown;
  }
}

export default {
  name: 'json-rules-engine',
  package: 'json-rules-engine',
  isAsync: true,
  source(workload) {
    const isSet = setsOf(workload);
    const slots = bySlot(workload, ({ id, condition }) => ({ conditions: conditionsOf(treeOf(condition), isSet), event: { type: id } }));
    for (const rules of Object.values(slots)) {
      rules.forEach((rule, i) => {
        rule.priority = rules.length - i;
        // Its rules begin with a list.
        if (!rule.conditions.all && !rule.conditions.any && !rule.conditions.not) rule.conditions = { all: [rule.conditions] };
      });
    }
    return JSON.stringify(slots);
  },
  load: (text) => new Decider(JSON.parse(text)),
};
