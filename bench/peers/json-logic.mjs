// json-logic-js: the conditions as its operations. What it has no operation for, members common to two lists, is added by the way it documents.

import jsonLogic from 'json-logic-js';
import { treeOf } from '../condition.mjs';
import { bySlot, FirstHit } from './first-hit.mjs';

const COMMON = 'has_one_of';
jsonLogic.add_operation(COMMON, (members, wanted) => members != null && members.some((member) => wanted.includes(member)));

/**
 * A tree as JsonLogic. `variable(attribute)`: where it is found; `meets(known, list)`: how a set is asked for one of a list.
 */
export function logicOf(tree, isSet, variable, meets) {
  const of = (part) => logicOf(part, isSet, variable, meets);
  if (tree.all) return { and: tree.all.map(of) };
  if (tree.any) return { or: tree.any.map(of) };
  if (tree.not) return { '!': [of(tree.not)] };
  const { attribute, op, value } = tree;
  const known = { var: variable(attribute) };
  const isIn = () => (isSet(attribute) ? meets(known, value) : { in: [known, value] });
  switch (op) {
    case '=': return { '===': [known, value] };
    case '!=': return { '!==': [known, value] };
    case 'in': return isIn();
    case 'not in': return { '!': [isIn()] };
    case 'all': return { and: value.map((member) => ({ in: [member, known] })) };
    case 'exists': return { [value ? '!=' : '==']: [known, null] };
    default: return { [op]: [known, value] };
  }
}

/** Which attributes are sets. */
export const setsOf = ({ schema }) => {
  const names = new Set(schema.filter(({ type }) => type === 'set').map(({ name }) => name));
  return (attribute) => names.has(attribute);
};

export default {
  name: 'json-logic-js',
  package: 'json-logic-js',
  source(workload) {
    const isSet = setsOf(workload);
    const meets = (known, list) => ({ [COMMON]: [known, list] });
    return JSON.stringify(bySlot(workload, ({ id, condition }) => ({ id, rule: logicOf(treeOf(condition), isSet, (name) => name, meets) })));
  },
  load: (text) => new FirstHit(JSON.parse(text), ({ rule }, visitor) => jsonLogic.apply(rule, visitor)),
};
