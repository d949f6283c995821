#!/usr/bin/env bash
# Resolves requirements-gpu.lock: the packages that tensorflow[and-cuda] adds to requirements.lock, with hashes.
# The last step of `make lock`.
set -euo pipefail
cd "$(dirname "$0")/../.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sed -nE 's/^tensorflow==([0-9.]+).*/tensorflow[and-cuda]==\1/p' requirements.lock > "$work/tensorflow.in"
.tools/bin/uv pip compile "$work/tensorflow.in" --python .venv/bin/python --constraint requirements.lock \
  --override overrides.txt --generate-hashes --no-header --no-annotate --quiet --output-file "$work/all.lock"
{
  echo "# What $(cat "$work/tensorflow.in") needs beyond requirements.lock. Made by kubeflow/images/lock_gpu.sh."
  awk '/^[a-z]/ {keep = /^nvidia-/} keep' "$work/all.lock"
} > "$work/gpu.lock"
mv "$work/gpu.lock" kubeflow/images/requirements-gpu.lock
