// What the documents point to is there.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const HOUSE = new URL('../../', import.meta.url);
const read = (file) => readFileSync(new URL(file, HOUSE), 'utf8');

test('every defence of docs/threats.md names a test that is there', () => {
  const named = [...read('docs/threats.md').matchAll(/“([^”]+)”\s+\(`([\w.]+)`\)/g)];
  assert.ok(named.length > 40, `${named.length} are named`);
  for (const [, title, name] of named) {
    const file = name.endsWith('.rs') ? `tests/${name}` : ['browser', 'node'].map((folder) => `tests/${folder}/${name}.test.mjs`).find((path) => existsSync(new URL(path, HOUSE)));
    assert.ok(file, `${name} is no file of tests/`);
    const text = read(file);
    const words = title.replace(/\s+/g, ' ');
    const isThere = name.endsWith('.rs') ? text.includes(`fn ${words}(`) : text.replace(/\\'/g, "'").split('\n').some((line) => /\btest\(/.test(line) && line.includes(words));
    assert.ok(isThere, `${file} has no test “${words}”`);
  }
});

test('every file that a document links to is there', () => {
  for (const document of ['README.md', 'SECURITY.md', 'docs/threats.md', 'docs/weight.md', 'bench/README.md']) {
    for (const [, link] of read(document).matchAll(/\]\(([^)#\s]+)[^)]*\)/g)) {
      if (!/^[a-z]+:/.test(link)) assert.ok(existsSync(new URL(link, new URL(document, HOUSE))), `${document} links to ${link}`);
    }
  }
});
