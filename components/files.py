"""Files and folders that appear whole or not at all, on any file system TFX can write (local, s3://, gs://)."""

import contextlib
import os
import posixpath
import uuid
from collections.abc import Iterator

import tensorflow as tf
from tfx.dsl.io import fileio


def join(*parts: str) -> str:
  """Joins path parts; remote URIs keep forward slashes."""
  return posixpath.join(*parts)


def read_text(uri: str) -> str:
  with fileio.open(uri, 'rb') as file:
    return file.read().decode('utf-8')


def read_text_if_there(uri: str) -> str:
  """The text; empty if there is no such file, or somebody removes it at this moment."""
  # TensorFlow opens a file when it is first read, and TFX puts opening alone into its own error.
  with contextlib.suppress(fileio.NotFoundError, tf.errors.NotFoundError):
    return read_text(uri)
  return ''


def remove_if_there(uri: str) -> None:
  """Removes the file, if somebody else has not."""
  with contextlib.suppress(fileio.NotFoundError):
    fileio.remove(uri)


def write_text(uri: str, text: str) -> None:
  write_bytes(uri, text.encode('utf-8'))


def write_bytes(uri: str, content: bytes) -> None:
  """Writes beside `uri`, then renames: a reader sees the old content or the new, never a part."""
  fileio.makedirs(posixpath.dirname(uri))
  beside = f'{uri}.partial-{uuid.uuid4().hex[:8]}'
  with fileio.open(beside, 'wb') as file:
    file.write(content)
  fileio.rename(beside, uri, overwrite=True)


@contextlib.contextmanager
def whole_directory(uri: str) -> Iterator[str]:
  """Yields a new folder beside `uri`; it takes the place of `uri` only if the block ends without an error."""
  beside = f'{uri.rstrip("/")}.partial-{uuid.uuid4().hex[:8]}'
  fileio.makedirs(beside)
  try:
    yield beside
    if fileio.exists(uri):
      fileio.rmtree(uri)
    fileio.rename(beside, uri)
  finally:
    if fileio.exists(beside):
      fileio.rmtree(beside)


def copy_tree(source: str, target: str) -> None:
  """Copies every file below `source` to the same place below `target`."""
  for folder, _, names in fileio.walk(source):
    inside = os.path.relpath(folder, source)
    to = target if inside == '.' else join(target, inside)
    fileio.makedirs(to)
    for name in names:
      fileio.copy(join(folder, name), join(to, name), overwrite=True)
