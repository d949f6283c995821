"""Local copies of remote files that TensorFlow itself is to read or write, where it has no such scheme.

TensorFlow's checkpoints, SavedModels, TFRecord files and TensorBoard events go through its own file layer. Where that
opens a URI (see files.tensorflow_opens), nothing is copied.
"""

import atexit
import contextlib
import functools
import hashlib
import os
import posixpath
import shutil
import tempfile
from collections.abc import Collection, Iterator

from detection.base import files


def readable(uri: str) -> str:
  """A path that TensorFlow's own readers open: `uri` itself, or a copy that is kept until this process ends.

  Args:
    uri: of a file, of a folder, or a checkpoint's prefix. What is not there is left to the reader to miss.
  """
  return uri if files.tensorflow_opens(uri) else _copied(uri, tuple(sorted(_content(uri).items())))


@contextlib.contextmanager
def writable(uri: str) -> Iterator[str]:
  """A folder for TensorFlow's own writers: `uri` itself, or a new one that is copied to it when the block has ended."""
  if files.tensorflow_opens(uri):
    yield uri
    return
  with tempfile.TemporaryDirectory() as folder:
    yield folder
    files.copy_tree(folder, uri)


@functools.cache
def _copied(uri: str, content: tuple[tuple[str, str], ...]) -> str:
  """Copies files, named with digests of their content: what has changed since is copied again."""
  name = hashlib.sha256(repr((uri, content)).encode()).hexdigest()[:16]
  target = os.path.join(_folder(os.getpid()), name, os.path.basename(uri.rstrip('/')))
  for path, _ in content:
    place = target + path.removeprefix(uri.rstrip('/'))
    os.makedirs(os.path.dirname(place), exist_ok=True)
    files.copy(path, place)
  return target


@functools.cache
def _folder(process: int) -> str:
  folder = tempfile.mkdtemp(prefix='copies-')
  atexit.register(shutil.rmtree, folder, ignore_errors=True)
  return folder


def _content(uri: str) -> dict[str, str]:
  from detection.base import s3

  if s3.exists(uri):
    return s3.content(uri)
  return {path: digest for part in s3.glob(f'{uri}.*') for path, digest in s3.content(part).items()}


class Mirror:
  """A local folder that TensorFlow writes to, and its copy in an object store."""

  def __init__(self, remote: str) -> None:
    """Makes the local folder, with what is in the copy; `remote` need not be there yet."""
    self.remote = remote
    self.local = tempfile.mkdtemp(prefix='mirror-')
    if files.isdir(remote):
      files.copy_tree(remote, self.local)
    self._sent = self._now(())

  def send(self, leave_out: Collection[str] = ()) -> None:
    """Brings the copy up to date: new and changed files, what names others last; then removes what is gone here.

    Args:
      leave_out: names of entries of the folder that stay here.
    """
    now = self._now(leave_out)
    for path in sorted(now.keys(), key=lambda path: (_names_others(path), path)):
      if now[path] != self._sent.get(path):
        target = files.join(self.remote, path)
        files.makedirs(posixpath.dirname(target))
        files.copy(os.path.join(self.local, path), target)
    for path in self._sent.keys() - now.keys():
      files.remove_if_there(files.join(self.remote, path))
    self._sent = now

  def remove(self) -> None:
    """Removes the local folder."""
    shutil.rmtree(self.local, ignore_errors=True)

  def _now(self, leave_out: Collection[str]) -> dict[str, tuple[int, int]]:
    """{path in the folder: (size, time of change)}"""
    found = {}
    for folder, _, names in os.walk(self.local):
      for name in names:
        path = os.path.relpath(os.path.join(folder, name), self.local)
        if path.partition(os.sep)[0] not in leave_out:
          status = os.stat(os.path.join(folder, name))
          found[path] = (status.st_size, status.st_mtime_ns)
    return found


def _names_others(path: str) -> bool:
  """Whether a checkpoint counts only with this file: its index, or the list of checkpoints."""
  return path.endswith('.index') or os.path.basename(path) == 'checkpoint'
