"""YOLO text files: one per image, a line per object: class number, then centre and size as fractions of the image."""

import posixpath
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from components.voc_example_gen import class_lists, folder_roles, name_list, spelling, yolo_rows
from components.voc_example_gen.annotation import Annotation, BoxRule, Object, sort_out
from components.voc_example_gen.class_lists import ClassLists
from components.voc_example_gen.dataset_index import DatasetIndex, Item
from components.voc_example_gen.format_reader import Reader
from components.voc_example_gen.listing import Tree
from components.voc_example_gen.name_list import NameList
from components.voc_example_gen.pairing import Pairing, pair_by_stem
from components.voc_example_gen.refusals import Reason, Refusal, RefusedFileError, read_annotation_file
from components.voc_example_gen.splits import imagesets
from components.voc_example_gen.yolo_rows import BOX_COLUMNS, Columns, Layout, Readings

MAX_BYTES = 8 * 2**20
_READ_ME = frozenset({'readme.txt', 'readme.dataset.txt', 'readme.roboflow.txt', 'license.txt'})
_LISTS = frozenset({'train.txt', 'val.txt', 'valid.txt', 'test.txt', 'trainval.txt'})
_OTHERS = _READ_ME | _LISTS
SHOWN = 3  # files named in a warning


def find(tree: Tree) -> DatasetIndex:
  """Pairs text files with images by stem, and reads them with the nearest list of class names.

  A file without a line is a negative. Without any list of names, class 3 is called "3".
  """
  lists = name_list.text_lists(tree)
  texts = [file.path for file in tree.with_suffix('.txt') if file.path not in lists and may_be_labels(file.path)]
  pairing = pair_by_stem(texts, [image.path for image in tree.images])
  labels = Labels(tree.root, class_lists.find(tree) if pairing.pairs else ClassLists(()))
  for path, image in sorted(pairing.pairs.items()):
    labels.add(path, image)
  labels.settle()
  refused = [*pairing.refused, *labels.refused]
  refused += [refusal for path in pairing.alone for refusal in _refuse_unmatched(tree, path, pairing)]
  return DatasetIndex('yolo', tuple(labels.items), tuple(refused), (*pairing.warnings, *labels.warnings))


class Labels:
  """Reads label files with the lists of class names that count for them.

  Files with five columns are done at once. Longer rows wait until all files of the same list have shown what their
  columns are.

  Attributes:
    items, refused, warnings: as for DatasetIndex.
    waiting: label files with longer rows, until their columns are decided.
    columns: {list of class names: columns of the label files that are read with it and have longer rows}.
  """

  def __init__(self, root: str, lists: ClassLists, columns: Mapping[str, Columns] | None = None) -> None:
    """columns: {list of class names: columns}, if all label files have been looked at already."""
    self.items: list[Item] = []
    self.refused: list[Refusal] = []
    self.warnings: list[str] = []
    self.waiting: list[_Waiting] = []
    self._root, self._lists = root, lists
    self.columns: dict[str, Columns] = dict(columns or {})
    self._source: dict[str, tuple[str, str]] = {}  # {image: (label file, list of class names)}

  def add(self, path: str, image: str) -> None:
    """Reads the label file of an image; add them in order of their paths."""
    try:
      self._read(path, image)
    except RefusedFileError as error:
      self.refused.append(Refusal(path, error.reason, error.detail))

  def decide(self) -> list[str]:
    """Reads the waiting files; returns those whose rows are boxes with more numbers, without declared keypoints."""
    with_more = [file.path for file in self.waiting if self._decide(file)]
    self.waiting = []
    return with_more

  def settle(self) -> None:
    """Decides on what all label files together tell."""
    with_more = self.decide()
    self._refuse_off_by_one(self._lists.off_by_one())
    self.items.sort(key=lambda item: item.image)
    self.warnings += self._lists.warnings()
    self.warnings += warn_of_more(len(with_more), with_more)

  def _read(self, path: str, image: str) -> None:
    rows = yolo_rows.read(_content(self._root, path))
    names = self._lists.of(path, image) if rows else NameList('', None)
    if all(row.columns == BOX_COLUMNS for row in rows):
      columns = Columns(None)
      self._add(path, image, names, _annotation(columns.add(rows, path), self._lists, names, columns))
    else:
      columns = self.columns.setdefault(names.path, Columns(names.keypoints))
      self.waiting.append(_Waiting(path, image, names, columns, columns.add(rows, path)))

  def _decide(self, file: '_Waiting') -> bool:
    """Reads a file with longer rows; whether they are boxes with more numbers, although nothing declares keypoints."""
    try:
      self._add(file.path, file.image, file.names, _annotation(file.rows, self._lists, file.names, file.columns))
    except RefusedFileError as error:
      self.refused.append(Refusal(file.path, error.reason, error.detail))
      return False
    longer = [row for row in file.rows if row.columns != BOX_COLUMNS]
    return not file.names.keypoints and any(file.columns.layout(row) == Layout.BOX for row in longer)

  def _add(self, path: str, image: str, names: NameList, annotation: Annotation) -> None:
    self._source[image] = path, names.path
    self.items.append(Item(image, 'yolo', annotation=annotation, split_hint=folder_roles.split_of(path)))

  def _refuse_off_by_one(self, lists: set[str]) -> None:
    """Refuses the label files with objects that were read with one of these lists."""
    off = [item for item in self.items if item.annotation and self._source[item.image][1] in lists]
    for path, names in (self._source[item.image] for item in off):
      detail = f'class numbers are counted from 1: 0 is not used, and {names} has no name for the last'
      self.refused.append(Refusal(path, Reason.CLASS_NAMES_UNKNOWN, detail))
    refused = {item.image for item in off}
    self.items = [item for item in self.items if item.image not in refused]


def warn_of_more(count: int, first: Sequence[str]) -> list[str]:
  """One sentence if there are label files whose rows are boxes with more numbers; first: some of them."""
  if not count:
    return []
  return [
    f'{count} label files have a confidence, a track number or keypoints after the box, which are left out (as is an '
    f'angle: no box is turned): {", ".join(first[:SHOWN])}.'
  ]


class _Waiting(NamedTuple):
  """A label file with rows of more than five columns."""

  path: str
  image: str
  names: NameList
  columns: Columns
  rows: tuple[Readings, ...]


def _annotation(rows: Sequence[Readings], lists: ClassLists, names: NameList, columns: Columns) -> Annotation:
  """Raises RefusedFileError if the names or the columns are not certain."""
  objects, dropped = sort_out([_object(row, lists.name(names, row.number), columns) for row in rows])
  return Annotation(objects=objects, relative=True, dropped=dropped)


def _object(row: Readings, label: str, columns: Columns) -> Object | BoxRule:
  xmin, ymin, xmax, ymax = columns.corners(row)
  if not label:
    return BoxRule.UNNAMED
  if xmax < xmin or ymax < ymin:
    return BoxRule.EMPTY
  return Object(label, xmin, ymin, xmax, ymax)


def _refuse_unmatched(tree: Tree, path: str, pairing: Pairing) -> list[Refusal]:
  """A label file whose image is missing or has other labels; [] for any other text."""
  try:
    rows = yolo_rows.read(_content(tree.root, path))
  except RefusedFileError:
    return []
  if not rows:
    return []

  def same(other: str) -> bool:
    try:
      return yolo_rows.read(_content(tree.root, other)) == rows
    except RefusedFileError:
      return False

  unread = next((image for image in tree.unlisted_images if spelling.stem(image) == spelling.stem(path)), '')
  detail = f'{unread} has this name, and its format is not read' if unread else 'no image has this name'
  missing = Refusal(path, Reason.ANNOTATION_WITHOUT_IMAGE, detail)
  return [pairing.refuse_second(path, same) or missing]


def may_be_labels(path: str) -> bool:
  """Whether a text file may describe an image, as far as its name tells; lists of class names aside."""
  return posixpath.basename(path).lower() not in _OTHERS and not imagesets.is_list(path)


def _content(root: str, path: str) -> bytes:
  return read_annotation_file(root, path, MAX_BYTES)


READER = Reader(
  'yolo',
  preference=3,
  expected='one YOLO .txt file per image',
  find=find,
  box_form='the numbers of a line are read as the centre and the size of a box, in fractions',
)
