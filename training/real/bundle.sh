#!/bin/sh
# Gathers what a GPU machine without network needs, in two folders of at most 52 MiB:
#   sh real/bundle.sh WHEEL GSM8K OUT      (from training/; writes OUT/real-1 and OUT/real-2)
# There, put the contents of both in one folder and run `sh start.sh`.
set -eu
wheel=$1 gsm8k=$2 out=$3
here=$(cd "$(dirname "$0")" && pwd)
rm -rf "$out/real-1" "$out/real-2"
mkdir -p "$out/real-1/gsm8k" "$out/real-2/real"
split -n 2 -d -a 1 "$wheel" "$out/wheel.part"
mv "$out/wheel.part0" "$out/real-1/"
mv "$out/wheel.part1" "$out/real-2/"
cp "$gsm8k"/*.jsonl "$gsm8k/LICENSE" "$out/real-1/gsm8k/"
cp "$here"/*.py "$out/real-2/real/"
cp "$here/../formats.py" "$here/start.sh" "$out/real-2/"
(cd "$(dirname "$wheel")" && sha256sum "$(basename "$wheel")") > "$out/real-2/SHA256SUMS"
for part in real-1 real-2; do
  size=$(du -sm "$out/$part" | cut -f1)
  [ "$size" -le 52 ] || { echo "$part: has $size MiB (expected at most 52)" >&2; exit 1; }
  echo "$part: $size MiB"
done
