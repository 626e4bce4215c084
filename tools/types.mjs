// Rolls the declarations of a module and of what it imports up into one file, with what its public names need and no more.
// It reads what tsc emits, which is regular; what it can't carry over stops the build and says what to write instead.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HOUSE = fileURLToPath(new URL('..', import.meta.url));
const EMITTED = join(HOUSE, 'target/types');

const FROM = /^(import|export)\s+(?:type\s+)?(?:\{([^}]*)\}|(\*)|([\w$]+)|\*\s+as\s+[\w$]+)\s+from\s+['"]([^'"]+)['"];$/;
const BARE_IMPORT = /^import\s+['"][^'"]+['"];$/;
const LOCAL_EXPORT = /^export\s+(?:type\s+)?\{([^}]*)\};$/;
const DECLARATION = /^(export\s+)?(default\s+)?(?:declare\s+)?(?:abstract\s+)?(const|let|var|function|class|interface|type|enum|namespace)\s+([\w$]+)/;
// These end with their closing brace, all others with a semicolon.
const BRACED = new Set(['class', 'interface', 'enum', 'namespace', 'global']);

/** The declarations of `entry` (a path such as "js/index.ts") as one text. */
export function declarations(entry) {
  emit();
  const modules = new Map();
  const open = (file) => modules.get(file) ?? modules.set(file, read(file)).get(file);

  const start = join(EMITTED, `${basename(entry, '.ts')}.d.ts`);
  const public_ = exported(start, open);
  const queue = [...public_].map((name) => resolve(start, name, open));
  const wanted = new Map();
  while (queue.length > 0) {
    const found = queue.shift();
    if (wanted.get(found.name)?.file === found.file) continue;
    if (wanted.has(found.name)) refuse(found.file, `"${found.name}" is declared in another module too: give one of them its own name`);
    wanted.set(found.name, found);
    const { declared, imported } = open(found.file);
    for (const name of identifiers(found.texts.join('\n'))) {
      if (declared.has(name) || imported.has(name)) queue.push(resolve(found.file, name, open));
    }
  }

  const text = [...wanted.values()].flatMap(({ name, texts }) => texts.map((each) => (public_.has(name) ? withExport(each) : each)));
  return `${[...text, 'export {};'].join('\n\n')}\n`;
}

function emit() {
  rmSync(EMITTED, { recursive: true, force: true });
  const options = ['--noEmit', 'false', '--declaration', '--emitDeclarationOnly', '--rootDir', 'js', '--outDir', EMITTED];
  const done = spawnSync(join(HOUSE, 'node_modules/.bin/tsc'), options, { cwd: HOUSE, stdio: 'inherit' });
  if (done.status !== 0) throw new Error('types: tsc found errors');
}

function read(file) {
  if (!existsSync(file)) throw new Error(`types: tsc emitted no ${file}`);
  const module = { declared: new Map(), imported: new Map(), exported: new Set(), passedOn: new Map(), starred: [] };
  for (const { comment, code } of statements(readFileSync(file, 'utf8'))) {
    const from = FROM.exec(code);
    const declaration = DECLARATION.exec(code);
    if (from) {
      const [, verb, names, star, , path] = from;
      if (!path.startsWith('.')) refuse(file, `it names "${path}", which whoever installs the package may not have`);
      const source = join(dirname(file), `${path.replace(/\.js$/, '')}.d.ts`);
      if (star) module.starred.push(source);
      else if (names === undefined) refuse(file, `import by name instead: ${code}`);
      else for (const name of plainNames(names, file)) (verb === 'import' ? module.imported : module.passedOn).set(name, source);
    } else if (LOCAL_EXPORT.test(code)) {
      for (const name of plainNames(LOCAL_EXPORT.exec(code)[1], file)) module.exported.add(name);
    } else if (declaration) {
      const [, isExported, isDefault, , name] = declaration;
      if (isDefault) refuse(file, `export it by name instead: ${name}`);
      if (/\bimport\(/.test(code)) refuse(file, `"${name}" has an inferred type from another module: write its type down`);
      if (isExported) module.exported.add(name);
      const text = comment + code.replace(/^export\s+/, '');
      module.declared.set(name, [...(module.declared.get(name) ?? []), text]);
    } else if (!BARE_IMPORT.test(code)) {
      // Such as an addition to the global scope, which belongs to no name: it stays with this house.
      if (!/^declare\s+global\b/.test(code)) refuse(file, `this can't be carried over: ${code.split('\n')[0]}`);
    }
  }
  return module;
}

function plainNames(list, file) {
  return list
    .split(',')
    .map((name) => name.trim().replace(/^type\s+/, ''))
    .filter(Boolean)
    .map((name) => (/\s/.test(name) ? refuse(file, `keep one name throughout: ${name}`) : name));
}

function exported(file, open) {
  const module = open(file);
  const names = new Set([...module.exported, ...module.passedOn.keys()]);
  for (const source of module.starred) for (const name of exported(source, open)) names.add(name);
  return names;
}

function resolve(file, name, open) {
  const module = open(file);
  if (module.declared.has(name)) return { file, name, texts: module.declared.get(name) };
  const source = module.imported.get(name) ?? module.passedOn.get(name) ?? module.starred.find((other) => exported(other, open).has(name));
  return source ? resolve(source, name, open) : refuse(file, `"${name}" is declared nowhere`);
}

function withExport(text) {
  return text.replace(/^((?:\s*\/\*[\s\S]*?\*\/\s*|\s*\/\/.*\n)*)/, '$1export ');
}

function identifiers(text) {
  return new Set(text.replace(/\/\*[\s\S]*?\*\/|\/\/.*|'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"/g, ' ').match(/[A-Za-z_$][\w$]*/g));
}

/** The top-level statements of a declaration file, each with the comments before it. */
function* statements(text) {
  const token = /\/\*[\s\S]*?\*\/\s*|\/\/.*\n\s*|'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`(?:\\.|[^`\\])*`|[{}()[\];]|[\w$]+|\s+|[^]/gy;
  let comment = '';
  let code = '';
  let depth = 0;
  let braced = false;
  for (const [piece] of text.matchAll(token)) {
    if (code === '') {
      if (piece.startsWith('/*') || piece.startsWith('//')) {
        comment += piece;
        continue;
      }
      if (/^\s+$/.test(piece)) continue;
    }
    code += piece;
    if (depth === 0 && BRACED.has(piece)) braced = true;
    if (/^[{([]$/.test(piece)) depth += 1;
    if (/^[})\]]$/.test(piece)) depth -= 1;
    if (depth === 0 && (piece === ';' || (piece === '}' && braced))) {
      yield { comment, code };
      comment = code = '';
      braced = false;
    }
  }
}

function refuse(file, why) {
  throw new Error(`types: js/${basename(file, '.d.ts')}.ts: ${why}`);
}
