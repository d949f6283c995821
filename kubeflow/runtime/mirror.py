"""Keeps a local folder of model versions like the one at a push destination, for TensorFlow Serving to watch.

    python -m kubeflow.runtime.mirror s3://BUCKET/serving /models/detector

TensorFlow Serving cannot read s3:// since its release 2.7. This runs beside it in the pod (manifests/tf-serving.yaml).
A version appears whole: it is copied under a name that the server ignores, compared with its checksums, then renamed.
A version that is withdrawn at the source is removed here too, but never the last one.
"""

import argparse
import math
import os
import shutil
import signal
import sys
import time
from collections.abc import Sequence

from detection import model_folder
from detection.base import files
from kubeflow.runtime import entrypoint

_COPYING = '.copying-'


def mirror(source: str, target: str) -> list[int]:
  """Copies what is new and removes what is gone.

  Args:
    source: the push destination, on any file system TensorFlow reads.
    target: a local folder.

  Returns:
    The versions that are in `target` now, ascending.

  Raises:
    OSError, tf.errors.OpError: if either cannot be read or written now.
  """
  os.makedirs(target, exist_ok=True)
  for name in os.listdir(target):
    if name.startswith(_COPYING):  # left by a copy that was killed
      shutil.rmtree(os.path.join(target, name))
  pushed = model_folder.versions(source)
  for version in pushed:
    if not os.path.exists(os.path.join(target, str(version))):
      _copy(source, target, version)
  served = model_folder.versions(target)
  # While none of the pushed ones has come whole, the last of the others is still served.
  withdrawn = set(served) - set(pushed) if set(served) & set(pushed) else set()
  for version in sorted(withdrawn):
    shutil.rmtree(os.path.join(target, str(version)))
    print(f'version {version}: withdrawn', flush=True)
  return sorted(set(served) - withdrawn)


def _copy(source: str, target: str, version: int) -> None:
  """Copies one version; it takes its name in `target` only if all its checksums are right."""
  from components.pusher import checksums

  copy = os.path.join(target, f'{_COPYING}{version}')
  files.copy_tree(files.join(source, str(version)), copy)
  damaged = checksums.damaged(copy)
  if damaged:
    print(f'version {version}: {damaged[0]} is not whole yet; tried again later', flush=True)
    shutil.rmtree(copy)
    return
  os.rename(copy, os.path.join(target, str(version)))
  print(f'version {version}: copied', flush=True)


def main(argv: Sequence[str] | None = None) -> int:
  """Mirrors until it is ended, or once; returns the exit status."""
  parser = argparse.ArgumentParser(prog='kubeflow.runtime.mirror', description=__doc__.partition('\n')[0])
  parser.add_argument('source', metavar='URI', help='where models are pushed')
  parser.add_argument('target', metavar='DIR', help='the folder that the server watches')
  parser.add_argument('--every', type=float, default=30.0, metavar='SECONDS')
  parser.add_argument('--once', action='store_true')
  args = parser.parse_args(argv)
  if not 0 < args.every < math.inf:
    parser.error(f'--every: expected seconds above 0, received {args.every:g}')
  signal.signal(signal.SIGTERM, entrypoint.end)
  source = args.source.replace('minio://', 's3://', 1)
  while True:
    try:
      served = mirror(source, args.target)
    except files.errors(source) as error:
      # The store may be restarting; the versions that are here are served meanwhile.
      print(f'{source}: {str(error).splitlines()[0]}', file=sys.stderr, flush=True)
      served = []
    if args.once:
      return 0 if served else 1
    time.sleep(args.every)


if __name__ == '__main__':
  entrypoint.run_and_exit(main)
