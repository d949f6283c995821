"""Lists the data folder in one walk: its images, and the files that may be annotations. No content is read."""

import collections
import dataclasses
import functools
import hashlib
import os
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from components.voc_example_gen import spelling
from detection.base import branches, file_tree, files
from detection.base.branches import Choice, Division, Part
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
_LISTED = IMAGE_SUFFIXES | ANNOTATION_SUFFIXES
# Segmentation masks of the VOC devkit have the stems of the photographs; the others are made by operating systems.
_SKIPPED_FOLDERS = frozenset({'segmentationclass', 'segmentationobject', '__macosx', '@eadir'})


class File(NamedTuple):
  """A file below the root: its relative path with forward slashes, and its size in bytes (0 if it cannot be asked)."""

  path: str
  size: int

  @property
  def suffix(self) -> str:
    return spelling.suffix_of(self.path)


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
      found[spelling.suffix_of(file.path)].append(file)
    return found


def list_folder(root: str) -> Tree:
  """Lists images and possible annotations below `root`; hidden files, masks and other junk are left out.

  Raises:
    DataError: if `root` is no folder that can be listed.
  """
  walk = Walk(root)
  listed = sorted(walk)
  return Tree(walk.root, tuple(listed), tuple(sorted(walk.unlisted)), walk.state)


def state_of(root: str) -> str:
  """What Tree.state is now: equal as long as no file is added, removed, renamed, or changed in size or time.

  A folder and a copy of it that keeps the times of files (cp -a, rsync -a) are equal.
  """
  walk = Walk(root)
  collections.deque(walk, maxlen=0)  # walks to the end, and keeps nothing
  return walk.state


def state_of_sum(total: int) -> str:
  """Tree.state, from the sum of Walk.sum of all parts."""
  return f'{total % 2**256:064x}'


class Walk:
  """Yields the files that are listed one by one, in no order, and keeps none of them.

  Attributes:
    root: the folder, absolute.
    unlisted: paths of images that are not listed, of those walked past so far.
    left: what of the folder is left to other walks; see file_tree.rest.
    sum: what the files walked past so far contribute to the folder's state.
  """

  def __init__(self, root: str, part: Part = branches.ALL) -> None:
    """Raises DataError if `root` is no folder that can be listed. part: of the folder."""
    self.root = root if files.is_remote(root) else os.path.abspath(os.path.expanduser(root))
    _require_folder(self.root)
    self.unlisted: list[str] = []
    self.left: list[str] = []
    self.sum = 0
    self._part = part

  @property
  def state(self) -> str:
    """Tree.state, if the walk of all has ended."""
    return state_of_sum(self.sum)

  def __iter__(self) -> Iterator[File]:
    for path, status in file_tree.walk(self.root, _CHOICE, self._part, self.left):
      if status is None:
        self.unlisted.append(path)
      elif status.is_regular:
        line = f'{path}\0{status.size}\0{status.mark}'.encode('utf-8', 'surrogateescape')
        # A sum, so that the order in which the files come makes no difference.
        self.sum += int.from_bytes(hashlib.sha256(line).digest(), 'big')
        yield File(path, status.size)


def divide(root: str) -> Division:
  """Divides a folder into parts, for a Walk each; see file_tree.divide."""
  return file_tree.divide(root, _CHOICE)


def _wanted(name: str) -> bool | None:
  """For file_tree: the status of what is listed, the names alone of images that are not."""
  if name.startswith('.'):
    return None
  suffix = spelling.suffix_of(name)
  if suffix in _LISTED:
    return True
  return False if suffix in UNLISTED_SUFFIXES else None


def _junk_folder(name: str) -> bool:
  return name.startswith('.') or name.lower() in _SKIPPED_FOLDERS


_CHOICE = Choice(lambda name: not _junk_folder(name), _wanted)


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
    os.scandir(root).close()
  except OSError as error:
    raise DataError(f'{root}: cannot be read: {error.strerror}. {expected}') from error
