"""YOLO text files: one per image, a line per object: class number, then centre and size as fractions of the image."""

import posixpath

import yaml

from components.voc_example_gen import storage
from components.voc_example_gen.formats import matching
from components.voc_example_gen.formats.annotation import (
  Annotation,
  BoxRule,
  Object,
  Reason,
  Refused,
  clean_label,
  to_number,
)
from components.voc_example_gen.formats.found import Found, Item, Refusal
from components.voc_example_gen.scan import Tree
from components.voc_example_gen.splits import imagesets

MAX_BYTES = 8 * 2**20
_NAME_LISTS = ('classes.txt', 'obj.names', 'names.txt', 'labels.txt', 'class_list.txt')
_OTHERS = frozenset({*_NAME_LISTS, 'readme.txt', 'readme.dataset.txt', 'readme.roboflow.txt', 'license.txt'})
_LISTS = frozenset({'train.txt', 'val.txt', 'valid.txt', 'test.txt', 'trainval.txt'})


def find(tree: Tree) -> Found:
  """Pairs text files with images by stem, and reads them with the class names of data.yaml, classes.txt or obj.names.

  A file without a line is a negative. Without a list of names, class 3 is called "3".
  """
  texts = [file.path for file in tree.with_suffix('.txt') if _may_be_labels(file.path)]
  pairs, alone = matching.pair_by_stem(texts, [image.path for image in tree.images])
  names = class_names(tree)
  items, refused = [], []
  for path, image in sorted(pairs.items()):
    try:
      items.append(Item(image, annotation=parse(_read(tree.root, path), names)))
    except Refused as reason:
      refused.append(Refusal(path, reason.reason, reason.detail))
  refused += [refusal for path in alone for refusal in _refuse_alone(tree, path, names)]
  return Found('yolo', tuple(items), tuple(refused))


def _refuse_alone(tree: Tree, path: str, names: list[str]) -> list[Refusal]:
  """A label file whose image is missing; [] for any other text."""
  try:
    annotation = parse(_read(tree.root, path), names)
  except Refused:
    return []
  detail = 'no image has this name'
  return [Refusal(path, Reason.ANNOTATION_WITHOUT_IMAGE, detail)] if annotation.objects else []


def _may_be_labels(path: str) -> bool:
  name = posixpath.basename(path).lower()
  return name not in _OTHERS | _LISTS and not imagesets.is_list(path)


def _read(root: str, path: str) -> bytes:
  return storage.read(root, path, MAX_BYTES, Reason.ANNOTATION_UNREADABLE, Reason.ANNOTATION_TOO_LARGE)


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
  except Refused:
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
    Refused: ANNOTATION_MALFORMED if it is no text, or a line is no list of numbers.
  """
  try:
    lines = content.decode('utf-8-sig').splitlines()
  except UnicodeDecodeError as error:
    raise Refused(Reason.ANNOTATION_MALFORMED, f'no text: {error}') from error
  results = [_object(line, number, names) for number, line in enumerate(lines, start=1) if line.strip()]
  return Annotation(
    objects=tuple(result for result in results if isinstance(result, Object)),
    relative=True,
    dropped=tuple(result for result in results if isinstance(result, BoxRule)),
  )


def _object(line: str, number: int, names: list[str]) -> Object | BoxRule:
  fields = [to_number(field) for field in line.split()]
  if len(fields) < 5 or None in fields or fields[0] != fields[0] // 1 or not 0 <= fields[0] < 1e6:
    raise Refused(
      Reason.ANNOTATION_MALFORMED,
      f'line {number}: expected "class x y width height" with a class number from 0, received {line.strip()[:80]!r}',
    )
  which, rest = int(fields[0]), fields[1:]
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
