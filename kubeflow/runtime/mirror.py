"""Keeps a local folder of model versions like the one at a push destination, for TensorFlow Serving to watch.

    python -m kubeflow.runtime.mirror s3://BUCKET/serving /models/detector

TensorFlow Serving cannot read s3:// since its release 2.7. This runs beside it in the pod (manifests/tf-serving.yaml).
A version appears whole: it is copied under a name that the server ignores, compared with its checksums, then renamed.
One that is withdrawn at the source goes here too, but never the last.
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
    The versions that stand in `target` now, ascending.

  Raises:
    OSError, tf.errors.OpError: if either cannot be read or written now.
  """
  from components.pusher import publish

  os.makedirs(target, exist_ok=True)
  for left in os.listdir(target):
    if left.startswith(_COPYING):
      shutil.rmtree(os.path.join(target, left))
  there = model_folder.versions(source)
  for version in there:
    standing = os.path.join(target, str(version))
    if os.path.exists(standing):
      continue
    copy = os.path.join(target, f'{_COPYING}{version}')
    files.copy_tree(files.join(source, str(version)), copy)
    wrong = publish.damaged(copy)
    if wrong:
      print(f'version {version}: {wrong[0]} is not whole yet; tried again later', flush=True)
      shutil.rmtree(copy)
      continue
    os.rename(copy, standing)
    print(f'version {version}: copied', flush=True)
  here = model_folder.versions(target)
  for version in here if set(there) & set(here) else ():
    if version not in there:
      shutil.rmtree(os.path.join(target, str(version)))
      print(f'version {version}: withdrawn', flush=True)
  return model_folder.versions(target)


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
      standing = mirror(source, args.target)
    except files.errors(source) as error:
      # The store may be restarting; what stands is served meanwhile.
      print(f'{source}: {str(error).splitlines()[0]}', file=sys.stderr, flush=True)
      standing = []
    if args.once:
      return 0 if standing else 1
    time.sleep(args.every)


if __name__ == '__main__':
  entrypoint.run_and_exit(main)
