"""Files that ingestion does not use: the fixed list of reasons, and a read that refuses large or unreadable files."""

import contextlib
import dataclasses
import enum
import os
import posixpath
from collections.abc import Iterator
from typing import IO, cast

from detection.base import files

_BLOCK = 2**20  # bytes


class Reason(str, enum.Enum):
  """Why a file is not used. The list is fixed: reports, tests and users rely on the words."""

  ANNOTATION_UNREADABLE = 'annotation_unreadable'
  ANNOTATION_TOO_LARGE = 'annotation_too_large'
  ANNOTATION_MALFORMED = 'annotation_malformed'
  XML_NOT_WELL_FORMED = 'xml_not_well_formed'
  XML_FORBIDDEN = 'xml_forbidden'
  NOT_AN_ANNOTATION = 'not_an_annotation'
  ANNOTATION_WITHOUT_IMAGE = 'annotation_without_image'
  ANNOTATION_TWICE = 'annotation_twice'
  ANNOTATION_AMBIGUOUS = 'annotation_ambiguous'  # fits several images, and nothing says which
  NEGATIVE_IN_DOUBT = 'negative_in_doubt'  # no objects, but the same file has annotations that no image has
  CLASS_NAMES_UNKNOWN = 'class_names_unknown'  # a list of class names is there, but cannot be read
  COLUMNS_UNCLEAR = 'columns_unclear'  # the columns of a file can be read as different boxes
  COORDINATES_UNCLEAR = 'coordinates_unclear'  # in another unit, or of another size of the image: nothing says which
  IMAGE_UNREADABLE = 'image_unreadable'
  IMAGE_EMPTY = 'image_empty'
  IMAGE_FORMAT_UNKNOWN = 'image_format_unknown'
  IMAGE_CORRUPT = 'image_corrupt'
  IMAGE_TOO_LARGE = 'image_too_large'
  NO_USABLE_BOX = 'no_usable_box'
  # Set aside: nothing is wrong with these, and they do not count as bad.
  IMAGE_NOT_ANNOTATED = 'image_not_annotated'
  NEGATIVE_LEFT_OUT = 'negative_left_out'
  NOT_IN_A_SPLIT = 'not_in_a_split'
  COPY_IN_OTHER_SPLIT = 'copy_in_other_split'
  IMAGE_DERIVED = 'image_derived'  # made from another image: a mask, a depth map, a preview
  ANNOTATION_REPEATED = 'annotation_repeated'  # says the same as another file
  NOT_FOR_DETECTION = 'not_for_detection'  # an annotation file of another task, such as captions


SET_ASIDE = frozenset(
  {
    Reason.IMAGE_NOT_ANNOTATED,
    Reason.NEGATIVE_LEFT_OUT,
    Reason.NOT_IN_A_SPLIT,
    Reason.COPY_IN_OTHER_SPLIT,
    Reason.IMAGE_DERIVED,
    Reason.ANNOTATION_REPEATED,
    Reason.NOT_FOR_DETECTION,
  }
)


class RefusedFileError(Exception):
  """One file that cannot be used. Ingestion catches it and counts the file; it never ends a run by itself."""

  def __init__(self, reason: Reason, detail: str) -> None:
    super().__init__(f'{reason.value}: {detail}')
    self.reason = reason
    self.detail = detail


@dataclasses.dataclass(frozen=True)
class Refusal:
  """One file that is not used, and why; the path is relative to the data folder."""

  path: str
  reason: Reason
  detail: str = ''

  @property
  def is_bad(self) -> bool:
    """Whether the file counts against max_bad_fraction; a file that is set aside does not."""
    return self.reason not in SET_ASIDE


def read_file(root: str, path: str, limit: int, unreadable: Reason, too_large: Reason) -> bytes:
  """The content of one file.

  Args:
    root: the data folder.
    path: of the file, below `root`.
    limit: largest size, in bytes.
    unreadable, too_large: the reasons to refuse with.

  Raises:
    RefusedFileError: `too_large` above `limit` bytes; `unreadable` if the file is gone or may not be read.
  """
  uri = posixpath.join(root, path)
  try:
    content = _read_remote(uri, limit) if files.is_remote(uri) else _read_local(uri, limit)
  except files.errors(uri) as error:
    raise RefusedFileError(unreadable, getattr(error, 'strerror', None) or type(error).__name__) from error
  if len(content) > limit:
    raise RefusedFileError(too_large, f'expected at most {limit} bytes')
  return content


def _read_remote(uri: str, limit: int) -> bytes:
  with files.open(uri, 'rb') as file:
    return file.read(limit + 1)


def _read_local(path: str, limit: int) -> bytes:
  """The content, or its first limit + 1 bytes; by the system's own calls, as a file object takes half as long again."""
  descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
  try:
    content = os.read(descriptor, min(os.fstat(descriptor).st_size, limit) + 1)
    more = os.read(descriptor, 1)  # nothing follows, as a rule: no large block is asked for in vain
    while more:
      content += more
      more = os.read(descriptor, min(max(limit + 1 - len(content), 0), _BLOCK))
    return content
  finally:
    os.close(descriptor)


def read_annotation_file(root: str, path: str, limit: int) -> bytes:
  """The content of an annotation file or a list of a split; arguments and errors as for `read_file`."""
  return read_file(root, path, limit, Reason.ANNOTATION_UNREADABLE, Reason.ANNOTATION_TOO_LARGE)


@contextlib.contextmanager
def opened_annotation_file(root: str, path: str, limit: int) -> Iterator[IO[bytes]]:
  """An annotation file to be read in blocks; arguments and errors as for `read_file`, raised while it is read."""
  uri = posixpath.join(root, path)
  try:
    with files.open(uri) as file:
      yield cast(IO[bytes], _Limited(file, limit))
  except files.errors(uri) as error:
    reason = getattr(error, 'strerror', None) or type(error).__name__
    raise RefusedFileError(Reason.ANNOTATION_UNREADABLE, reason) from error


class _Limited:
  """A file of which no more is read than `limit` bytes."""

  def __init__(self, file: IO[bytes], limit: int) -> None:
    self._file, self._limit, self._read = file, limit, 0

  def read(self, size: int = -1) -> bytes:
    if size < 0:
      return b''.join(iter(lambda: self.read(_BLOCK), b''))
    block = self._file.read(size)
    self._read += len(block)
    if self._read > self._limit:
      raise RefusedFileError(Reason.ANNOTATION_TOO_LARGE, f'expected at most {self._limit} bytes')
    return block

  def seek(self, place: int) -> None:
    self._file.seek(place)
    self._read = place
