"""The one file layer: local paths and remote URIs (s3://, gs://, hdfs://) by the same names.

Local paths use the standard library and never import TensorFlow, so that a worker starts in a fraction of the time.
Remote ones go through tf.io.gfile, but for s3:// where TensorFlow has none: see s3.py. What TensorFlow itself is to
open then needs a local copy, see local_copies.py. Whatever is written appears whole or not at all: it is written beside
its place, then renamed.
"""

import contextlib
import functools
import glob as local_glob
import hashlib
import importlib.metadata
import io
import os
import posixpath
import shutil
import uuid
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Any

from detection.base import local_walk
from detection.base.errors import DataError

if TYPE_CHECKING:
  from types import ModuleType

_BLOCK = 4 * 2**20
_WRITTEN_AT_ONCE = 2**20  # bytes; in smaller blocks, records of images take a fortieth of an image's time longer
_UNFINISHED = '.partial-'  # in the names of files that are being written


def is_remote(uri: str) -> bool:
  """Whether `uri` needs a file system plugin (s3://, gs://, hdfs://)."""
  return '://' in uri


def load_scheme(text: str) -> None:
  """Gives TensorFlow's file layer, and with it TFX's, the s3 scheme, if `text` names an s3:// URI and there is one."""
  if 's3://' in text and _tensorflow_has_s3():
    import tensorflow_io  # noqa: F401


@functools.cache
def _tensorflow_has_s3() -> bool:
  """Whether tensorflow-io is installed, which brings it; no release of it works with TensorFlow 2.16 and later."""
  try:
    importlib.metadata.distribution('tensorflow-io')
  except importlib.metadata.PackageNotFoundError:
    return False
  return True


def tensorflow_opens(uri: str) -> bool:
  """Whether TensorFlow's own readers and writers take `uri`."""
  return not uri.startswith('s3://') or _tensorflow_has_s3()


def errors(uri: str) -> tuple[type[Exception], ...]:
  """What reading or writing `uri` raises when it is gone or not allowed."""
  if is_remote(uri):
    if not tensorflow_opens(uri):
      return (OSError,)
    import tensorflow as tf

    return OSError, tf.errors.OpError
  return (OSError,)


def join(*parts: str) -> str:
  """Joins path parts; remote URIs keep forward slashes."""
  return posixpath.join(*parts)


def open(uri: str, mode: str = 'rb') -> IO[Any]:
  """Opens a file for a `with` block, as the builtin does. Text is UTF-8."""
  if is_remote(uri):
    return gfile(uri).GFile(uri, mode)
  buffering = _WRITTEN_AT_ONCE if mode == 'wb' else -1
  return io.open(uri, mode, buffering, encoding=None if 'b' in mode else 'utf-8')  # noqa: UP020 - `open` is this function


def exists(uri: str) -> bool:
  return gfile(uri).exists(uri) if is_remote(uri) else os.path.exists(uri)


def isdir(uri: str) -> bool:
  return gfile(uri).isdir(uri) if is_remote(uri) else os.path.isdir(uri)


def listdir(uri: str) -> list[str]:
  """Names in a folder, without the slash that object stores put behind folders."""
  names = gfile(uri).listdir(uri) if is_remote(uri) else os.listdir(uri)
  return sorted(name.rstrip('/') for name in names)


def glob(pattern: str) -> list[str]:
  """The files that match, in order of their names."""
  return sorted(gfile(pattern).glob(pattern) if is_remote(pattern) else local_glob.glob(pattern))


def walk(root: str) -> Iterator[tuple[str, list[str], list[str]]]:
  """(folder, folders in it, files in it), as os.walk; links to local folders are followed, once each.

  A large local folder comes in several portions, so that the names of a million files are never held together. A local
  folder that the caller removes from a portion is not walked.
  """
  return gfile(root).walk(root) if is_remote(root) else local_walk.walk(root)


def read_ahead(uri: str) -> None:
  """Asks the system to read a file from the disk before it is needed; does nothing where that cannot be asked."""
  if is_remote(uri) or not hasattr(os, 'posix_fadvise'):
    return
  with contextlib.suppress(OSError):  # who reads the file will find out
    descriptor = os.open(uri, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
      os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_WILLNEED)
    finally:
      os.close(descriptor)


def makedirs(uri: str) -> None:
  """Makes a folder and those above it, where they are missing."""
  if is_remote(uri):
    gfile(uri).makedirs(uri)
  elif uri:
    os.makedirs(uri, exist_ok=True)


def rename(source: str, target: str) -> None:
  """Renames a file, replacing a file at `target`, or a folder, if there is none at `target`."""
  if is_remote(source):
    gfile(source).rename(source, target, overwrite=True)
  else:
    os.replace(source, target)


def copy(source: str, target: str) -> None:
  """Copies one file, replacing a file at `target`."""
  if is_remote(source) or is_remote(target):
    load_scheme(target)
    gfile(source if tensorflow_opens(target) else target).copy(source, target, overwrite=True)
  else:
    shutil.copyfile(source, target)


def remove(uri: str) -> None:
  if is_remote(uri):
    gfile(uri).remove(uri)
  else:
    os.remove(uri)


def remove_if_there(uri: str) -> None:
  """Removes the file, if somebody else has not."""
  with contextlib.suppress(*not_found(uri)):
    remove(uri)


def rmtree(uri: str) -> None:
  """Removes a folder with all that is in it."""
  if is_remote(uri):
    gfile(uri).rmtree(uri)
  else:
    shutil.rmtree(uri)


def rmtree_if_there(uri: str) -> None:
  if exists(uri):
    rmtree(uri)


def read_bytes(uri: str) -> bytes:
  with open(uri) as file:
    return file.read()


def read_text(uri: str) -> str:
  return read_bytes(uri).decode('utf-8')


def read_user_file(uri: str) -> bytes:
  """The content of a file that the user named. Raises DataError if there is no such file."""
  if not exists(uri) or isdir(uri):
    raise DataError(f'{uri}: no such file.')
  return read_bytes(uri)


def read_text_if_there(uri: str) -> str:
  """The text; empty if there is no such file, or somebody removes it at this moment."""
  with contextlib.suppress(*not_found(uri)):
    return read_text(uri)
  return ''


def write_text(uri: str, text: str) -> None:
  write_bytes(uri, text.encode('utf-8'))


def write_bytes(uri: str, content: bytes) -> None:
  """Writes a whole file: a reader sees the old content or the new, never a part."""
  with whole_file(uri) as file:
    file.write(content)


@contextlib.contextmanager
def whole_file(uri: str) -> Iterator[IO[bytes]]:
  """A file to write bytes to, which takes its name only when the block ends without an error."""
  with whole_path(uri) as beside, open(beside, 'wb') as file:
    yield file


@contextlib.contextmanager
def whole_path(uri: str) -> Iterator[str]:
  """Yields a new path beside `uri`, with its suffix, to write a file at; it is renamed to `uri`, as by whole_file."""
  beside = _beside(uri) + posixpath.splitext(uri)[1]
  makedirs(posixpath.dirname(uri))
  try:
    yield beside
    rename(beside, uri)
  except BaseException:
    with contextlib.suppress(*errors(uri)):  # the first error is the one to show
      remove(beside)
    raise


def remove_unfinished(folder: str) -> None:
  """Removes what killed processes have left of files that they were writing in `folder`; nobody may be writing now."""
  for path in glob(join(folder, f'*{_UNFINISHED}*')):
    remove_if_there(path)


@contextlib.contextmanager
def whole_directory(uri: str) -> Iterator[str]:
  """Yields a new folder beside `uri`; it takes the place of `uri` only if the block ends without an error."""
  beside = _beside(uri.rstrip('/'))
  makedirs(beside)
  try:
    yield beside
    rmtree_if_there(uri)
    rename(beside, uri)
  finally:
    rmtree_if_there(beside)


def copy_tree(source: str, target: str) -> None:
  """Copies every file below `source` to the same place below `target`."""
  for folder, _, names in walk(source):
    inside = os.path.relpath(folder, source)
    to = target if inside == '.' else join(target, inside)
    makedirs(to)
    for name in names:
      copy(join(folder, name), join(to, name))


def sha256(uri: str) -> str:
  """The SHA-256 of a file's content, as 64 hex digits; read in blocks."""
  digest = hashlib.sha256()
  with open(uri) as file:
    while block := file.read(_BLOCK):
      digest.update(block)
  return digest.hexdigest()


def _beside(uri: str) -> str:
  return f'{uri}{_UNFINISHED}{uuid.uuid4().hex[:8]}'


def not_found(uri: str) -> tuple[type[Exception], ...]:
  """What is raised where there is no file at `uri`."""
  if is_remote(uri) and tensorflow_opens(uri):
    import tensorflow as tf

    return (tf.errors.NotFoundError,)
  return (FileNotFoundError,)


def gfile(uri: str) -> 'ModuleType':
  """TensorFlow's file layer, with the scheme of `uri`; the module s3, with the same names, where it has no s3://."""
  if not tensorflow_opens(uri):
    from detection.base import s3

    return s3
  load_scheme(uri)
  import tensorflow as tf

  return tf.io.gfile
