"""What a file system says about files without reading them; asked in parallel, as each answer of a store takes long."""

import collections
import itertools
import os
import posixpath
import stat
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from detection.base import files, s3
from detection.base.errors import DataError

_BATCH, _REMOTE_BATCH = 256, 8  # files asked for by one thread before another one's turn comes
_THREADS, _REMOTE_THREADS = 8, 64


class Status(NamedTuple):
  """What is known of one file.

  Attributes:
    size: in bytes; 0 if the file cannot be asked: a dead link, or deleted meanwhile.
    mark: what is another one when the content is: the time of its last change, in nanoseconds as far as the system
      keeps them, or a store's ETag; '' if the file cannot be asked.
    is_regular: False for a pipe or a device, which must not be opened: reading it would never end.
    is_folder: whether it is a folder in a store.
  """

  size: int = 0
  mark: str = ''
  is_regular: bool = True
  is_folder: bool = False


def of(uri: str) -> Status:
  """The status of one file.

  Raises:
    DataError: if a store does not answer. It is not known then whether there is a file.
  """
  return _of_remote(uri) if files.is_remote(uri) else of_local(uri)


def of_local(path: str) -> Status:
  """The status of a file on a local disk or mount."""
  try:
    status = os.stat(path)
  except OSError:
    return Status()
  return Status(status.st_size, str(status.st_mtime_ns), stat.S_ISREG(status.st_mode))


def _of_remote(uri: str) -> Status:
  try:
    found = files.gfile(uri).stat(uri)
  except files.not_found(uri):
    return Status()
  except files.errors(uri) as error:
    raise no_answer(uri, error) from error
  return Status(found.length, str(found.mtime_nsec), is_folder=found.is_directory)


def no_answer(uri: str, error: Exception) -> DataError:
  """The one line that ends a run when a store does not answer."""
  return DataError(f'{uri}: its store does not answer: {str(error)[:200].rstrip(".")}. Try again later.')


def of_all(root: str, paths: Iterable[str]) -> Iterator[tuple[str, Status]]:
  """(path, Status) of each of these paths below `root`, in their order. Raises DataError as `of` does.

  Paths are taken a few thousand ahead of what has been asked for.
  """
  is_remote = files.is_remote(root)
  if is_remote and not files.tensorflow_opens(root):
    yield from _listed(root, paths)
    return
  size, threads = (_REMOTE_BATCH, _REMOTE_THREADS) if is_remote else (_BATCH, _THREADS)
  paths = iter(paths)

  def ask(batch: Sequence[str]) -> list[Status]:
    return [of(posixpath.join(root, path)) for path in batch]

  waiting: collections.deque[tuple[list[str], Future[list[Status]]]] = collections.deque()
  with ThreadPoolExecutor(threads) as pool:
    while batch := list(itertools.islice(paths, size)):
      waiting.append((batch, pool.submit(ask, batch)))
      if len(waiting) > 2 * threads:
        asked, found = waiting.popleft()
        yield from zip(asked, found.result(), strict=True)
    for asked, found in waiting:
      yield from zip(asked, found.result(), strict=True)


def _listed(root: str, paths: Iterable[str]) -> Iterator[tuple[str, Status]]:
  """The same from one listing of the store."""
  first = list(itertools.islice(paths := iter(paths), 1))
  if not first:
    return
  try:
    states = s3.states(root)
  except OSError as error:
    raise no_answer(root, error) from error
  for path in itertools.chain(first, paths):
    yield path, Status(*states[path]) if path in states else Status()
