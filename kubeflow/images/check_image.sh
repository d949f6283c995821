#!/usr/bin/env bash
# Checks an image that buildah holds, as a cluster runs it: no root, read-only root file system, writable /tmp.
#
#   kubeflow/images/check_image.sh [TAG] [COMMAND...]     default: detection-pipeline, and the checks below, some minutes
#
# Run as root. The exit status is the command's.
set -euo pipefail
cd "$(dirname "$0")/../.."

tag=${1:-detection-pipeline}
shift || true

container=$(buildah from --pull-never "$tag")
root=$(buildah mount "$container")
trap 'buildah umount "$container" > /dev/null; buildah rm "$container" > /dev/null' EXIT
# The image's own, and without TensorFlow's greetings.
environment="$(buildah inspect --type image --format '{{range .OCIv1.Config.Env}}{{.}} {{end}}' "$tag") \
  TF_CPP_MIN_LOG_LEVEL=3"
user=$(buildah inspect --type image --format '{{.OCIv1.Config.User}}' "$tag")

inside() {
  # shellcheck disable=SC2086,SC2016 # the variables are several words; the script runs in the inner shell
  unshare --mount --pid --fork --kill-child bash -c '
    root=$1; user=$2; environment=$3; shift 3
    mount --bind -o ro "$root" "$root"
    mount -o remount,ro,bind "$root"
    mount -t proc proc "$root/proc"
    mount -t tmpfs tmpfs "$root/tmp"
    mount -t tmpfs tmpfs "$root/dev"
    for device in null zero random urandom; do
      touch "$root/dev/$device" && mount --bind "/dev/$device" "$root/dev/$device"
    done
    mkdir -m 1777 "$root/dev/shm" && mount -t tmpfs tmpfs "$root/dev/shm"
    exec chroot --userspec="$user" "$root" /usr/bin/env -i $environment "$@"
  ' inside "$root" "$user" "$environment" "$@"
}

if [ $# -gt 0 ]; then
  inside "$@"
  exit
fi

fail() { echo "check_image: $1" >&2; exit 1; }
[ "${user%%:*}" != 0 ] && [ -n "$user" ] || fail "runs as root"
for program in gcc g++ cc make; do
  ! inside sh -c "command -v $program" > /dev/null || fail "$program is in the image"
done
for cache in root/.cache var/lib/apt/lists/*_dists_* opt/venv/.cache; do
  # shellcheck disable=SC2086 # the pattern is meant to expand
  ! ls -d $root/$cache > /dev/null 2>&1 || fail "$cache is in the image"
done
! inside sh -c 'touch /here' 2> /dev/null || fail 'the root file system can be written'
inside detection-pipeline --help > /dev/null || fail 'detection-pipeline --help'
# Every program that a cluster starts; without its arguments it ends with a usage error that names the first, or with
# the line that says which stack has it.
# shellcheck disable=SC2013 # no name of a module has a space
for file in $(grep -l "__name__ == '__main__'" "$root"/opt/project/kubeflow/runtime/*.py); do
  module=kubeflow.runtime.$(basename "$file" .py)
  said=$(inside python -m "$module" 2>&1 || true)
  grep -q 'arguments are required\|^image: expected one of the legacy stack' <<< "$said" || fail "python -m $module: $said"
  echo "starts: $module"
done
# Every module: a package that the lock file lacks shows here.
inside python -W ignore -c '
import importlib, pkgutil, cli, components, detection, kubeflow, pipeline
for package in detection, components, pipeline, kubeflow, cli:
  names = [found.name for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]
  for name in names:
    importlib.import_module(name)
  print(f"{package.__name__}: {len(names)} modules imported")
'
if ls -d "$root"/opt/venv/lib/python3.*/site-packages/nvidia > /dev/null 2>&1; then
  # Without a GPU: the libraries are of the major versions that TensorFlow was built for, and find what they need.
  inside python -c '
import ctypes, glob, importlib.metadata
import nvidia, tensorflow as tf
build = tf.sysconfig.get_build_info()
cuda, cudnn = build["cuda_version"], build["cudnn_version"]
for package, expected in ("cuda-runtime", cuda), ("cudnn", cudnn):
  found = importlib.metadata.version(f"nvidia-{package}-cu12")
  if found.partition(".")[0] != expected.partition(".")[0]:
    raise SystemExit(f"nvidia-{package}-cu12: TensorFlow was built for {expected}, the image has {found}")
libraries = sorted(glob.glob(f"{nvidia.__path__[0]}/*/lib/lib*.so.*"))
waiting = []
for library in libraries:
  try:
    ctypes.CDLL(library)
  except OSError as error:
    if not str(error).startswith("libcuda.so.1:"):  # the driver, which a GPU node puts into the container
      raise
    waiting.append(library.rpartition("/")[2])
print(f"CUDA {cuda}, cuDNN {cudnn}: {len(libraries) - len(waiting)} libraries loaded; the driver is asked for by {waiting}")
'
fi
# Every step, as KFP runs it, in three small pipelines; each finds an empty /tmp.
run_pipeline() {
  inside sh -ec '
    cd /tmp
    cat > config.yaml
    detection-pipeline sample-data data --images 24 --seed 0
    detection-pipeline sample-data night --images 12 --seed 1 --domain night
    detection-pipeline compile config.yaml --data /tmp/data "$@" --output compiled.yaml
    detection-pipeline emulate compiled.yaml --oss --root runs --param work_root=/tmp/work \
      --param push_destination=/tmp/serving
  ' sh "$@"
}
run_pipeline --set adapt.target=/tmp/night < tests/kubeflow/every_step.yaml
run_pipeline < tests/kubeflow/named_step.yaml
run_pipeline < tests/kubeflow/tiled_step.yaml
du -sh "$root" | awk '{print "size:", $1}'
