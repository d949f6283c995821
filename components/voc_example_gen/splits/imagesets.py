"""ImageSets/Main/{train,val,test}.txt of the VOC devkit."""

import codecs
import io
import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from components.voc_example_gen import spelling
from components.voc_example_gen.dataset_index import Item
from components.voc_example_gen.listing import Tree
from components.voc_example_gen.refusals import RefusedFileError, read_annotation_file
from components.voc_example_gen.split_method import EVAL, TEST, TRAIN, GivenMethod

MAX_BYTES = 256 * 2**20
_LISTS = {'train.txt': TRAIN, 'val.txt': EVAL, 'valid.txt': EVAL, 'test.txt': TEST}
_WHOLE = {'trainval.txt': TRAIN}
_FLAG = re.compile(r'\s+-?[01]$')  # class lists carry 1, 0 or -1 after the name


def is_list(path: str) -> bool:
  """Whether a text file lists images for a split, instead of describing one."""
  return 'imagesets' in path.lower().split('/')[:-1]


class List(NamedTuple):
  """A list of images.

  Attributes:
    split: that it gives them.
    path: of the list.
    devkit: the folder in which its images are; '' for the data folder.
  """

  split: str
  path: str
  devkit: str


def read(tree: Tree, items: Sequence[Item]) -> dict[str, str]:
  """{image path: split} of the images that a list names; each devkit of the folder has its own lists."""
  lines = ((one, line) for one in lists(tree) for line in _lines(tree.root, one.path))
  return listed(lines, [item.image for item in items])


def lists(tree: Tree) -> list[List]:
  """All lists. Of an image in several, the last counts: val.txt and test.txt come after train.txt and trainval.txt."""
  files = [file.path for file in tree.with_suffix('.txt') if posixpath.dirname(file.path).endswith('ImageSets/Main')]
  found = []
  for splits in (_WHOLE, _LISTS):
    for path in sorted(files, key=_train_first):
      split = splits.get(posixpath.basename(path).lower())
      if split and not (splits is _WHOLE and _beside(path, 'train.txt') in files):
        found.append(List(split, path, posixpath.dirname(posixpath.dirname(posixpath.dirname(path)))))
  return found


def listed(lines: Iterable[tuple[List, str]], images: Iterable[str]) -> dict[str, str]:
  """{image: split} of the images whose path, with or without its extension, or name a line gives.

  Args:
    lines: each with its list, in the order of `lists`. They may name far more images than these; none is held.
    images: any.
  """
  wanted: dict[str, list[str]] = {}
  for image in images:
    for name in _spellings(image):
      wanted.setdefault(name, []).append(image)
  split_of: dict[str, str] = {}
  for one, line in lines:
    for name in names_in(line):
      for image in wanted.get(name, ()):
        if not one.devkit or image.startswith(f'{one.devkit}/'):
          split_of[image] = one.split
  return split_of


def names_in(line: str) -> tuple[str, ...]:
  """What a line may name: all of it; and without the flag at its end, if it seems to have one. Nothing, if empty."""
  name = line.strip().replace('\\', '/').removeprefix('./')
  if not name.endswith(('0', '1')):
    return (name,) if name else ()
  return name, _FLAG.sub('', name)


def _train_first(path: str) -> tuple[bool, str]:
  return (posixpath.basename(path).lower() != 'train.txt', path)


def _beside(path: str, name: str) -> str:
  return posixpath.join(posixpath.dirname(path), name)


def _spellings(image: str) -> set[str]:
  stem = spelling.split_suffix(image)[0]
  return {image, stem, image.rpartition('/')[2], stem.rpartition('/')[2]}


def _lines(root: str, path: str) -> Iterator[str]:
  try:
    content = read_annotation_file(root, path, MAX_BYTES)
  except RefusedFileError:
    return
  for part in io.BytesIO(content.removeprefix(codecs.BOM_UTF8)):
    yield from part.decode('utf-8', 'replace').splitlines()


METHOD = GivenMethod(
  'imagesets',
  preference=1,
  read=read,
  expected='ImageSets/Main/train.txt and val.txt naming images of the folder',
  remedy='Add the lists',
)
