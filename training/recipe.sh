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
#   recipe.sh seed2           a second middle corrector from another seed
#   recipe.sh aligner <size>  a whole-answer Aligner
#   recipe.sh expert <size>   a small model that answers directly, for proxy-tuning
#   recipe.sh tuned           the upstream fine-tuned on the same corrections: SFT, and DPO
#   recipe.sh export          ONNX folders in artifacts/models
set -euo pipefail
cd "$(dirname "$0")"

WORK="${WORK:-work}"
THREADS="${THREADS:-1}"
# --no-bf16 on a CPU without bfloat16 instructions (lscpu: avx512_bf16, amx_bf16)
PRECISION="${PRECISION:---bf16}"
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
  "$PYTHON" train.py --out "$out" --threads "$THREADS" "$PRECISION" "$@" "${resume[@]}"
}

sample() { # <result> <contexts> <sample.py arguments>
  local file="$WORK/$1" contexts="$WORK/$2"
  shift 2
  [ -s "$file" ] || "$PYTHON" sample.py "$WORK/upstream" "$contexts" --threads "$THREADS" "$PRECISION" "$@" --out "$file"
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
  rows quadruples.jsonl annotate --sentences "$WORK/sentences.jsonl"
  sample answers.jsonl openings.jsonl --whole --temperature 0.8 --seed 8
  cat "$WORK/answers.jsonl" "$WORK/corpus.jsonl" > "$WORK/all-answers.jsonl"
  rows own-triples.jsonl triples --answers "$WORK/answers.jsonl"
  rows triples.jsonl triples --answers "$WORK/all-answers.jsonl"
  rows direct.jsonl direct --answers "$WORK/all-answers.jsonl"
}

stage1() { # <size> [<prefix of the names> <seed>]
  local name="${2:-}$1" seed="${3:-1}"
  train "$name-solutions" --config "configs/corrector-$1.json" --tokenizer "$WORK/tokenizer" \
    --data "$WORK/solutions.jsonl:1:0.1" --optimizer muon --tokens 3.5e6 --lr 4e-3 \
    --batch-tokens 2048 --seed "$seed"
  train "$name-stage1" --init "$WORK/$name-solutions" --grow 4 --data "$WORK/slips.jsonl" \
    --optimizer muon --tokens 3e6 --lr 3e-3 --batch-tokens 2560 --seed "$seed"
}

corrector() { # <size> [<prefix of the names> <seed>]
  local name="${2:-}$1" seed="${3:-1}"
  train "$name-stage2" --init "$WORK/$name-stage1" --data "$WORK/written.jsonl:0.5:0.2" \
    --data "$WORK/quadruples.jsonl:0.43:0.2" --data "$WORK/slips.jsonl:0.07" --optimizer muon \
    --decision-weight 8 --tokens 25e6 --lr 2.5e-3 --final-lr 0.02 --batch-tokens 3072 --seed "$seed"
}

seed2() {
  stage1 m seed2- 2
  corrector m seed2- 2
}

aligner() { # <size>
  train "aligner-$1" --init "$WORK/$1-stage1" --data "$WORK/triples.jsonl:0.9" \
    --data "$WORK/slips.jsonl:0.1" --optimizer muon --tokens 5e6 --lr 3e-3 --final-lr 0.03 \
    --batch-tokens 3072
}

expert() { # <size>
  train "expert-$1" --init "$WORK/$1-stage1" --data "$WORK/direct.jsonl" --optimizer muon \
    --tokens 1.2e6 --lr 2e-3 --final-lr 0.03 --batch-tokens 3072
}

tuned() {
  train sft --init "$WORK/upstream" --data "$WORK/direct.jsonl" --optimizer muon --tokens 1.2e6 \
    --lr 1e-3 --final-lr 0.03 --batch-tokens 3072
  [ -s "$WORK/dpo/log.jsonl" ] || "$PYTHON" dpo.py --init "$WORK/upstream" \
    --data "$WORK/own-triples.jsonl" --pairs 1600 --lr 2e-5 --out "$WORK/dpo" \
    --threads "$THREADS" "$PRECISION"
}

export_all() {
  "$PYTHON" export.py "$WORK/upstream" --out "$models/upstream-arithmetic"
  for size in s m l; do
    "$PYTHON" export.py "$WORK/$size-stage1" --out "$models/corrector-arithmetic-$size-stage1"
    "$PYTHON" export.py "$WORK/$size-stage2" --out "$models/corrector-arithmetic-$size"
    "$PYTHON" export.py "$WORK/aligner-$size" --out "$models/aligner-arithmetic-$size"
    "$PYTHON" export.py "$WORK/expert-$size" --out "$models/expert-arithmetic-$size"
  done
  "$PYTHON" export.py "$WORK/seed2-m-stage2" --out "$models/corrector-arithmetic-m-seed2"
  "$PYTHON" export.py "$WORK/sft" --out "$models/upstream-arithmetic-sft"
  "$PYTHON" export.py "$WORK/dpo" --out "$models/upstream-arithmetic-dpo"
}

case "${1:-}" in
  data | upstream | samples | seed2 | tuned) "$1" ;;
  stage1 | corrector | aligner | expert) "$1" "${2:?size: s, m or l}" ;;
  export) export_all ;;
  *) sed -n '2,17s/^# \{0,1\}//p' recipe.sh; exit 2 ;;
esac
