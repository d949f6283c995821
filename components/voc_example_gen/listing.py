"""Lists the data folder in one walk: its images, and the files that may be annotations."""

import dataclasses
import functools
import os
import posixpath
import stat

from detection.base import files
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


@dataclasses.dataclass(frozen=True)
class File:
  """A file below the root: its relative path with forward slashes, and its size in bytes (0 in a remote folder)."""

  path: str
  size: int

  @functools.cached_property
  def suffix(self) -> str:
    return posixpath.splitext(self.path)[1].lower()


@dataclasses.dataclass(frozen=True)
class Tree:
  """The data folder's files, in order of path; and the paths of images in formats that are not even listed."""

  root: str
  files: tuple[File, ...]
  unlisted_images: tuple[str, ...] = ()

  @functools.cached_property
  def images(self) -> tuple[File, ...]:
    return tuple(file for file in self.files if file.suffix in IMAGE_SUFFIXES)

  def with_suffix(self, *suffixes: str) -> tuple[File, ...]:
    return tuple(file for file in self.files if file.suffix in suffixes)


def list_folder(root: str) -> Tree:
  """Lists images and possible annotations below `root`; hidden files, masks and other junk are left out.

  Raises:
    DataError: if `root` is no folder that can be listed.
  """
  root = root if files.is_remote(root) else os.path.abspath(os.path.expanduser(root))
  _require_folder(root)
  listed, unlisted = [], []
  for folder, folders, names in files.walk(root):
    folders[:] = sorted(name for name in folders if not _junk_folder(name))
    inside = folder[len(root) :].replace(os.sep, '/').strip('/')
    if any(_junk_folder(part) for part in inside.split('/') if part):
      continue  # walking a remote folder ignores what is removed from `folders`
    for name in names:
      path = posixpath.join(inside, name)
      suffix = File(path, 0).suffix
      if name.startswith('.') or suffix not in IMAGE_SUFFIXES | ANNOTATION_SUFFIXES:
        unlisted += [path] if suffix in UNLISTED_SUFFIXES and not name.startswith('.') else []
        continue
      size = _size(posixpath.join(root, path))
      if size is not None:  # a pipe: opening it would never return
        listed.append(File(path, size))
  return Tree(root, tuple(sorted(listed, key=lambda file: file.path)), tuple(sorted(unlisted)))


def _size(uri: str) -> int | None:
  """In bytes; 0 for remote files, where asking costs a call each; None for a pipe or a device."""
  if files.is_remote(uri):
    return 0
  try:
    status = os.stat(uri)
  except OSError:  # a dead link, or deleted meanwhile: refused by name when it is read
    return 0
  return status.st_size if stat.S_ISREG(status.st_mode) else None


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
