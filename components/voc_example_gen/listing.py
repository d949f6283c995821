"""Lists the data folder in one walk: its images, and the files that may be annotations. No content is read."""

import dataclasses
import functools
import hashlib
import os
import posixpath
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from detection.base import file_status, files
from detection.base.errors import DataError

_READ = frozenset({'.jpg', '.jpeg', '.jpe', '.jfif', '.png', '.bmp', '.dib', '.tif', '.tiff', '.webp', '.gif'})
_READ |= {'.ppm', '.pgm', '.pbm', '.pnm'}
# Listed too, although ingestion cannot read them: it refuses a phone's photographs by name instead of skipping them.
UNREADABLE_SUFFIXES = frozenset({'.heic', '.heif', '.avif', '.jp2', '.jxl'})
IMAGE_SUFFIXES = _READ | UNREADABLE_SUFFIXES
# Known and neither read nor listed, as a camera writes them beside its photographs; named where an image is missing.
UNLISTED_SUFFIXES = frozenset(
  {
    '.psd',
    '.xcf',
    '.svg',
    '.eps',
    '.raw',
    '.dng',
    '.cr2',
    '.cr3',
    '.nef',
    '.arw',
    '.orf',
    '.rw2',
    '.raf',
    '.exr',
    '.hdr',
  }
  | {'.dcm', '.tga', '.pcx', '.ico', '.j2k', '.jpf', '.jpx', '.dds', '.fits'}
)
ANNOTATION_SUFFIXES = frozenset({'.xml', '.json', '.txt', '.csv', '.yaml', '.yml', '.names', '.labels', '.data'})
# Segmentation masks of the VOC devkit have the stems of the photographs; the others are made by operating systems.
_SKIPPED_FOLDERS = frozenset({'segmentationclass', 'segmentationobject', '__macosx', '@eadir'})


class File(NamedTuple):
  """A file below the root: its relative path with forward slashes, and its size in bytes (0 if it cannot be asked)."""

  path: str
  size: int

  @property
  def suffix(self) -> str:
    return _suffix(self.path)


@dataclasses.dataclass(frozen=True)
class Tree:
  """The data folder's files.

  Attributes:
    root: the folder, absolute.
    files: in order of path.
    unlisted_images: paths of images in formats that are not even listed.
    state: a digest of the paths, sizes and times of all files; see `state_of`.
  """

  root: str
  files: tuple[File, ...]
  unlisted_images: tuple[str, ...] = ()
  state: str = ''

  @functools.cached_property
  def images(self) -> tuple[File, ...]:
    return self.with_suffix(*IMAGE_SUFFIXES)

  def with_suffix(self, *suffixes: str) -> tuple[File, ...]:
    """The files with one of these suffixes, in order of path."""
    found = [self._by_suffix[suffix] for suffix in suffixes if suffix in self._by_suffix]
    if len(found) == 1:
      return tuple(found[0])
    return tuple(sorted(file for files_of_one in found for file in files_of_one))

  @functools.cached_property
  def _by_suffix(self) -> dict[str, list[File]]:
    found: dict[str, list[File]] = defaultdict(list)
    for file in self.files:
      found[_suffix(file.path)].append(file)
    return found


def list_folder(root: str) -> Tree:
  """Lists images and possible annotations below `root`; hidden files, masks and other junk are left out.

  Raises:
    DataError: if `root` is no folder that can be listed.
  """
  root = root if files.is_remote(root) else os.path.abspath(os.path.expanduser(root))
  _require_folder(root)
  unlisted: list[str] = []
  listed: list[File] = []
  state = _digest(_kept(_statuses(root, unlisted), listed))
  return Tree(root, tuple(sorted(listed)), tuple(sorted(unlisted)), state)


def state_of(root: str) -> str:
  """What Tree.state is now: equal as long as no file is added, removed, renamed, or changed in size or time.

  A folder and a copy of it that keeps the times of files (cp -a, rsync -a) are equal.
  """
  return _digest(_statuses(root, []))


def _kept(
  found: Iterable[tuple[str, file_status.Status]], listed: list[File]
) -> Iterator[tuple[str, file_status.Status]]:
  """The same, one by one; adds each to `listed`."""
  for path, status in found:
    listed.append(File(path, status.size))
    yield path, status


def _digest(found: Iterable[tuple[str, file_status.Status]]) -> str:
  """A sum of digests, so that the order in which a store lists its files makes no difference."""
  total = 0
  for path, status in found:
    line = f'{path}\0{status.size}\0{status.mark}'.encode('utf-8', 'surrogateescape')
    total += int.from_bytes(hashlib.sha256(line).digest(), 'big')
  return f'{total % 2**256:064x}'


def _statuses(root: str, unlisted: list[str]) -> Iterator[tuple[str, file_status.Status]]:
  """(path, status) of each file that is listed; adds the paths of images that are not to `unlisted`."""
  for path, status in file_status.of_all(root, _paths(root, unlisted)):
    if status.is_regular:
      yield path, status


def _paths(root: str, unlisted: list[str]) -> Iterator[str]:
  for folder, folders, names in files.walk(root):
    folders[:] = sorted(name for name in folders if not _junk_folder(name))
    inside = folder[len(root) :].replace(os.sep, '/').strip('/')
    if any(_junk_folder(part) for part in inside.split('/') if part):
      continue  # walking a remote folder ignores what is removed from `folders`
    for name in names:
      if name.startswith('.'):
        continue
      suffix = _suffix(name)
      if suffix in IMAGE_SUFFIXES or suffix in ANNOTATION_SUFFIXES:
        yield posixpath.join(inside, name)
      elif suffix in UNLISTED_SUFFIXES:
        unlisted.append(posixpath.join(inside, name))


def _suffix(path: str) -> str:
  return posixpath.splitext(path)[1].lower()


def _junk_folder(name: str) -> bool:
  return name.startswith('.') or name.lower() in _SKIPPED_FOLDERS


def _require_folder(root: str) -> None:
  expected = 'Expected a folder with images and their annotations.'
  if files.is_remote(root):
    if not files.isdir(root):
      raise DataError(f'{root}: no such folder. {expected}')
    return
  if not os.path.exists(root):
    raise DataError(f'{root}: no such folder. {expected}')
  if not os.path.isdir(root):
    raise DataError(f'{root}: received a file. {expected}')
  try:
    os.listdir(root)
  except OSError as error:
    raise DataError(f'{root}: cannot be read: {error.strerror}. {expected}') from error
