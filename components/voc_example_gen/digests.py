"""The fingerprint of a data folder, on which TFX's cache depends; by what a listing tells, or by all content."""

import hashlib
import json
import os
import posixpath
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from components.voc_example_gen.listing import Tree
from detection.base import files

# The exec property and the property of the examples that hold the fingerprint.
FINGERPRINT = 'input_fingerprint'
LISTING, CONTENT = 'listing', 'content'
KINDS = (LISTING, CONTENT)
_BATCH = 64
# A file that was changed so short a time before it was read may be changed again without a new time: clocks of file
# systems tick (FAT's every two seconds). Its digest is not kept.
_SETTLED_NS = 3 * 10**9


def fingerprint(tree: Tree, kind: str, memory_path: str = '') -> str:
  """One digest for the whole folder.

  Args:
    tree: the folder's listing.
    kind: LISTING: of the paths, sizes and times that the listing has; no file is opened. CONTENT: of paths and
      contents; equal for every copy of the folder, and different whenever a byte is.
    memory_path: for CONTENT, a file in which digests are kept, so that a file is read again only if it has changed; ''
      for none. Remote folders are always read: their stores tell too little.

  Returns:
    64 hex digits.
  """
  if kind == LISTING:
    return tree.state
  known = _Memory.read(memory_path) if memory_path and not files.is_remote(tree.root) else {}
  found = _of_files(tree.root, [file.path for file in tree.files], known)
  if memory_path:
    _Memory.write(memory_path, found)
  digest = hashlib.sha256()
  for file in tree.files:
    content = found[file.path].digest
    digest.update(f'{file.path}\0{content}\n'.encode('utf-8', 'surrogateescape'))
  return digest.hexdigest()


class _Digest(NamedTuple):
  """A file's digest, and what the file system said about it when it was read.

  Attributes:
    digest: SHA-256 of the content, in hex; '' for a file that cannot be read (refused by name when its turn comes).
    state: size, time of change of the content and of anything, and inode; () if the digest cannot be kept. The second
      time cannot be set by a program, as the first can.
  """

  digest: str
  state: tuple[int, ...]


class _Memory:
  """A file of digests: JSON, {path below the data folder: [digest, state]}."""

  @staticmethod
  def read(path: str) -> dict[str, _Digest]:
    text = files.read_text_if_there(path)
    try:
      return {name: _Digest(digest, tuple(state)) for name, (digest, state) in json.loads(text or '{}').items()}
    except (ValueError, TypeError, AttributeError):
      return {}  # not this version's: files are read again

  @staticmethod
  def write(path: str, digests: dict[str, _Digest]) -> None:
    files.write_text(path, json.dumps({name: one for name, one in digests.items() if one.state}))


def of_files(root: str, paths: Iterable[str]) -> dict[str, str]:
  """SHA-256 of each file's content, in hex; '' for a file that cannot be read."""
  return {path: one.digest for path, one in _of_files(root, paths, {}).items()}


def _of_files(root: str, paths: Iterable[str], known: dict[str, _Digest]) -> dict[str, _Digest]:
  paths = list(paths)
  batches = [paths[start : start + _BATCH] for start in range(0, len(paths), _BATCH)]
  # Threads: hashing and reading both release the interpreter's lock.
  with ThreadPoolExecutor(max_workers=2 * (os.cpu_count() or 1)) as pool:
    found = pool.map(lambda batch: [_digest(root, path, known.get(path)) for path in batch], batches)
    return {
      path: digest
      for batch, digests in zip(batches, found, strict=True)
      for path, digest in zip(batch, digests, strict=True)
    }


def _digest(root: str, path: str, known: _Digest | None) -> _Digest:
  uri = posixpath.join(root, path)
  state = _state(uri)
  if known and state and known.state == state:
    return known
  try:
    return _Digest(files.sha256(uri), state)
  except files.errors(root):
    return _Digest('', ())


def _state(uri: str) -> tuple[int, ...]:
  """() if a digest made now cannot be told from one of a later content."""
  if files.is_remote(uri):
    return ()
  try:
    status = os.stat(uri)
  except OSError:
    return ()
  is_settled = max(status.st_mtime_ns, status.st_ctime_ns) < time.time_ns() - _SETTLED_NS
  return (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino) if is_settled else ()
