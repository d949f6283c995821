"""s3:// where TensorFlow has no such scheme: the names of tf.io.gfile that `files` uses, on fsspec's s3fs.

Endpoint and keys come from the variables that TensorFlow's own s3:// reads: S3_ENDPOINT, S3_USE_HTTPS, S3_VERIFY_SSL,
AWS_REGION; keys and all else from those that AWS's own tools read. An object store has no folders: a folder is there
while a file is in it.
"""

import contextlib
import datetime
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
  is_directory: bool


@_as_os_error()
def stat(uri: str) -> Status:
  found = _store().info(uri)
  changed = found.get('LastModified')
  time = round(changed.timestamp() * 1e9) if changed else 0
  return Status(found['size'], time, found['type'] == 'directory')


@_as_os_error()
def states(uri: str) -> dict[str, tuple[int, str]]:
  """{path below a folder: (bytes, ETag)} of all files in it and below: one listing, and no request for each file."""
  top = uri.removeprefix(_SCHEME).rstrip('/') + '/'
  found = _store().find(uri, detail=True)
  return {path.removeprefix(top): (info['size'], str(info.get('ETag', ''))) for path, info in found.items()}


class Page(NamedTuple):
  """A page of a folder's listing: names of folders in it, (name, bytes, ETag) of files; '' or a token for the next."""

  folders: list[str]
  files: list[tuple[str, int, str]]
  token: str


@_as_os_error()
def page(uri: str, token: str = '', after: str = '', most: int | None = None) -> Page:
  """Lists a folder, whose URI ends in a slash; from where `token` says, or from behind a name, which need not exist."""
  bucket, _, prefix = uri.removeprefix(_SCHEME).partition('/')
  place = {'ContinuationToken': token} if token else {'StartAfter': prefix + after} if after else {}
  size = {'MaxKeys': most} if most else {}
  found = _store().call_s3('list_objects_v2', Bucket=bucket, Prefix=prefix, Delimiter='/', **place, **size)
  folders = [one['Prefix'][len(prefix) : -1] for one in found.get('CommonPrefixes', ())]
  files = [(one['Key'][len(prefix) :], one['Size'], str(one.get('ETag', ''))) for one in found.get('Contents', ())]
  # A store that a console has made folders in holds an empty object for each, named as the folder is.
  return Page(
    [name for name in folders if name],
    [file for file in files if file[0]],
    found.get('NextContinuationToken', '') if found.get('IsTruncated') else '',
  )


@_as_os_error()
def listdir(uri: str) -> list[str]:
  # A store that a console has made folders in holds an empty object for each, named as the folder is.
  paths = [path.rstrip('/') for path in _store().ls(uri, detail=False)]
  return [posixpath.basename(path) for path in paths if path != uri.removeprefix(_SCHEME).rstrip('/')]


@_as_os_error()
def glob(pattern: str) -> list[str]:
  return [_SCHEME + path for path in _store().glob(pattern)]


def walk(root: str) -> Iterator[tuple[str, list[str], list[str]]]:
  """As os.walk. fsspec's own takes a folder that the store does not list, busy or forbidden, for an empty one."""
  waiting = [root.rstrip('/')]
  while waiting:
    folder = waiting.pop()
    found = page(f'{folder}/')
    folders, names = found.folders, [name for name, _, _ in found.files]
    while found.token:
      found = page(f'{folder}/', found.token)
      folders += found.folders
      names += [name for name, _, _ in found.files]
    if folders or names:
      yield folder, folders, names
    waiting += [f'{folder}/{name}' for name in folders]


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
  import aiobotocore.session
  import s3fs

  session = aiobotocore.session.get_session()
  session.get_component('response_parser_factory').set_parser_defaults(timestamp_parser=_time_of)
  options: dict[str, Any] = {'region_name': region} if region else {}
  if verify in _OFF:
    options['verify'] = False
  if endpoint and '://' not in endpoint:
    endpoint = f'{"http" if https in _OFF else "https"}://{endpoint}'
  # Stores other than Amazon's know buckets by path, and not all know its newer checksums.
  other = {'s3': {'addressing_style': 'path'}, 'request_checksum_calculation': 'when_required'}
  return s3fs.S3FileSystem(
    session=session,
    endpoint_url=endpoint or None,
    client_kwargs=options,
    config_kwargs=other if endpoint else {},
    use_listings_cache=False,
    skip_instance_cache=True,
  )


def _time_of(text: Any) -> datetime.datetime:
  """The time of a file in a listing; botocore's own parser takes longer for it than all else does."""
  import botocore.utils

  with contextlib.suppress(TypeError, ValueError):
    if (time := datetime.datetime.fromisoformat(text)).tzinfo:
      return time
  return botocore.utils.parse_timestamp(text)


_OFF = ('0', 'false', 'False')
