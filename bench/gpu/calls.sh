#!/bin/bash
# Runs gpu:check on the GPU machine, after `. unpack.sh env`. Results stay in $RESULTS from call to
# call, and go to $OUT, too, as they are made.
#   calls.sh run <arguments of gpu:check>
#   calls.sh start <name> <arguments>     in the background, over the end of this call
#   calls.sh wait <name> <seconds>        until it is done, at most so long
set -u
OUT=${OUT:-$RESULTS/out}
mkdir -p "$RESULTS" "$OUT"
check=("$PROJECT/../node" "$PROJECT/build/bench/gpu/check.js")

case "$1" in
  run)
    shift
    "${check[@]}" "$@" --out "$RESULTS" --copy "$OUT" 2>&1 | tee -a "$RESULTS/log.txt" "$OUT/log.txt"
    exit "${PIPESTATUS[0]}"
    ;;
  start)
    name=$2
    shift 2
    rm -f "$RESULTS/$name.done"
    inner='"$@" >> "$LOG" 2>&1; echo $? > "$DONE"'
    apart=$(command -v setsid)
    [ -n "$apart" ] || echo "no setsid: $name ends with this call"
    LOG="$RESULTS/$name.log" DONE="$RESULTS/$name.done" \
      $apart nohup bash -c "$inner" - "${check[@]}" "$@" --out "$RESULTS" > /dev/null 2>&1 < /dev/null &
    ;;
  wait)
    for _ in $(seq "$((10 * $3))"); do
      [ -e "$RESULTS/$2.done" ] && break
      sleep 0.1
    done
    echo "$2: exit $(cat "$RESULTS/$2.done" 2> /dev/null || echo none yet)"
    tee -a "$OUT/log.txt" < "$RESULTS/$2.log" | tail -n 40
    ;;
esac
