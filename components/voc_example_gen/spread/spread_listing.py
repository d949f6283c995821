"""The listing of a data folder of any size in the memory of a small one: what is too much to hold is in files.

Images, XML files and texts are divided into parts by their stems, so that an annotation and its image are in one part.
"""

import dataclasses
import enum
import itertools
import posixpath
import zlib
from collections.abc import Iterable
from typing import Any

from components.voc_example_gen import folder_roles, listing, name_list, spelling
from components.voc_example_gen.formats import yolo
from components.voc_example_gen.listing import File, Tree
from components.voc_example_gen.spread import exchange

PARTS = 1024
_ENDINGS = (*listing.IMAGE_SUFFIXES, '.xml', '.txt')


@dataclasses.dataclass(frozen=True)
class SpreadTree:
  """A folder's files, most of them in files.

  Attributes:
    others: a Tree of the files that describe no single image, such as lists; with the folder's root and state.
    runs: exchange files with the rows (path, size) of all images, and of what may describe a single one.
    files: how many these are.
    images, annotations, labels: how many of them are images, XML files, or texts.
    lists: those that give images a split, and files with their lines; see spread_lists.Found.
  """

  others: Tree
  runs: tuple[str, ...]
  files: int
  images: int
  annotations: int
  labels: int
  lists: tuple[Any, ...] = ()

  @property
  def root(self) -> str:
    return self.others.root

  @property
  def likely_format(self) -> str:
    """The only format that may be the one of most images; '' if none may be, or several."""
    if self.annotations:
      return 'voc'
    if 2 * self.labels >= self.images:
      return 'yolo'
    size = {suffix: sum(file.size for file in self.others.with_suffix(suffix)) for suffix in ('.json', '.csv')}
    if self.others.with_suffix('.json') and size['.json'] >= size['.csv']:
      return 'coco'
    if self.others.with_suffix('.csv'):
      return 'csv'
    return 'yolo' if self.labels else ''

  def parts(self, parts: Iterable[int]) -> list[File]:
    """The images of some parts, and what may describe a single one."""
    return [File(*row) for row in exchange.load(self.runs, list(parts))]

  def whole(self) -> Tree:
    """The Tree of all files, which is as large as the folder."""
    return dataclasses.replace(self.others, files=tuple(sorted((*self.others.files, *self.parts(range(PARTS))))))


class Kind(enum.Enum):
  """What a file may be, as its name tells."""

  IMAGE = 'an image'
  XML = 'an annotation of the format voc'
  TEXT = 'an annotation of the format yolo'


# By extension in its usual spelling.
_USUAL_KINDS = {suffix[1:]: Kind.IMAGE for suffix in listing.IMAGE_SUFFIXES} | {'xml': Kind.XML}


def kind_of(path: str) -> Kind | None:
  """The kind of a file; None if it is of none: among others, a list of class names or of images."""
  usual = _USUAL_KINDS.get(path.rpartition('.')[2])
  if usual and '/.' not in path and path[0] != '.':
    return usual
  stem, suffix = spelling.split_suffix(path)
  suffix = suffix.lower()
  if suffix in listing.IMAGE_SUFFIXES:
    return Kind.IMAGE
  if suffix == '.xml':
    return Kind.XML
  if suffix != '.txt' or name_list.is_text_name(path) or not yolo.may_be_labels(path):
    return None
  return None if folder_roles.split_in_name(posixpath.basename(stem)) else Kind.TEXT


def has_annotations(paths: Iterable[str]) -> bool:
  """Whether one of these files is an annotation of the format voc, as far as its name tells."""
  return any(kind_of(path) is Kind.XML for path in paths)


def is_image(path: str) -> bool:
  return spelling.suffix_of(path) in listing.IMAGE_SUFFIXES


def divided(count: int) -> list[tuple[int, ...]]:
  """The numbers of all parts, divided for so many workers, as far as there are parts."""
  count = max(1, min(PARTS, count))
  bounds = [PARTS * index // count for index in range(count + 1)]
  return [tuple(range(*pair)) for pair in itertools.pairwise(bounds)]


def part_of(path: str) -> int:
  return zlib.crc32(common_stem(path).encode('utf-8', 'surrogateescape')) % PARTS


def common_stem(path: str) -> str:
  """What the stems of all files have in common that may describe one image: a.xml, a.jpg.xml and A%2Ejpg all have a."""
  stem = path.rpartition('/')[2].rpartition('.')[0]
  if stem and stem.isascii() and '%' not in stem and '.' not in stem:  # nearly all are: this takes a third of the time
    return stem.lower()
  stem = spelling.stem(path)
  while True:
    shorter = spelling.folded(spelling.decoded(stem))
    while shorter.endswith(_ENDINGS):
      shorter = shorter.rpartition('.')[0]
    if shorter == stem:
      return stem
    stem = shorter
