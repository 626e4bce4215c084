// What the workload's conditions mean, as a tree the peers' translations start from, and evaluated plainly: the answer all have to give.
//
// A tree is `{ all: [tree] }`, `{ any: [tree] }`, `{ not: tree }` or a leaf `{ attribute, op, value }` with one of the ops below. What is missing meets
// `!=`, `not in` and `{ op: 'exists', value: false }`, and nothing else. Of a set, `in` asks for one common member, `not in` for none, `all` for every one.

const LEAVES = { $eq: '=', $ne: '!=', $gt: '>', $gte: '>=', $lt: '<', $lte: '<=', $in: 'in', $nin: 'not in', $all: 'all', $exists: 'exists' };
const OPPOSITE = { '=': '!=', '!=': '=', in: 'not in', 'not in': 'in' };

/** The tree of a condition in MongoDB's manner. */
export function treeOf(condition) {
  const parts = Object.entries(condition).flatMap(([key, wanted]) => {
    if (key === '$and') return wanted.map(treeOf);
    if (key === '$or') return [{ any: wanted.map(treeOf) }];
    if (key === '$nor') return wanted.map((part) => ({ not: treeOf(part) }));
    if (key === '$not') return [{ not: treeOf(wanted) }];
    if (wanted === null || typeof wanted !== 'object') return [{ attribute: key, op: '=', value: wanted }];
    return Object.entries(wanted).map(([sign, value]) => {
      if (!LEAVES[sign]) throw new Error(`the benchmark translates no \`${sign}\` (asked of \`${key}\`): add it to bench/condition.mjs and to every peer`);
      return { attribute: key, op: LEAVES[sign], value };
    });
  });
  return parts.length === 1 ? parts[0] : { all: parts };
}

/** Whether a tree holds for a visitor. */
export function holds(tree, visitor) {
  if (tree.all) return tree.all.every((part) => holds(part, visitor));
  if (tree.any) return tree.any.some((part) => holds(part, visitor));
  if (tree.not) return !holds(tree.not, visitor);
  const { op, value } = tree;
  const known = visitor[tree.attribute] ?? undefined;
  const meets = () => (Array.isArray(known) ? known.some((member) => value.includes(member)) : value.includes(known));
  switch (op) {
    case '=': return known === value;
    case '!=': return known !== value;
    case '>': return known > value;
    case '>=': return known >= value;
    case '<': return known < value;
    case '<=': return known <= value;
    case 'in': return known !== undefined && meets();
    case 'not in': return known === undefined || !meets();
    case 'all': return known !== undefined && value.every((member) => known.includes(member));
    case 'exists': return (known !== undefined) === value;
    default: throw new Error(`no such op: ${op}`);
  }
}

/**
 * The tree as a list of lists of leaves: it holds when all leaves of one list do; one of several values makes as many lists. `isNumber(attribute)`: it
 * always has a value, so that the opposite of a bound is a bound. For peers whose language has neither nesting nor lists.
 */
export function alternatives(tree, isNumber) {
  if (tree.any) return tree.any.flatMap((part) => alternatives(part, isNumber));
  if (tree.all) {
    return tree.all
      .map((part) => alternatives(part, isNumber))
      .reduce((left, right) => left.flatMap((one) => right.map((other) => [...one, ...other])), [[]]);
  }
  if (tree.not) return alternatives(opposite(tree.not, isNumber), isNumber);
  return tree.op === 'in' ? tree.value.map((value) => [{ ...tree, value: [value] }]) : [[tree]];
}

function opposite(tree, isNumber) {
  if (tree.any) return { all: tree.any.map((part) => ({ not: part })) };
  if (tree.all) return { any: tree.all.map((part) => ({ not: part })) };
  if (tree.not) return tree.not;
  const { attribute, op, value } = tree;
  if (op === 'all') return { any: value.map((member) => ({ attribute, op: 'not in', value: [member] })) };
  if (op === 'exists') return { attribute, op, value: !value };
  const turned = OPPOSITE[op] ?? (isNumber(attribute) && { '<': '>=', '>=': '<', '>': '<=', '<=': '>' }[op]);
  if (!turned) throw new Error(`\`${attribute}\` may be missing, so \`${op}\` has no opposite`);
  return { attribute, op: turned, value };
}

/** The offers of each slot, the most valuable first; ties stay in the order of the file. */
export function ranked({ offers, slots }) {
  const bySlot = new Map(slots.map((slot) => [slot, []]));
  for (const offer of offers) bySlot.get(offer.slot).push(offer);
  for (const list of bySlot.values()) list.sort((a, b) => b.value - a.value);
  return bySlot;
}

/** Decides by asking one offer after the other. */
export function naive(workload) {
  const bySlot = ranked(workload);
  for (const [slot, offers] of bySlot) bySlot.set(slot, offers.map(({ id, condition }) => ({ id, tree: treeOf(condition) })));
  return (slot, visitor) => bySlot.get(slot).find(({ tree }) => holds(tree, visitor))?.id ?? null;
}
