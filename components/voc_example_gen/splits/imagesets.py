"""ImageSets/Main/{train,val,test}.txt of the VOC devkit."""

import codecs
import io
import posixpath
import re
from collections.abc import Iterator, Sequence

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


def read(tree: Tree, items: Sequence[Item]) -> dict[str, str]:
  """{image path: split} of the images that a list names; each devkit of the folder has its own lists.

  For an image in several lists, val.txt and test.txt win over train.txt, and train.txt over trainval.txt.
  """
  images = [item.image for item in items]
  files = [file.path for file in tree.with_suffix('.txt') if posixpath.dirname(file.path).endswith('ImageSets/Main')]
  split_of: dict[str, str] = {}
  for lists in (_WHOLE, _LISTS):
    for path in sorted(files, key=_train_first):
      split = lists.get(posixpath.basename(path).lower())
      if split and not (lists is _WHOLE and _beside(path, 'train.txt') in files):
        split_of.update(dict.fromkeys(_named(tree, path, images), split))
  return split_of


def _train_first(path: str) -> tuple[bool, str]:
  return (posixpath.basename(path).lower() != 'train.txt', path)


def _beside(path: str, name: str) -> str:
  return posixpath.join(posixpath.dirname(path), name)


def _named(tree: Tree, path: str, images: Sequence[str]) -> list[str]:
  """Images below the list's devkit whose name, stem or path a line gives."""
  devkit = posixpath.dirname(posixpath.dirname(posixpath.dirname(path)))
  inside = [image for image in images if not devkit or image.startswith(f'{devkit}/')]
  # A list may name far more images than these: it is read line by line, and no name is kept.
  wanted: dict[str, list[str]] = {}
  for image in inside:
    for spelling in _spellings(image):
      wanted.setdefault(spelling, []).append(image)
  named: set[str] = set()
  for line in _lines(tree.root, path):
    named.update(wanted.get(line, ()))
    if line.endswith(('0', '1')):
      named.update(wanted.get(_FLAG.sub('', line), ()))
  return [image for image in inside if image in named]


def _spellings(image: str) -> set[str]:
  stem = posixpath.splitext(image)[0]
  return {image, stem, posixpath.basename(image), posixpath.basename(stem)}


def _lines(root: str, path: str) -> Iterator[str]:
  try:
    content = read_annotation_file(root, path, MAX_BYTES)
  except RefusedFileError:
    return
  for part in io.BytesIO(content.removeprefix(codecs.BOM_UTF8)):
    for line in part.decode('utf-8', 'replace').splitlines():
      if line := line.strip():
        yield line.replace('\\', '/').removeprefix('./')


METHOD = GivenMethod(
  'imagesets',
  preference=1,
  read=read,
  expected='ImageSets/Main/train.txt and val.txt naming images of the folder',
  remedy='Add the lists',
)
