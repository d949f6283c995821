"""Files, local or remote. Local paths never import TensorFlow, so that a worker starts in a fraction of the time."""

import contextlib
import os
import posixpath
import stat
import uuid
from collections.abc import Iterator
from typing import Any

from components.voc_example_gen.annotation import Reason, Refused


def is_remote(uri: str) -> bool:
  """Whether `uri` needs a file system plugin (s3://, gs://, hdfs://)."""
  return '://' in uri


def opened(uri: str, mode: str) -> Any:
  """Opens a file for a `with` block; remote ones through TFX's file layer."""
  if is_remote(uri):
    from tfx.dsl.io import fileio

    return fileio.open(uri, mode)
  return open(uri, mode)  # noqa: SIM115


def walk(root: str) -> Any:
  """os.walk for either kind; links to folders are followed once each."""
  if is_remote(root):
    from tfx.dsl.io import fileio

    return fileio.walk(root)
  return _walk_local(root, {os.path.realpath(root)})


def _walk_local(root: str, seen: set[str]) -> Any:
  for folder, folders, names in os.walk(root, followlinks=True):
    kept = []
    for name in folders:
      real = os.path.realpath(os.path.join(folder, name))
      if real not in seen:
        seen.add(real)
        kept.append(name)
    folders[:] = kept
    yield folder, folders, names


def failures(uri: str) -> tuple[type[Exception], ...]:
  """What reading a file that is gone or may not be read raises there."""
  if is_remote(uri):
    import tensorflow as tf

    return OSError, tf.errors.OpError
  return (OSError,)


def size(uri: str) -> int | None:
  """Size in bytes; 0 for remote files, whose size only costs a call, and None for what is no plain file (a pipe)."""
  if is_remote(uri):
    return 0
  status = os.stat(uri)
  return status.st_size if stat.S_ISREG(status.st_mode) else None


def read(root: str, path: str, limit: int, unreadable: Reason, too_large: Reason) -> bytes:
  """The content of one file below `root`.

  Raises:
    Refused: `too_large` above `limit` bytes; `unreadable` if the file is gone or may not be read.
  """
  uri = posixpath.join(root, path)
  try:
    with opened(uri, 'rb') as file:
      # A read sets aside all it is asked for: not `limit` for every small file.
      known = limit if is_remote(uri) else os.fstat(file.fileno()).st_size
      content = file.read(min(known, limit) + 1)
  except failures(uri) as error:
    raise Refused(unreadable, getattr(error, 'strerror', None) or type(error).__name__) from error
  if len(content) > limit:
    raise Refused(too_large, f'expected at most {limit} bytes')
  return content


@contextlib.contextmanager
def appearing_whole(uri: str) -> Iterator[Any]:
  """A file to write bytes to, which takes its name only when the block ends without an error."""
  beside = f'{uri}.partial-{uuid.uuid4().hex[:8]}'
  if is_remote(uri):
    from tfx.dsl.io import fileio

    make_folder, rename, remove = fileio.makedirs, lambda a, b: fileio.rename(a, b, overwrite=True), fileio.remove
  else:
    make_folder, rename, remove = lambda path: os.makedirs(path, exist_ok=True), os.replace, os.remove
  make_folder(posixpath.dirname(uri))
  try:
    with opened(beside, 'wb') as file:
      yield file
  except BaseException:
    with contextlib.suppress(*failures(uri)):  # what went wrong first is what counts
      remove(beside)
    raise
  rename(beside, uri)
