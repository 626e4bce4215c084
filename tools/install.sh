#!/usr/bin/env bash
# Installs what building and testing need, and only what is missing; says what it does.
#
#   tools/install.sh rust      the wasm32 target, the source of std, wasm-bindgen's command, wasm-pack
#   tools/install.sh deny      cargo-deny, which judges the crates that are built in
#   tools/install.sh npm       the packages of package-lock.json, into node_modules
#   tools/install.sh browser   a Chromium for the browser tests
#   tools/install.sh engines   that, a Firefox and a WebKitGTK, for the tests of all engines
#   tools/install.sh fuzz      cargo-fuzz
#   tools/install.sh           all of it
#
# Commands are built from source once, into $MAITRE_TOOLS (default: ~/.cache/maitre/tools).
set -euo pipefail
cd "$(dirname "$0")/.."

WASM_PACK=0.15.1
CARGO_DENY=0.20.2
CARGO_FUZZ=0.13.2
# The command must be exactly as old as the crate.
WASM_BINDGEN=$(sed -n 's/^wasm-bindgen *=.*"=\([0-9.]*\)".*/\1/p' Cargo.toml)
TOOLS=${MAITRE_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/maitre/tools}
PATH=$TOOLS/bin:$PATH

say() { printf 'install: %s\n' "$*" >&2; }
die() { say "$@"; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }

rust() {
  has cargo && has rustc || die "Rust is missing: install it as https://rustup.rs says, then try again"
  [ -n "$WASM_BINDGEN" ] || die 'Cargo.toml pins no wasm-bindgen: write wasm-bindgen = "=x.y.z"'

  local lib
  lib=$(rustc --print sysroot)/lib/rustlib
  if [ ! -d "$lib/wasm32-unknown-unknown/lib" ]; then
    has rustup || die "this Rust has no wasm32-unknown-unknown target and there is no rustup to add it: install that target as your system does"
    say "adding the Rust target wasm32-unknown-unknown"
    rustup target add wasm32-unknown-unknown
  fi
  if [ ! -f "$lib/src/rust/library/Cargo.toml" ] && has rustup; then
    say "adding the Rust component rust-src"
    rustup component add rust-src || say "rust-src can't be had: the build does without it and says what that costs"
  fi

  # Without --locked: the lock file of this release names a crate version that can't always be had.
  cargo_install wasm-bindgen "$WASM_BINDGEN" wasm-bindgen-cli
  cargo_install wasm-pack "$WASM_PACK" wasm-pack --locked
}

deny() {
  has cargo || die "Rust is missing: install it as https://rustup.rs says, then try again"
  # It looks at a few dozen crates: what would make it fast takes most of the time that it is built in.
  CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_OPT_LEVEL=0 \
    cargo_install cargo-deny "$CARGO_DENY" cargo-deny --locked
}

# cargo_install COMMAND VERSION CRATE [OPTION…]
cargo_install() {
  local command=$1 version=$2 crate=$3
  shift 3
  [ "$("$command" --version 2>/dev/null || true)" != "$command $version" ] || return 0
  say "building $crate $version into $TOOLS (some minutes, only once)"
  cargo install "$crate" --version "$version" --root "$TOOLS" --force "$@"
}

npm_packages() {
  has node && has npm || die "Node is missing: install Node 20 or newer from https://nodejs.org, then try again"
  [ "$(node -p 'process.versions.node.split(".")[0]')" -ge 20 ] || die "Node $(node --version) is too old: install Node 20 or newer"
  if [ node_modules/.package-lock.json -nt package-lock.json ] && [ node_modules/.package-lock.json -nt package.json ]; then return 0; fi
  say "npm ci, into node_modules"
  npm ci --ignore-scripts --no-audit --no-fund
  touch node_modules/.package-lock.json
}

browser() {
  if [ -n "${CHROME:-}" ] || node tools/browser.mjs >/dev/null 2>&1; then
    node tools/browser.mjs >/dev/null
    return
  fi
  say "no Chromium or Chrome found: installing one for the browser tests"
  if has apt-get; then
    as_root apt-get update && { as_root apt-get install -y chromium || as_root apt-get install -y chromium-browser; }
  elif has dnf; then as_root dnf install -y chromium
  elif has pacman; then as_root pacman -S --noconfirm chromium
  elif has apk; then as_root apk add chromium
  elif has brew; then brew install --cask chromium
  else say "no package manager known here"
  fi || say "that did not work"
  node tools/browser.mjs >/dev/null
}

fuzz() {
  has cargo && has rustc || die "Rust is missing: install it as https://rustup.rs says, then try again"
  has c++ || die "a C++ compiler is missing, which the fuzzer is built with: install g++ or clang"
  cargo_install cargo-fuzz "$CARGO_FUZZ" cargo-fuzz --locked
}

engines() {
  case ",${MAITRE_ENGINES:-chromium,firefox,webkit}," in *,chromium,*) browser ;; esac
  case ",${MAITRE_ENGINES:-firefox,webkit}," in *,firefox,*) engine firefox ;; esac
  case ",${MAITRE_ENGINES:-firefox,webkit}," in *,webkit,*) engine webkit ;; esac
  # One that can't be had is left out, aloud, unless it is called for.
  node tools/browser.mjs engines >/dev/null
}

# engine NAME
engine() {
  ! node tools/browser.mjs "$1" >/dev/null 2>&1 || return 0
  say "no $1 found: installing it for the tests of all engines"
  # WebKit's comes with what a small browser on it needs: Python's bindings, and a screen nobody looks at.
  if has apt-get; then as_root apt-get update && as_root apt-get install -y $(named firefox-esr "python3-gi gir1.2-webkit2-4.1 xvfb" "$1")
  elif has dnf; then as_root dnf install -y $(named firefox "python3-gobject webkit2gtk4.1 xorg-x11-server-Xvfb" "$1")
  elif has pacman; then as_root pacman -S --noconfirm $(named firefox "python-gobject webkit2gtk-4.1 xorg-server-xvfb" "$1")
  elif has apk; then as_root apk add $(named firefox-esr "py3-gobject3 webkit2gtk-4.1 xvfb" "$1")
  elif has brew && [ "$1" = firefox ]; then brew install --cask firefox
  else say "no package manager known here that has it"
  fi || say "that did not work"
}

# named FIREFOX WEBKIT NAME: the packages of that engine
named() {
  if [ "$3" = firefox ]; then echo "$1"; else echo "$2"; fi
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif has sudo; then
    say "sudo $*"
    sudo "$@"
  else
    say "neither root nor sudo here for: $*"
    return 1
  fi
}

case "${1:-all}" in
  rust) rust ;;
  deny) deny ;;
  npm) npm_packages ;;
  browser) browser ;;
  engines) engines ;;
  fuzz) fuzz ;;
  all) rust; deny; npm_packages; engines; fuzz ;;
  *) die "unknown part '$1': rust, deny, npm, browser, engines or fuzz" ;;
esac
