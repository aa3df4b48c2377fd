#!/bin/bash
# Unpacks the bundle on the GPU machine, piece by piece, and sets up a shell for it. In the tree:
#   bash .gpu/part-1/unpack.sh .gpu/part-1       checks and unpacks into $KEEP/bundle
#   . /tmp/gpu-bundle/unpack.sh env              sets PATH, LD_LIBRARY_PATH, PROJECT and RESULTS
KEEP=${KEEP:-/tmp/gpu-bundle}

bundle_env() {
  export PROJECT="$KEEP/bundle/project" PATH="$KEEP/bundle:$PATH" RESULTS="$KEEP/results"
  mkdir -p "$RESULTS"
  # Models and stimuli are those of the tree. A repair may be carried in .gpu/fix.
  [ -d "$PWD/artifacts" ] && ln -sfn "$PWD/artifacts" "$PROJECT/artifacts"
  [ -d "$PWD/.gpu/fix" ] && cp -r "$PWD/.gpu/fix/." "$PROJECT/"
  # CUDA and cuDNN of the machine's PyTorch: wheels put them under site-packages/nvidia.
  local site folders
  site=$(python3 -c 'import nvidia; print(list(nvidia.__path__)[0])' 2> /dev/null)
  if [ -n "$site" ]; then
    folders=$(find "$site" -name 'lib*.so.*' -printf '%h\n' | sort -u | paste -sd:)
    LD_LIBRARY_PATH="$folders${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
  fi
  export LD_LIBRARY_PATH="${LD_LIBRARY_PATH:-}"
  # Where containers keep the driver's libraries; it costs nothing where they are found anyway.
  for folder in /usr/local/nvidia/lib64 /usr/local/nvidia/lib; do
    [ -d "$folder" ] && LD_LIBRARY_PATH="$LD_LIBRARY_PATH:$folder"
  done
  ldconfig -p 2> /dev/null | grep -q libvulkan.so.1 || LD_LIBRARY_PATH="$LD_LIBRARY_PATH:$KEEP/bundle/lib"
  return 0
}

# xz may be missing; Python's own lzma is not.
expand() {
  if command -v xz > /dev/null; then xz -dc -T0 "$1"; else
    python3 -c 'import lzma, shutil, sys; shutil.copyfileobj(lzma.open(sys.argv[1]), sys.stdout.buffer, 1 << 20)' "$1"
  fi
}

if [ "${1:-}" = env ]; then
  bundle_env
else
  set -euo pipefail
  mkdir -p "$KEEP/bundle"
  for part in "$@"; do
    name=$(basename "$part")
    cp "$part"/* "$KEEP"/
    cd "$KEEP"
    if [ -e "$name.tail" ]; then cat "$name.head" "$name.tail" > "$name.tar.xz"; fi
    sha256sum --quiet -c "$name.sha256"
    expand "$name.tar.xz" | tar -x -C bundle
    rm "$name.tar.xz"
    echo "unpacked: $name, $(du -sm bundle | cut -f1) MB"
    cd - > /dev/null
  done
fi
