#!/usr/bin/env bash
# Fuzzes each target of fuzz/ for a while, two at a time, and says how many inputs were run:
#
#   tools/fuzz.sh SECONDS [TARGET…]
#
# What is found worth keeping stays in fuzz/corpus, which isn't committed; what crashes, in fuzz/artifacts.
set -euo pipefail
cd "$(dirname "$0")/.."

SECONDS_EACH=${1:?say for how many seconds}
shift
TARGETS=("$@")
[ ${#TARGETS[@]} -gt 0 ] || TARGETS=(config plan snapshot journeys)
TOOLS=${MAITRE_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/maitre/tools}
export PATH=$TOOLS/bin:$PATH
# cargo-fuzz asks for flags of rustc that are not stable. No sanitizer: there is no unsafe code to watch.
export RUSTC_BOOTSTRAP=1
FLAGS=(--sanitizer none --fuzz-dir fuzz)
HOST=$(rustc -vV | sed -n 's/^host: //p')
BIN=fuzz/target/$HOST/release

cargo fuzz build "${FLAGS[@]}"

# No longer than what the seeds are made of: what is longer takes longer, and finds no more.
declare -A LONGEST=([config]=4000 [plan]=2500 [snapshot]=3000 [journeys]=600)

# An input runs for a minute and takes 512 MB at the most.
fuzz() {
  local target=$1 log=fuzz/artifacts/$1.log
  mkdir -p "fuzz/corpus/$target" "fuzz/artifacts/$target"
  if "$BIN/$target" "fuzz/corpus/$target" "fuzz/seeds/$target" "-artifact_prefix=fuzz/artifacts/$target/" "-max_total_time=$SECONDS_EACH" \
    -timeout=60 -rss_limit_mb=1500 -malloc_limit_mb=512 "-max_len=${LONGEST[$target]}" -use_value_profile=1 -print_final_stats=1 >"$log" 2>&1; then
    printf 'fuzz: %-9s %11s inputs in %s s\n' "$target" "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")" "$SECONDS_EACH"
  else
    local input
    input=$(sed -n 's/.*Test unit written to //p' "$log" | tail -1)
    tail -40 "$log" >&2
    printf 'fuzz: %s fails on %s\n      again: %s/%s %s\n      keep it once it is mended: cp it to fuzz/regressions/%s/\n' "$target" "$input" "$BIN" "$target" "$input" "$target" >&2
    return 1
  fi
}

status=0
for ((i = 0; i < ${#TARGETS[@]}; i += 2)); do
  pids=()
  for target in "${TARGETS[@]:i:2}"; do
    fuzz "$target" &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid" || status=1; done
done
exit $status
