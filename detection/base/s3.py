"""s3:// where TensorFlow has no such scheme: the names of tf.io.gfile that `files` uses, on fsspec's s3fs.

Endpoint and keys come from the variables that TensorFlow's own s3:// reads: S3_ENDPOINT, S3_USE_HTTPS, S3_VERIFY_SSL,
AWS_REGION; keys and all else from those that AWS's own tools read. An object store has no folders: a folder is there
while a file is in it.
"""

import contextlib
import functools
import os
import posixpath
import shutil
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
  from fsspec import AbstractFileSystem

_SCHEME = 's3://'


@contextlib.contextmanager
def _as_os_error() -> Iterator[None]:
  """A store that cannot be reached is an OSError, as one that refuses is already."""
  import botocore.exceptions

  try:
    yield
  except botocore.exceptions.BotoCoreError as error:
    raise OSError(f's3: {error}') from error


@_as_os_error()
def GFile(uri: str, mode: str) -> IO[Any]:  # noqa: N802 - tf.io.gfile's name
  return _store().open(uri, mode, encoding=None if 'b' in mode else 'utf-8')


@_as_os_error()
def exists(uri: str) -> bool:
  return _store().exists(uri)


@_as_os_error()
def isdir(uri: str) -> bool:
  return _store().isdir(uri)


class Status(NamedTuple):
  """As tf.io.gfile.stat's: length in bytes; mtime_nsec, the time of the last change."""

  length: int
  mtime_nsec: int


@_as_os_error()
def stat(uri: str) -> Status:
  found = _store().info(uri)
  changed = found.get('LastModified')
  return Status(found['size'], round(changed.timestamp() * 1e9) if changed else 0)


@_as_os_error()
def states(uri: str) -> dict[str, tuple[int, str]]:
  """{path below a folder: (bytes, ETag)} of all files in it and below: one listing, and no request for each file."""
  top = uri.removeprefix(_SCHEME).rstrip('/') + '/'
  found = _store().find(uri, detail=True)
  return {path.removeprefix(top): (info['size'], str(info.get('ETag', ''))) for path, info in found.items()}


@_as_os_error()
def listdir(uri: str) -> list[str]:
  # A store that a console has made folders in holds an empty object for each, named as the folder is.
  paths = [path.rstrip('/') for path in _store().ls(uri, detail=False)]
  return [posixpath.basename(path) for path in paths if path != uri.removeprefix(_SCHEME).rstrip('/')]


@_as_os_error()
def glob(pattern: str) -> list[str]:
  return [_SCHEME + path for path in _store().glob(pattern)]


def walk(root: str) -> Iterator[tuple[str, list[str], list[str]]]:
  with _as_os_error():
    for folder, folders, names in _store().walk(root):
      yield _SCHEME + folder, folders, [name for name in names if name]


def makedirs(uri: str) -> None:
  """Does nothing."""


@_as_os_error()
def rename(source: str, target: str, overwrite: bool) -> None:
  """Renames a file or a folder, one file after the other."""
  store = _store()
  for path in content(source):
    place = target if path == source else f'{target.rstrip("/")}/{posixpath.relpath(path, source)}'
    store.cp_file(path, place)
    store.rm_file(path)


@_as_os_error()
def copy(source: str, target: str, overwrite: bool) -> None:
  """Copies a file within the store, into it or out of it."""
  if source.startswith(_SCHEME) and target.startswith(_SCHEME):
    _store().cp_file(source, target)
    return
  with _opened(source, 'rb') as read, _opened(target, 'wb') as written:
    shutil.copyfileobj(read, written, 4 * 2**20)


@_as_os_error()
def content(uri: str) -> dict[str, str]:
  """{URI: digest of its content}: of the file, or of all files below the folder; FileNotFoundError if there is none."""
  found = _store().find(uri, detail=True)
  if not found:
    raise FileNotFoundError(f'{uri}: no such file or folder')
  return {_SCHEME + path: str(info.get('ETag', info['size'])) for path, info in found.items()}


def _opened(uri: str, mode: str) -> IO[Any]:
  if uri.startswith(_SCHEME):
    return GFile(uri, mode)
  import tensorflow as tf

  return tf.io.gfile.GFile(uri, mode) if '://' in uri else open(uri, mode)


@_as_os_error()
def remove(uri: str) -> None:
  _store().rm_file(uri)


@_as_os_error()
def rmtree(uri: str) -> None:
  _store().rm(uri, recursive=True)


def _store() -> 'AbstractFileSystem':
  names = ('S3_ENDPOINT', 'S3_USE_HTTPS', 'S3_VERIFY_SSL', 'AWS_REGION')
  return _store_of(os.getpid(), *(os.environ.get(name, '') for name in names))


@functools.cache
def _store_of(process: int, endpoint: str, https: str, verify: str, region: str) -> 'AbstractFileSystem':
  """The file system; one a process, since a forked one cannot go on with its parent's connections."""
  import s3fs

  options: dict[str, Any] = {'region_name': region} if region else {}
  if verify in _OFF:
    options['verify'] = False
  if endpoint and '://' not in endpoint:
    endpoint = f'{"http" if https in _OFF else "https"}://{endpoint}'
  # Stores other than Amazon's know buckets by path, and not all know its newer checksums.
  other = {'s3': {'addressing_style': 'path'}, 'request_checksum_calculation': 'when_required'}
  return s3fs.S3FileSystem(
    endpoint_url=endpoint or None,
    client_kwargs=options,
    config_kwargs=other if endpoint else {},
    use_listings_cache=False,
    skip_instance_cache=True,
  )


_OFF = ('0', 'false', 'False')
