#!/usr/bin/env bash
# Runs built targets one after the other until each has had a number of seconds of processor time, whatever else the
# machine does: fuzz/run.sh SECONDS [TARGET...]. Prints what each target tried; stops at the first finding.
set -euo pipefail
cd "$(dirname "$0")"
seconds=$1
shift
programs=target/x86_64-unknown-linux-gnu/release
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
    for source in fuzz_targets/*.rs; do targets+=("$(basename "$source" .rs)"); done
fi
mkdir -p artifacts
TIMEFORMAT='%U %S'
for target in "${targets[@]}"; do
    mkdir -p "corpus/$target"
    spent=0 inputs=0
    while awk -v s="$spent" -v w="$seconds" 'BEGIN { exit !(s < w) }'; do
        slice=$(awk -v s="$spent" -v w="$seconds" 'BEGIN { left = int(w - s) + 1; print left < 120 ? left : 120 }')
        { time "$programs/$target" -max_total_time="$slice" -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
            -artifact_prefix=artifacts/ "corpus/$target" > "artifacts/$target.log" 2>&1; } 2> "artifacts/$target.time" ||
            { echo "$target: a finding, see artifacts/$target.log"; exit 1; }
        spent=$(awk -v s="$spent" '{ print s + $1 + $2 }' "artifacts/$target.time")
        inputs=$((inputs + $(awk '/number_of_executed_units/ { print $2 }' "artifacts/$target.log")))
    done
    printf '%-14s %6.0f s of processor time %10d inputs\n' "$target" "$spent" "$inputs"
done
