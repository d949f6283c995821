#!/usr/bin/env bash
# Builds the image without a Docker daemon or a container registry: debootstrap makes the base, buildah the rest.
#
#   kubeflow/images/build_image.sh [TAG] [DEVICE] [STACK]        default: detection-pipeline cpu current
#
# Run as root, with buildah and debootstrap installed. BASE=IMAGE takes another base than debootstrap's; it must have
# the stack's Python. PYTHON312=/path/to/python3.12 (PYTHON310 for STACK legacy) names the Python that is copied into a
# debootstrap base, which is made once: `buildah rmi detection-pipeline-base` (or -base-legacy) makes the next build
# renew it, with Debian's updates.
set -euo pipefail
cd "$(dirname "$0")/../.."

tag=${1:-detection-pipeline}
device=${2:-cpu}
stack=${3:-current}
libraries=ca-certificates,libffi8,libsqlite3-0,zlib1g,libbz2-1.0,liblzma5,libncursesw6,libuuid1
case "$stack" in
  current) suite=trixie version=3.12 suffix='' named=${PYTHON312:-} libraries+=,libssl3t64,libreadline8t64 ;;
  legacy) suite=bookworm version=3.10 suffix=-legacy named=${PYTHON310:-} libraries+=,libssl3,libreadline8 ;;
  *) echo "build_image: STACK: expected current or legacy, received $stack" >&2; exit 2 ;;
esac

for program in buildah debootstrap; do
  command -v "$program" > /dev/null || { echo "build_image: $program is missing: apt-get install $program" >&2; exit 2; }
done

make_base() {
  local python prefix root
  python=$named
  prefix=$(.venv/bin/python -c 'import sys; print(sys.base_prefix)' 2> /dev/null || true)
  for found in "$prefix"/bin ~/.pyenv/versions/"$version".*/bin; do
    [ -n "$python" ] || [ ! -x "$found/python$version" ] || python=$found/python$version
  done
  [ -n "$python" ] || python=$(command -v "python$version") || {
    echo "build_image: no Python $version; set PYTHON${version/./}=/its/path, or BASE=IMAGE" >&2
    exit 2
  }
  prefix=$("$python" -c 'import sys; print(sys.base_prefix)')
  root=$(mktemp -d)
  trap 'rm -rf "$root"' RETURN
  debootstrap --variant=minbase --include="$libraries" "$suite" "$root" > /dev/null
  mkdir -p "$root/usr/local/lib" "$root/usr/local/include"
  cp -a "$prefix/bin/python$version" "$root/usr/local/bin/"
  ln -s "python$version" "$root/usr/local/bin/python3"
  cp -a "$prefix/include/python$version" "$root/usr/local/include/"
  tar -C "$prefix/lib" --exclude=__pycache__ --exclude="config-$version-*" --exclude="python$version/test" \
    --exclude=idlelib --exclude=tkinter --exclude='site-packages/*' -cf - "python$version" \
    | tar -C "$root/usr/local/lib" -xf -
  cp -a "$prefix/lib/libpython$version".so* "$root/usr/local/lib/" 2> /dev/null || true # a static build has none
  chroot "$root" ldconfig
  chroot "$root" "/usr/local/bin/python$version" -m ensurepip > /dev/null 2>&1
  rm -rf "$root/var/cache/apt" "$root/var/lib/apt/lists" "$root/usr/share/doc" "$root/usr/share/man"
  mkdir -p "$root/var/cache/apt" "$root/var/lib/apt/lists"
  tar -C "$root" -cf "$1" .
}

base=${BASE:-}
if [ -z "$base" ]; then
  base=localhost/detection-pipeline-base$suffix
  if ! buildah inspect --type image "$base" > /dev/null 2>&1; then
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    make_base "$work/rootfs.tar"
    container=$(buildah from scratch)
    buildah add --quiet "$container" "$work/rootfs.tar" / > /dev/null
    buildah commit --quiet --rm "$container" "$base" > /dev/null
  fi
fi

# The host's way to the package index holds for the build as well, and stays out of the image.
options=()
if [ -n "${SSL_CERT_FILE:-}" ]; then
  options+=(--volume "$SSL_CERT_FILE:/etc/build-ca.pem:ro" --build-arg SSL_CERT_FILE=/etc/build-ca.pem)
  options+=(--build-arg PIP_CERT=/etc/build-ca.pem)
fi
if [ -f /etc/pip.conf ]; then
  options+=(--volume /etc/pip.conf:/etc/pip.conf:ro)
fi
buildah bud --isolation chroot --layers --build-arg BASE="$base" --build-arg DEVICE="$device" --build-arg STACK="$stack" \
  "${options[@]}" \
  --tag "$tag" .
