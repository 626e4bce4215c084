#!/usr/bin/env bash
# Judges every crate of the lock files by deny.toml: its licence, where it comes from, how it is asked for, and what is known against it.
# Only the list of known weaknesses needs a network. Where it can't be fetched, the one fetched last serves, and where there is none, that
# is said and the rest counts.
set -euo pipefail
cd "$(dirname "$0")/.."

PATH=${MAITRE_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/maitre/tools}/bin:$PATH

# deny MANIFEST WORD…
deny() { cargo-deny --manifest-path "$1" --config deny.toml --locked "${@:2}"; }
say() { printf 'deny: %s\n' "$*" >&2; }

checks=(bans licenses sources advisories)
if ! trouble=$(cargo-deny --config deny.toml --locked fetch db 2>&1); then
  lists=("${CARGO_HOME:-$HOME/.cargo}"/advisory-dbs/*/.git)
  if [ -e "${lists[0]}" ]; then
    say "WARNING: the list of known weaknesses can't be fetched; the one of $(git -C "${lists[0]%/.git}" log -1 --format=%cs) serves"
  else
    say "WARNING: the list of known weaknesses can't be fetched, and there is none from before: NOTHING IS KNOWN OF WEAKNESSES"
    checks=(bans licenses sources)
  fi
  say "${trouble##*$'\n'}"
fi

for lock in Cargo.lock fuzz/Cargo.lock; do
  [ -f "$lock" ] || continue
  say "$lock: ${checks[*]}"
  # Those of other systems, too, which no build here brings.
  cargo fetch --locked --quiet --manifest-path "${lock%.lock}.toml"
  deny "${lock%.lock}.toml" --offline check --hide-inclusion-graph "${checks[@]}"
done
