"""A pod's file system for a program that is not in a container: a mount namespace of its own.

KFP's launcher copies artifacts to /minio, /s3 and /gcs, lies at /kfp-launcher/launch, and reads the service account
below /var/run/secrets. None of that may be left on the machine that tests: the program runs with another root, which
has the machine's folders and these, and is gone with the program.
"""

import os
import pathlib
import shutil
import subprocess

import pytest

MOUNTS = ('minio', 's3', 'gcs', 'kfp-launcher')
ACCOUNT = 'run/secrets/kubernetes.io/serviceaccount'

# $1: a folder to mount the new root at, $2: the pod's own folders. The rest is the command.
_SCRIPT = """
set -eu
root=$1; pod=$2; shift 2
mount -t tmpfs none "$root"
for each in /*; do
  name=${each#/}
  if [ -L "$each" ]; then cp -P "$each" "$root/$name"
  elif [ -d "$each" ] && [ ! -e "$pod/$name" ] && [ "$name" != run ]; then
    mkdir "$root/$name"; mount --rbind "$each" "$root/$name"
  fi
done
for each in minio s3 gcs kfp-launcher; do
  mkdir "$root/$each"; mount --bind "$pod/$each" "$root/$each"
done
mkdir "$root/run"; mount --bind "$pod/run" "$root/run"
[ -L /var/run ] || mount --bind "$pod/run" "$root/var/run"
exec chroot "$root" /bin/sh -c 'cd "$0"; exec "$@"' "$PWD" "$@"
"""


def make(folder: pathlib.Path, namespace: str, token: str, certificate: str, launcher: str | None) -> pathlib.Path:
  """Makes the folders of a pod in `folder`; `launcher` is the program that is to be /kfp-launcher/launch."""
  for name in MOUNTS:
    (folder / name).mkdir(parents=True)
  account = folder / ACCOUNT
  account.mkdir(parents=True)
  for name, content in {'namespace': namespace, 'token': token, 'ca.crt': certificate}.items():
    (account / name).write_text(content)
  if launcher:
    shutil.copy2(launcher, folder / 'kfp-launcher/launch')
  (folder / '.root').mkdir()
  return folder


def command(pod: pathlib.Path, *words: str) -> list[str]:
  """The command that runs `words` in the pod."""
  user = [] if os.geteuid() == 0 else ['--user', '--map-root-user']
  return ['unshare', *user, '--mount', 'sh', '-c', _SCRIPT, 'pod', str(pod / '.root'), str(pod), *words]


def skip_where_impossible(folder: pathlib.Path) -> None:
  """Skips the test, with the reason, where no mount namespace can be made."""
  if shutil.which('unshare') is None:
    pytest.skip('needs unshare, of util-linux')
  tried = make(folder / 'tried', 'none', 'none', 'none', None)
  done = subprocess.run(command(tried, 'true'), capture_output=True, text=True)
  if done.returncode != 0:
    reason = (done.stderr.strip().splitlines() or ['no reason given'])[-1]
    pytest.skip(f'needs a mount namespace, which cannot be made here: {reason}')
