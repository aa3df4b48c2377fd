#!/usr/bin/env bash
# The embedded models, from nothing: each step leaves its result in WORK and is skipped when that
# is there; a training that was stopped goes on where it was. Steps that do not need each other
# (correctors of several sizes, the upstream beside a first stage) can run side by side.
#
#   recipe.sh data            problems, corpora and written quadruples; the tokenizer
#   recipe.sh upstream        the upstream
#   recipe.sh samples         its own next sentences and whole answers, annotated
#   recipe.sh stage1 <size>   a corrector's first stage: whole solutions, then, with four blocks
#                             more, solutions with slips taken back at once (s, m or l)
#   recipe.sh corrector <size>
#   recipe.sh aligner         the whole-answer Aligner of the middle size
#   recipe.sh export          ONNX folders in artifacts/models
set -euo pipefail
cd "$(dirname "$0")"

WORK="${WORK:-work}"
THREADS="${THREADS:-1}"
PYTHON="${PYTHON:-python}"
lab=(node ../bin/aligner-lab.js)
models=../artifacts/models
mkdir -p "$WORK"

rows() { # <file> <dataset arguments>
  local file="$WORK/$1"
  shift
  [ -s "$file" ] || { "${lab[@]}" dataset "$@" --out "$file.part" && mv "$file.part" "$file"; }
}

train() { # <name> <train.py arguments>
  local out="$WORK/$1"
  shift
  grep -qs '"event": "done"' "$out/log.jsonl" && return
  local resume=()
  [ -f "$out/checkpoint.pt" ] && resume=(--resume)
  "$PYTHON" train.py --out "$out" --threads "$THREADS" "$@" "${resume[@]}"
}

sample() { # <result> <contexts> <sample.py arguments>
  local file="$WORK/$1" contexts="$WORK/$2"
  shift 2
  [ -s "$file" ] || "$PYTHON" sample.py "$WORK/upstream" "$contexts" --threads "$THREADS" "$@" --out "$file"
}

data() {
  rows corpus.jsonl corpus --count 60000 --seed 1
  rows solutions.jsonl solutions --count 80000 --seed 1
  rows slips.jsonl slips --count 22000 --seed 11
  rows contexts.jsonl contexts --count 8000 --places 3 --seed 2
  rows written.jsonl written --count 60000 --places 8 --seed 3
  rows openings.jsonl openings --count 20000 --seed 4
  rows written-validation.jsonl written --split validation --count 1000 --seed 3
  [ -d "$WORK/tokenizer" ] || "$PYTHON" tokenizer.py "$WORK/corpus.jsonl" "$WORK/solutions.jsonl" \
    --vocab 640 --limit 20000 --out "$WORK/tokenizer"
}

upstream() {
  train upstream --config configs/upstream.json --tokenizer "$WORK/tokenizer" \
    --data "$WORK/corpus.jsonl" --tokens 5.4e6 --lr 2e-3 --batch-tokens 4096
}

samples() {
  sample sentences.jsonl contexts.jsonl --temperature 0.9 --copies 6 --seed 7
  rows quadruples.jsonl annotate --samples "$WORK/sentences.jsonl"
  sample answers.jsonl openings.jsonl --whole --temperature 0.8 --seed 8
  rows triples.jsonl triples --answers "$WORK/answers.jsonl"
}

stage1() { # <size>
  train "$1-solutions" --config "configs/corrector-$1.json" --tokenizer "$WORK/tokenizer" \
    --data "$WORK/solutions.jsonl:1:0.1" --optimizer muon --tokens 3.5e6 --lr 4e-3 \
    --batch-tokens 2048
  train "$1-stage1" --init "$WORK/$1-solutions" --grow 4 --data "$WORK/slips.jsonl" \
    --optimizer muon --tokens 3e6 --lr 3e-3 --batch-tokens 2560
}

corrector() { # <size>
  train "$1-stage2" --init "$WORK/$1-stage1" --data "$WORK/written.jsonl:0.5:0.2" \
    --data "$WORK/quadruples.jsonl:0.43:0.2" --data "$WORK/slips.jsonl:0.07" --optimizer muon \
    --decision-weight 8 --tokens 25e6 --lr 2.5e-3 --final-lr 0.02 --batch-tokens 3072
}

aligner() {
  train aligner-m --init "$WORK/m-stage1" --data "$WORK/triples.jsonl:0.9" \
    --data "$WORK/slips.jsonl:0.1" --optimizer muon --tokens 6e6 --lr 3e-3 --final-lr 0.03 \
    --batch-tokens 3072
}

export_all() {
  "$PYTHON" export.py "$WORK/upstream" --out "$models/upstream-arithmetic"
  for size in s m l; do
    "$PYTHON" export.py "$WORK/$size-stage1" --out "$models/corrector-arithmetic-$size-stage1"
    "$PYTHON" export.py "$WORK/$size-stage2" --out "$models/corrector-arithmetic-$size"
  done
  "$PYTHON" export.py "$WORK/aligner-m" --out "$models/aligner-arithmetic-m"
}

case "${1:-}" in
  data | upstream | samples | aligner) "$1" ;;
  stage1 | corrector) "$1" "${2:?size: s, m or l}" ;;
  export) export_all ;;
  *) sed -n '2,14s/^# \{0,1\}//p' recipe.sh; exit 2 ;;
esac
