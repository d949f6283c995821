#!/usr/bin/env bash
# Checks an image that buildah holds, as a cluster runs it: no root, read-only root file system, writable /tmp.
#
#   kubeflow/check_image.sh [TAG] [COMMAND...]     default: detection-pipeline, and the checks below
#
# Run as root. The exit status is the command's.
set -euo pipefail

tag=${1:-detection-pipeline}
shift || true

container=$(buildah from --pull-never "$tag")
root=$(buildah mount "$container")
trap 'buildah umount "$container" > /dev/null; buildah rm "$container" > /dev/null' EXIT
environment=$(buildah inspect --type image --format '{{range .OCIv1.Config.Env}}{{.}} {{end}}' "$tag")
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
# Every step is started as KFP starts it; without its arguments it ends with a usage error that names the first.
for module in kubeflow.entrypoint tfx.orchestration.kubeflow.container_entrypoint; do
  said=$(inside python -m "$module" 2>&1 || true)
  grep -q 'arguments are required' <<< "$said" || fail "python -m $module: $said"
done
inside python -c '
import importlib, pkgutil, components
names = [m.name for m in pkgutil.walk_packages(components.__path__, "components.") if m.name.endswith(".executor")]
for name in names:
  importlib.import_module(name)
print("executors:", ", ".join(names))
'
du -sh "$root" | awk '{print "size:", $1}'
