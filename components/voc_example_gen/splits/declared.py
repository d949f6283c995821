"""Splits that a data.yaml or a darknet .data file declares as folders, lists or images; or lists such as train.txt.

The paths in them are those of another machine or working folder as often as not, so that leading folders are dropped
until a path is one of the data folder.
"""

import functools
import posixpath
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeVar

from components.voc_example_gen import data_yaml, folder_roles, spelling
from components.voc_example_gen.dataset_index import Item
from components.voc_example_gen.listing import IMAGE_SUFFIXES, Tree
from components.voc_example_gen.refusals import RefusedFileError, read_annotation_file
from components.voc_example_gen.split_method import EVAL, TEST, TRAIN, GivenMethod
from components.voc_example_gen.splits import imagesets

_SPLITS = {'train': TRAIN, 'val': EVAL, 'valid': EVAL, 'validation': EVAL, 'test': TEST}
_LATER_WINS = (TRAIN, TEST, EVAL)
_DARKNET = re.compile(r'^\s*(train|valid|val|test)\s*=\s*(.+?)\s*$', re.MULTILINE)
_DATA_FILE_BYTES = 2**20
_Found = TypeVar('_Found')


class _Declared(NamedTuple):
  """What one file declares about one split.

  Attributes:
    file: the file.
    split: its name.
    bases: folders that the paths may be relative to, below the data folder.
    paths: of folders, image lists or images, as written.
  """

  file: str
  split: str
  bases: tuple[str, ...]
  paths: tuple[str, ...]


class List(NamedTuple):
  """A list of images that declares them for a split.

  Attributes:
    rank: 0 if a file says so, 1 if its name does; these count if the others do not divide the images.
    split: its name.
    path: of the list.
    bases: folders that its lines may be relative to, below the data folder.
  """

  rank: int
  split: str
  path: str
  bases: tuple[str, ...]


def read(tree: Tree, items: Sequence[Item]) -> dict[str, str]:
  """{image path: split} of the images that are declared.

  Of an image in several splits, validation wins over test, and test over train. Lists that lie about count only if no
  other file declares images for training and others.
  """
  places = _Places(tree, [item.image for item in items])
  declared = _divide([*_from_yaml(tree), *_from_darknet(tree)], places)
  if divides(declared.values()):
    return declared
  return _divide(_from_lists(tree), places) or declared


def divides(splits: Collection[str]) -> bool:
  """Whether images are declared for training and for something else."""
  return TRAIN in splits and len(set(splits)) > 1


def declares_folders_alone(tree: Tree) -> bool:
  """Whether all splits that files of the folder declare, if any, are declared for folders, not for images."""
  paths = (path for one in (*_from_yaml(tree), *_from_darknet(tree)) for path in one.paths)
  return all(map(_is_folder, paths)) and not any(True for _ in _from_lists(tree))


def lists_alone(tree: Tree) -> list[List] | None:
  """All lists that declare splits, if nothing else does; None if something else does, or it is not clear which list."""
  places, found = _Places(tree, ()), []
  texts = [spelling.folded(file.path) for file in tree.with_suffix('.txt')]
  if len(set(texts)) < len(texts):
    return None
  for one in (*_from_yaml(tree), *_from_darknet(tree)):
    for path in one.paths:
      own = places.lists(path, one.bases) if _is_list(path) else []
      if not own:
        return None
      found.append(List(0, one.split, own[0], (posixpath.dirname(own[0]), *one.bases)))
  folder = posixpath.dirname
  return [*found, *(List(1, one.split, one.file, (folder(one.file), *one.bases)) for one in _from_lists(tree))]


def listed(lines: Iterable[tuple[List, str]], images: Sequence[str]) -> dict[str, str]:
  """{image: split} of images that lines of lists of one rank name, of which one list may declare several splits.

  Args:
    lines: each with its list.
    images: all images whose file names these lines have, or more.
  """
  by_split: dict[str, list[str]]
  places, by_split = _Places(Tree('', ()), images), defaultdict(list)
  for one, line in lines:
    by_split[one.split] += places.image(line, one.bases)
  return _later_wins(by_split)


def name_in(line: str) -> str:
  """The image that a line of a list names; '' if it names none."""
  name = line.strip().strip('"\'')
  return name if posixpath.splitext(name)[1].lower() in IMAGE_SUFFIXES else ''


def _is_list(path: str) -> bool:
  return path.strip().lower().endswith('.txt') and '*' not in path


def _is_folder(path: str) -> bool:
  """Whether a path that is declared is neither an image nor a list of them."""
  folder, _, name = path.replace('\\', '/').strip().rpartition('/')
  if '*' in name:
    return _is_folder(folder.rstrip('/*'))
  return posixpath.splitext(name)[1].lower() not in ('.txt', *IMAGE_SUFFIXES)


def by_folder(tree: Tree, folders: Iterable[str]) -> dict[str, str]:
  """{folder: split} of the folders that are declared, where `declares_folders_alone`; see `read`.

  Args:
    tree: the folder's listing, for the files that declare splits.
    folders: those of images.
  """
  one_of = {posixpath.join(folder, 'any.jpg'): folder for folder in folders}
  return {one_of[image]: split for image, split in read(tree, list(map(Item, one_of))).items()}


def _divide(declared: Iterable[_Declared], places: '_Places') -> dict[str, str]:
  by_split: dict[str, list[str]] = defaultdict(list)
  for one in declared:
    by_split[one.split] += [image for path in one.paths for image in places.images(path, one.bases)]
  return _later_wins(by_split)


def _later_wins(by_split: Mapping[str, Iterable[str]]) -> dict[str, str]:
  return {image: split for split in _LATER_WINS for image in by_split.get(split, ())}


def _from_yaml(tree: Tree) -> Iterator[_Declared]:
  for file in tree.with_suffix('.yaml', '.yml'):
    try:
      found = data_yaml.read(tree.root, file.path)
    except RefusedFileError:  # a reader of class names says so
      continue
    here = posixpath.dirname(file.path)
    base = _plain(posixpath.join(here, found.base)) if found and '\\' not in found.base else ''
    for key, paths in found.splits.items() if found else ():
      yield _Declared(file.path, _SPLITS[key], (*_shorter(base), here, ''), paths)


def _shorter(base: str) -> Iterator[str]:
  """A folder, and the same without its first one, first two ...: the path of another machine."""
  while base:
    yield base
    base = base.partition('/')[2]


def _declaring(tree: Tree) -> list[str]:
  """The data.yaml and .data files that declare training and validation."""
  by_file: dict[str, set[str]] = defaultdict(set)
  for one in (*_from_yaml(tree), *_from_darknet(tree)):
    by_file[one.file].add(one.split)
  return sorted(path for path, splits in by_file.items() if {TRAIN, EVAL} <= splits)


def _from_darknet(tree: Tree) -> Iterator[_Declared]:
  for file in tree.with_suffix('.data'):
    here = posixpath.dirname(file.path)
    for key, path in _DARKNET.findall(_text(tree.root, file.path, _DATA_FILE_BYTES)):
      yield _Declared(file.path, _SPLITS[key], (here, ''), (path,))


def _from_lists(tree: Tree) -> Iterator[_Declared]:
  for file in tree.with_suffix('.txt'):
    split = folder_roles.split_in_name(posixpath.splitext(posixpath.basename(file.path))[0])
    if split and not imagesets.is_list(file.path):
      yield _Declared(file.path, split, (posixpath.dirname(file.path), ''), (posixpath.basename(file.path),))


def _text(root: str, path: str, limit: int) -> str:
  try:
    return read_annotation_file(root, path, limit).decode('utf-8-sig', 'replace')
  except RefusedFileError:
    return ''


class _Places:
  """Finds images of the data folder by paths written anywhere."""

  def __init__(self, tree: Tree, images: Sequence[str]) -> None:
    self._tree, self._paths = tree, images

  # Computed when first needed: most folders declare nothing.
  @functools.cached_property
  def _images(self) -> dict[str, str]:
    return {spelling.folded(image): image for image in self._paths}

  @functools.cached_property
  def _lists(self) -> dict[str, str]:
    return {spelling.folded(file.path): file.path for file in self._tree.with_suffix('.txt')}

  @functools.cached_property
  def _below(self) -> dict[str, list[str]]:
    """{folder: all images below it}."""
    below = defaultdict(list)
    for folder, image in self._images.items():
      while folder:
        folder = posixpath.dirname(folder)
        below[folder].append(image)
    return below

  @functools.cached_property
  def _by_name(self) -> dict[str, list[str]]:
    by_name = defaultdict(list)
    for folded, image in self._images.items():
      by_name[posixpath.basename(folded)].append(image)
    return by_name

  def images(self, path: str, bases: Sequence[str]) -> list[str]:
    """The images that a path stands for: a folder, an image list, an image, or a pattern such as train/*.jpg."""
    folder, _, name = path.replace('\\', '/').strip().rpartition('/')
    if '*' in name:
      return self.images(folder.rstrip('/*') or '.', bases)
    if name.lower().endswith('.txt'):
      return [image for found in self.lists(path, bases) for image in self._listed(found, bases)]
    if posixpath.splitext(name)[1].lower() in IMAGE_SUFFIXES:
      return self.image(path, bases)
    return next(iter(self._find(path, bases, self._below)), [])

  def lists(self, path: str, bases: Sequence[str]) -> list[str]:
    """The list at a path."""
    return self._find(path, bases, self._lists)

  def image(self, path: str, bases: Sequence[str]) -> list[str]:
    """The image at a path; or the only one of its name."""
    if found := self._find(path, bases, self._images):
      return found
    called = self._by_name.get(spelling.file_name(path), [])
    return called if len(called) == 1 else []

  def _listed(self, path: str, bases: Sequence[str]) -> Iterator[str]:
    """The images that the lines of a list name."""
    bases = (posixpath.dirname(path), *bases)
    for line in _text(self._tree.root, path, imagesets.MAX_BYTES).splitlines():
      if name := name_in(line):
        yield from self.image(name, bases)

  @staticmethod
  def _find(path: str, bases: Sequence[str], known: Mapping[str, _Found]) -> list[_Found]:
    """What is known at the path below a base, without as many leading folders as need be; at most one."""
    parts = [part for part in spelling.folded(_plain(path)).split('/') if part]
    for start in range(max(len(parts), 1)):
      for base in dict.fromkeys(bases):
        place = posixpath.join(spelling.folded(base), *parts[start:]).rstrip('/')
        if place in known:
          return [known[place]]
    return []


def _plain(path: str) -> str:
  """A path of any system without drive, root, `.` and `..`; what is inside stays inside."""
  parts = re.sub(r'^[A-Za-z]:', '', path.replace('\\', '/').strip()).split('/')
  clean: list[str] = []
  for part in parts:
    if part == '..':
      clean = clean[:-1]
    elif part not in ('', '.'):
      clean.append(part)
  return '/'.join(clean)


METHOD = GivenMethod(
  'declared',
  preference=2,
  read=read,
  expected='a data.yaml or .data file that declares train and val, or lists train.txt and val.txt of image paths',
  remedy='Declare them',
  declaring=_declaring,
)
