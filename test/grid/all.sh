#!/usr/bin/env bash
# The whole grid: makes every model with every exporter (about half an hour on two cores, 3 GB of
# packages) and compares each with PyTorch. Ends with a table: <folder>/new/grid.md
#
#   test/grid/all.sh [folder]      default: grid
set -euo pipefail
cd "$(dirname "$0")/../.."
out="$(realpath -m "${1:-grid}")"
here="$PWD/test/grid"
mkdir -p "$out"

# Optimum asks for an older Transformers than the other exporters, so there are two environments.
environment() { # name, requirements
  test -x "$out/$1/bin/python" && return
  "${PYTHON:-python3}" -m venv "$out/$1"
  "$out/$1/bin/pip" install --quiet --requirement "$here/$2"
}
environment python requirements.txt
environment python-optimum requirements-optimum.txt

exporters="torchscript dynamo dynamo-23 optimised fused dynamic-int8 nbits-4 nbits-4-all fp16 fp16-mixed fp16-4 genai genai-int4 genai-int4-full"
# shellcheck disable=SC2086
"$out/python/bin/python" "$here/make.py" --out "$out/new" --exporter $exporters
"$out/python-optimum/bin/python" "$here/make.py" --out "$out/optimum" --exporter optimum
# GenAI's newest builder cannot read the config of Gemma 3 that the newest Transformers writes.
"$out/python-optimum/bin/python" "$here/make.py" --out "$out/genai" --arch gemma3 \
  --exporter genai genai-int4 genai-int4-full

npm run build
GRID="$out/new:$out/optimum:$out/genai" npm run grid
