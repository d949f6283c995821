#!/usr/bin/env bash
# Resolves requirements-gpu.lock and requirements-gpu-legacy.lock, with hashes: the packages that tensorflow[and-cuda] adds
# to requirements.lock and to requirements-legacy.lock.
# The last step of `make lock`.
set -euo pipefail
cd "$(dirname "$0")/../.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# $1 '' or -legacy, $2 the stack's Python, $3 its platform.
lock() {
  local lock=requirements$1.lock gpu=requirements-gpu$1.lock
  sed -nE 's/^tensorflow==([0-9.]+).*/tensorflow[and-cuda]==\1/p' "$lock" > "$work/tensorflow.in"
  # An override of TensorFlow itself would take the extra away.
  sed '/^tensorflow==/d' "overrides$1.txt" > "$work/overrides.txt"
  .tools/bin/uv pip compile "$work/tensorflow.in" --python-version "$2" --python-platform "$3" --constraint "$lock" \
    --override "$work/overrides.txt" --generate-hashes --no-header --no-annotate --quiet --output-file "$work/all.lock"
  {
    echo "# What tensorflow[and-cuda] of $lock needs beyond it. Made by kubeflow/images/lock_gpu.sh."
    awk '/^[a-z]/ {keep = /^nvidia-/} keep' "$work/all.lock"
  } > "$work/gpu.lock"
  mv "$work/gpu.lock" "kubeflow/images/$gpu"
}
lock '' 3.12 x86_64-manylinux_2_40
lock -legacy 3.10 x86_64-manylinux_2_28
