// The functions of a WebAssembly module by size, as its code and its name section tell
// (https://webassembly.github.io/spec/core/binary/modules.html).

const [CUSTOM, IMPORT, CODE] = [0, 2, 10];
const FUNCTION_NAMES = 1;

class Reader {
  constructor(bytes, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  byte() {
    return this.bytes[this.at++];
  }

  /** LEB128. */
  number() {
    let [number, scale] = [0, 1];
    for (;;) {
      const byte = this.byte();
      number += (byte & 127) * scale;
      if (byte < 128) return number;
      scale *= 128;
    }
  }

  text() {
    const length = this.number();
    return new TextDecoder().decode(this.bytes.subarray(this.at, (this.at += length)));
  }

  limits() {
    const flags = this.byte();
    this.number();
    if (flags & 1) this.number();
  }
}

/** How many of the imports are functions: those are counted first. */
function importedFunctions(section) {
  let functions = 0;
  for (let left = section.number(); left > 0; left -= 1) {
    section.text();
    section.text();
    const kind = section.byte();
    if (kind === 0) {
      functions += 1;
      section.number();
    } else if (kind === 1) {
      section.byte();
      section.limits();
    } else if (kind === 2) section.limits();
    else section.at += 2;
  }
  return functions;
}

/** `{name, bytes}` of each function, the biggest first. */
export function functionsOf(bytes) {
  const file = new Reader(bytes, 8);
  const names = new Map();
  const sizes = [];
  let imported = 0;
  while (file.at < bytes.length) {
    const kind = file.byte();
    const length = file.number();
    const end = file.at + length;
    if (kind === IMPORT) imported = importedFunctions(new Reader(bytes, file.at));
    if (kind === CODE) {
      const code = new Reader(bytes, file.at);
      for (let left = code.number(); left > 0; left -= 1) {
        const size = code.number();
        sizes.push(size);
        code.at += size;
      }
    }
    if (kind === CUSTOM) {
      const custom = new Reader(bytes, file.at);
      if (custom.text() === 'name') {
        while (custom.at < end) {
          const part = custom.byte();
          const size = custom.number();
          const next = custom.at + size;
          for (let left = part === FUNCTION_NAMES ? custom.number() : 0; left > 0; left -= 1) names.set(custom.number(), custom.text());
          custom.at = next;
        }
      }
    }
    file.at = end;
  }
  const nameOf = (index) => (names.get(index) ?? '?').replace(/\[[0-9a-f]{8,}\]|::h[0-9a-f]{16}$/g, '');
  return sizes.map((size, index) => ({ name: nameOf(index + imported), bytes: size })).sort((a, b) => b.bytes - a.bytes);
}
