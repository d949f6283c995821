"""How surely the folders of an annotation and an image agree, for files of one stem."""

import functools
import posixpath
import sys
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import NamedTuple

from components.voc_example_gen import folder_roles, listing, spelling


class File(NamedTuple):
  """A path below the data folder, taken apart once for all comparisons."""

  path: str
  folder: str
  stem: str
  suffix: str

  @classmethod
  def of(cls, path: str) -> 'File':
    folder, _, name = path.rpartition('/')
    stem, suffix = spelling.split_suffix(name)
    # Interned: a million files share few folders and suffixes.
    return cls(path, sys.intern(folder), spelling.folded(stem), sys.intern(suffix.lower()))


def other_spellings(path: str) -> Iterator[File]:
  """The annotation under the other name that its image may have."""
  file = File.of(path)
  stem = spelling.folded(spelling.decoded(posixpath.splitext(posixpath.basename(path))[0]))
  base, suffix = posixpath.splitext(stem)
  if suffix in listing.IMAGE_SUFFIXES:
    yield file._replace(stem=base, suffix=suffix)
  elif suffix in ('.xml', '.txt'):  # labelImg once wrote a.xml.xml and a.xml.txt
    yield file._replace(stem=base)
  elif stem != file.stem:
    yield file._replace(stem=stem)


class Step(NamedTuple):
  """One degree of agreement: an annotation and an image agree if their folders have the same key.

  of_annotation, of_image: folder -> key; None: files of this folder take no part.
  """

  of_annotation: Callable[[str], Hashable]
  of_image: Callable[[str], Hashable]
  is_sure: bool


def steps(deepest: int) -> Iterator[Step]:
  """The degrees of agreement, the surest first. deepest: the most folders above a file."""
  yield Step(_beside_images, _beside_labels, is_sure=True)
  yield Step(str, str, is_sure=True)
  yield Step(folder_roles.without_roles, folder_roles.without_roles, is_sure=False)
  for total in range(deepest, -1, -1):
    for above in range(total, -1, -1):
      key = functools.partial(_ends, total - above, above)
      yield Step(key, key, is_sure=False)


@functools.lru_cache(maxsize=65536)
def agree_surely(annotation_folder: str, image_folder: str) -> bool:
  """Whether files of these folders may pair, and the sure steps pair them."""
  key = _beside_images(annotation_folder)
  agree = annotation_folder == image_folder or (key is not None and key == _beside_labels(image_folder))
  return agree and of_one_split(annotation_folder, image_folder)


def _beside_images(folder: str) -> Hashable:
  return folder_roles.without_roles(folder) if folder_roles.ANNOTATION in folder_roles.roles_of_folder(folder) else None


def _beside_labels(folder: str) -> Hashable:
  roles = folder_roles.roles_of_folder(folder)
  is_images = folder_roles.IMAGE in roles and folder_roles.ANNOTATION not in roles
  return folder_roles.without_roles(folder) if is_images else None


def _ends(top: int, above: int, folder: str) -> Hashable:
  """The outermost and the innermost names of a folder's path; None if it has fewer."""
  names = folder.split('/') if folder else []
  return (*names[:top], '/', *names[len(names) - above :]) if top + above <= len(names) else None


def may_pair(annotation: File, image: File) -> bool:
  """Whether both are in one split, as far as their folders tell."""
  return of_one_split(annotation.folder, image.folder)


def of_one_split(folder: str, other: str) -> bool:
  """Whether two folders are of one split, as far as their names tell."""
  return len({folder_roles.split_of_folder(folder), folder_roles.split_of_folder(other)} - {''}) < 2


def best(file: File, images: Sequence[File]) -> list[File]:
  """Of images that agree equally: those that can be read, with the stem in the same case, and nearest in depth."""

  def rank(image: File) -> tuple[bool, bool, int]:
    return (image.suffix in listing.UNREADABLE_SUFFIXES, _raw_stem(image) != _raw_stem(file), depth(file, image))

  lowest = min(map(rank, images))
  return [image for image in images if rank(image) == lowest]


def _raw_stem(file: File) -> str:
  return posixpath.splitext(posixpath.basename(file.path))[0]


def depth(file: File, image: File) -> int:
  """How many folders lie between the two."""
  first, second = file.folder.split('/'), image.folder.split('/')
  return len(first) + len(second) - 2 * spelling.common(first, second)
