// What a script can reach, as its syntax tells: which names it takes from outside, and what it takes from them.

import { parse } from 'acorn';

/** By these a script could get at more than is good; what it takes from them has to be told by name. */
const STRICT = new Set(['console', 'crypto', 'customElements', 'history', 'indexedDB', 'location', 'navigator', 'performance', 'screen']);
/** These are passed about, to listen on. */
const PAGE = new Set(['document', 'window']);

/**
 * `names`: what is taken from outside; `taken`: `navigator.language` and the like; `properties`: every property that is named, of whatever;
 * `imports`: what is imported, static or not; `calls`: the names from outside that are called; `loose`: what could hide something.
 */
export function reachOf(text) {
  const used = [];
  const declared = new Set();
  const reach = { names: new Set(), taken: new Set(), properties: new Set(), imports: [], calls: [], loose: [] };

  /** The names that a pattern declares. */
  const declare = (pattern) => {
    if (!pattern) return;
    if (pattern.type === 'Identifier') declared.add(pattern.name);
    for (const property of pattern.properties ?? []) declare(property.value ?? property.argument);
    for (const element of pattern.elements ?? []) declare(element);
    if (pattern.type === 'AssignmentPattern') declare(pattern.left);
    if (pattern.type === 'RestElement') declare(pattern.argument);
  };

  const visit = (node, parent, key) => {
    if (node.type === 'VariableDeclarator' || node.type.startsWith('Class') || node.type.includes('Function')) declare(node.id);
    if (node.type.includes('Function')) node.params.forEach(declare);
    if (node.type === 'CatchClause') declare(node.param);
    if (/^Import.*Specifier$/.test(node.type)) declare(node.local);

    if (/^Import(Declaration|Expression)$/.test(node.type) || (/^Export(Named|All)/.test(node.type) && node.source)) {
      if (node.source.type === 'Literal') reach.imports.push(node.source.value);
      else reach.loose.push('import()');
    }
    if (node.type === 'MemberExpression' && (!node.computed || typeof node.property.value === 'string')) {
      reach.properties.add(node.property.name ?? node.property.value);
    }
    if (/^(Property|MethodDefinition|PropertyDefinition)$/.test(node.type) && !node.computed && node.kind !== 'constructor') reach.properties.add(String(node.key.name ?? node.key.value));

    const changed = node.type === 'AssignmentExpression' ? node.left : node.type === 'UpdateExpression' ? node.argument : undefined;
    if (STRICT.has(changed?.name) || STRICT.has(changed?.object?.name) || PAGE.has(changed?.object?.name)) reach.loose.push(`${changed.name ?? changed.object.name} =`);

    const isLabel = (key === 'property' && parent.type === 'MemberExpression' && !parent.computed) || (key === 'key' && !parent.computed) || /^(exported|imported|label)$/.test(key);
    if (node.type === 'Identifier' && !isLabel && parent.type !== 'MetaProperty') used.push([node, parent, key]);

    for (const [name, value] of Object.entries(node)) {
      for (const child of Array.isArray(value) ? value : [value]) if (typeof child?.type === 'string') visit(child, node, name);
    }
  };
  visit(parse(text, { ecmaVersion: 'latest', sourceType: 'module', allowHashBang: true }), {}, '');

  for (const [node, parent, key] of used) {
    const { name } = node;
    if (declared.has(name)) continue;
    reach.names.add(name);
    if (key === 'callee' || (key === 'tag' && parent.type === 'TaggedTemplateExpression')) reach.calls.push(name);
    else if (name === 'fetch') reach.loose.push('fetch');
    if (!STRICT.has(name) && !PAGE.has(name)) continue;
    const { callee } = parent;
    if (parent.type === 'MemberExpression' && key === 'object') {
      if (parent.computed) reach.loose.push(`${name}[]`);
      else reach.taken.add(`${name}.${parent.property.name}`);
    } else if (parent.type === 'VariableDeclarator' && parent.id.type === 'ObjectPattern') {
      for (const { type, computed, key } of parent.id.properties) {
        if (type !== 'Property' || computed) reach.loose.push(`{…} = ${name}`);
        else reach.taken.add(`${name}.${key.name ?? key.value}`);
      }
    } else if (callee?.object?.name === 'Reflect' || callee?.object?.name === 'Object') reach.loose.push(`${callee.object.name}.${callee.property.name}(${name})`);
    else if (STRICT.has(name)) reach.loose.push(name);
  }
  // Any of these would hide what it is called after.
  for (const name of declared) if (STRICT.has(name) || PAGE.has(name) || /^(fetch|globalThis|self|eval|Function)$/.test(name)) reach.loose.push(`a ${name} of its own`);
  return reach;
}
