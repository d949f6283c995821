"""YOLO text files: one per image, a line per object: class number, then centre and size as fractions of the image."""

import posixpath

import yaml

from components.voc_example_gen.annotation import Annotation, BoxRule, Object, clean_label, sort_out, to_number
from components.voc_example_gen.dataset_index import DatasetIndex, Item
from components.voc_example_gen.format_reader import Reader
from components.voc_example_gen.listing import Tree
from components.voc_example_gen.pairing import Pairing, pair_by_stem
from components.voc_example_gen.refusals import Reason, Refusal, RefusedFileError, read_annotation_file
from components.voc_example_gen.splits import imagesets

MAX_BYTES = 8 * 2**20
_NAME_LISTS = ('classes.txt', 'obj.names', 'names.txt', 'labels.txt', 'class_list.txt')
_OTHERS = frozenset({*_NAME_LISTS, 'readme.txt', 'readme.dataset.txt', 'readme.roboflow.txt', 'license.txt'})
_LISTS = frozenset({'train.txt', 'val.txt', 'valid.txt', 'test.txt', 'trainval.txt'})


def find(tree: Tree) -> DatasetIndex:
  """Pairs text files with images by stem, and reads them with the class names of data.yaml, classes.txt or obj.names.

  A file without a line is a negative. Without a list of names, class 3 is called "3".
  """
  texts = [file.path for file in tree.with_suffix('.txt') if _may_be_labels(file.path)]
  pairing = pair_by_stem(texts, [image.path for image in tree.images])
  names = class_names(tree)
  items: list[Item] = []
  refused = list(pairing.refused)
  for path, image in sorted(pairing.pairs.items()):
    try:
      items.append(Item(image, 'yolo', annotation=parse(_read(tree.root, path), names)))
    except RefusedFileError as error:
      refused.append(Refusal(path, error.reason, error.detail))
  refused += [refusal for path in pairing.alone for refusal in _refuse_unmatched(tree, path, names, pairing)]
  return DatasetIndex('yolo', tuple(items), tuple(refused), pairing.warnings)


def _refuse_unmatched(tree: Tree, path: str, names: list[str], pairing: Pairing) -> list[Refusal]:
  """A label file whose image is missing or has other labels; [] for any other text."""
  try:
    annotation = parse(_read(tree.root, path), names)
  except RefusedFileError:
    return []
  if not annotation.objects:
    return []

  def same(other: str) -> bool:
    return parse(_read(tree.root, other), names) == annotation

  missing = Refusal(path, Reason.ANNOTATION_WITHOUT_IMAGE, 'no image has this name')
  return [pairing.refuse_second(path, same) or missing]


def _may_be_labels(path: str) -> bool:
  name = posixpath.basename(path).lower()
  return name not in _OTHERS | _LISTS and not imagesets.is_list(path)


def _read(root: str, path: str) -> bytes:
  return read_annotation_file(root, path, MAX_BYTES)


def class_names(tree: Tree) -> list[str]:
  """Class names in the order of their numbers; [] if no file of the folder lists them."""
  for file in tree.with_suffix('.yaml', '.yml'):
    if names := _from_yaml(_read_or_nothing(tree.root, file.path)):
      return names
  for file in tree.files:
    if posixpath.basename(file.path).lower() in _NAME_LISTS or file.suffix == '.names':
      lines = _read_or_nothing(tree.root, file.path).decode('utf-8-sig', 'replace').splitlines()
      return [clean_label(line) for line in lines if line.strip()]
  return []


def _read_or_nothing(root: str, path: str) -> bytes:
  try:
    return _read(root, path)
  except RefusedFileError:
    return b''


def _from_yaml(content: bytes) -> list[str]:
  """`names` of a data.yaml: a list, or a mapping from numbers."""
  try:
    document = yaml.safe_load(content)
  except (yaml.YAMLError, ValueError, RecursionError):  # another tool's file, or none at all
    return []
  names = document.get('names') if isinstance(document, dict) else None
  if isinstance(names, dict):
    numbers = [key for key in names if isinstance(key, int) and 0 <= key < 100_000]
    names = [names.get(number, '') for number in range(max(numbers, default=-1) + 1)]
  return [clean_label(str(name)) for name in names] if isinstance(names, list) else []


def parse(content: bytes, names: list[str]) -> Annotation:
  """Reads the bytes of one label file. Polygon lines (segmentation) give their bounding box.

  Raises:
    RefusedFileError: ANNOTATION_MALFORMED if it is no text, or a line is no list of numbers.
  """
  try:
    lines = content.decode('utf-8-sig').splitlines()
  except UnicodeDecodeError as error:
    raise RefusedFileError(Reason.ANNOTATION_MALFORMED, f'no text: {error}') from error
  objects, dropped = sort_out(
    _object(line, number, names) for number, line in enumerate(lines, start=1) if line.strip()
  )
  return Annotation(objects=objects, relative=True, dropped=dropped)


def _object(line: str, number: int, names: list[str]) -> Object | BoxRule:
  which, rest = _fields(line, number)
  label = (names[which] if which < len(names) else '') if names else str(which)
  if not label:
    return BoxRule.UNNAMED
  if len(rest) >= 6:
    xs, ys = rest[0 : len(rest) // 2 * 2 : 2], rest[1::2]
    return Object(label, min(xs), min(ys), max(xs), max(ys))
  x, y, width, height = rest[:4]
  if width < 0 or height < 0:
    return BoxRule.EMPTY
  return Object(label, x - width / 2, y - height / 2, x + width / 2, y + height / 2)


def _fields(line: str, number: int) -> tuple[int, list[float]]:
  """The class number of a line, and its at least four other numbers."""
  texts = line.split()
  fields = [field for text in texts if (field := to_number(text)) is not None]
  if len(fields) < len(texts) or len(fields) < 5 or fields[0] != fields[0] // 1 or not 0 <= fields[0] < 1e6:
    raise RefusedFileError(
      Reason.ANNOTATION_MALFORMED,
      f'line {number}: expected "class x y width height" with a class number from 0, received {line.strip()[:80]!r}',
    )
  return int(fields[0]), fields[1:]


READER = Reader('yolo', preference=3, expected='one YOLO .txt file per image', find=find)
