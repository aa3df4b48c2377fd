#!/bin/bash
# Joins the bundle on the GPU machine, call by call. Run it in the repository's root:
#   bash bench/gpu/unpack.sh <folder of a piece> …   keeps the pieces in $KEEP (outside the tree);
#   once all are there it checks them and unpacks into $KEEP/bundle.
# Then:  . bench/gpu/unpack.sh env   sets PATH, LD_LIBRARY_PATH and PROJECT for gpu:check.
KEEP=${KEEP:-/tmp/gpu-bundle}
mkdir -p "$KEEP"

bundle_env() {
  export PROJECT="$KEEP/bundle/project" PATH="$KEEP/bundle:$PATH"
  # Models and scripts are those of the tree; so is the program, where it was carried along.
  for part in artifacts bench; do ln -sfn "$PWD/$part" "$PROJECT/$part"; done
  for part in dist build; do if [ -d "$part" ]; then cp -r "$part" "$PROJECT/"; fi; done
  # CUDA and cuDNN of the machine's PyTorch: wheels put them under site-packages/nvidia.
  local site
  site=$(python3 -c 'import nvidia, os; print(os.path.dirname(list(nvidia.__path__)[0]))')/nvidia
  local folders
  folders=$(find "$site" -name 'lib*.so.*' -printf '%h\n' | sort -u | paste -sd:)
  export LD_LIBRARY_PATH="$folders${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
}

if [ "${1:-}" = env ]; then
  bundle_env
else
  set -euo pipefail
  for part in "$@"; do cp "$part"/* "$KEEP"/; done
  total=$(wc -l < "$KEEP/SHA256SUMS")
  have=$(ls "$KEEP" | grep -c '^piece-' || true)
  echo "pieces: $have of $total"
  if [ "$have" = "$total" ] && [ ! -x "$KEEP/bundle/node" ]; then
    (cd "$KEEP" && sha256sum --quiet -c SHA256SUMS)
    mkdir -p "$KEEP/bundle"
    (cd "$KEEP" && for i in $(seq "$total"); do cat "piece-$i"; done) | xz -dc -T0 | tar -x -C "$KEEP/bundle"
    echo "unpacked: $("$KEEP/bundle/node" --version), $(du -sm "$KEEP/bundle" | cut -f1) MB"
  fi
fi
