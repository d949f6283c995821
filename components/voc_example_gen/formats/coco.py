"""COCO JSON (instances_*.json, _annotations.coco.json): many images in one file."""

import json
import posixpath
import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from components.voc_example_gen import storage
from components.voc_example_gen.formats import matching
from components.voc_example_gen.formats.annotation import Annotation, BoxRule, Object, Reason, Refused, clean_label
from components.voc_example_gen.formats.found import Found, Item, Refusal
from components.voc_example_gen.scan import Tree
from components.voc_example_gen.settings import EVAL, TEST, TRAIN

MAX_BYTES = 2 * 2**30
_SECTIONS = ('images', 'annotations', 'categories')
_SPLIT_NAMES = (('train', TRAIN), ('val', EVAL), ('test', TEST))


def find(tree: Tree) -> Found:
  """Reads every COCO file of the folder; an image it lists without annotations is a negative."""
  names = matching.Names(image.path for image in tree.images)
  items, refused = [], []
  for file in tree.with_suffix('.json'):
    try:
      content = storage.read(tree.root, file.path, MAX_BYTES, Reason.ANNOTATION_UNREADABLE, Reason.ANNOTATION_TOO_LARGE)
      annotations, orphans = parse(content)
    except Refused as reason:
      if reason.reason != Reason.NOT_AN_ANNOTATION:
        refused.append(Refusal(file.path, reason.reason, reason.detail))
      continue
    if orphans:
      detail = f'{orphans} annotations have an image_id that "images" does not list'
      refused.append(Refusal(file.path, Reason.ANNOTATION_WITHOUT_IMAGE, detail))
    for annotation in annotations:
      image = names.take(file.path, annotation.filename)
      if image:
        items.append(Item(image, annotation=annotation, split_hint=split_hint(file.path)))
      else:
        refused.append(matching.refuse_alone(file.path, annotation.filename, names))
  return Found('coco', tuple(items), tuple(refused))


def split_hint(path: str) -> str:
  """The split that an annotation file's own name tells: instances_val2017.json is eval; '' if it tells none."""
  words = re.split(r'[^a-z]+', posixpath.basename(path).lower())
  return next((split for name, split in _SPLIT_NAMES for word in words if word.startswith(name)), '')


def parse(content: bytes) -> tuple[list[Annotation], int]:
  """Reads the bytes of one COCO file.

  Returns:
    One annotation for each entry of `images` that has a file name, in their order; and the number of `annotations`
    that belong to none of them. Crowd regions are marked difficult.

  Raises:
    Refused: NOT_AN_ANNOTATION if it is JSON of another kind, ANNOTATION_MALFORMED if it cannot be read.
  """
  try:
    document = json.loads(content)
  except (ValueError, RecursionError) as error:
    raise Refused(Reason.ANNOTATION_MALFORMED, f'not JSON: {error}') from error
  if not isinstance(document, dict) or 'images' not in document or 'annotations' not in document:
    raise Refused(Reason.NOT_AN_ANNOTATION, 'no COCO file: expected "images", "annotations" and "categories"')
  for section in _SECTIONS:
    if not isinstance(document.get(section), list):
      raise Refused(Reason.ANNOTATION_MALFORMED, f'"{section}": expected a list')
  labels = {
    _key(entry.get('id')): clean_label(_text(entry.get('name')))
    for entry in document['categories']
    if isinstance(entry, dict)
  }
  objects: dict[Any, list[Object | BoxRule]] = defaultdict(list)
  for entry in document['annotations']:
    if isinstance(entry, dict):
      objects[_key(entry.get('image_id'))].append(_object(entry, labels))
  images = [entry for entry in document['images'] if isinstance(entry, dict)]
  found = [
    _annotation(entry, objects.pop(_key(entry.get('id')), [])) for entry in images if _text(entry.get('file_name'))
  ]
  return found, sum(len(orphans) for orphans in objects.values())


def _annotation(image: Mapping[str, Any], results: list[Object | BoxRule]) -> Annotation:
  return Annotation(
    objects=tuple(result for result in results if isinstance(result, Object)),
    width=_side(image.get('width')),
    height=_side(image.get('height')),
    filename=_text(image['file_name']),
    dropped=tuple(result for result in results if isinstance(result, BoxRule)),
  )


def _object(entry: Mapping[str, Any], labels: Mapping[Any, str]) -> Object | BoxRule:
  label = labels.get(_key(entry.get('category_id')), '')
  if not label:
    return BoxRule.UNNAMED
  box = entry.get('bbox')
  if not isinstance(box, list) or len(box) != 4 or not all(_is_number(side) for side in box):
    return BoxRule.MISSING
  try:
    x, y, width, height = (float(side) for side in box)
  except OverflowError:  # a whole number with hundreds of digits
    return BoxRule.NOT_FINITE
  if width < 0 or height < 0:
    return BoxRule.EMPTY
  return Object(label, x, y, x + width, y + height, difficult=bool(entry.get('iscrowd')))


def _is_number(value: Any) -> bool:
  return isinstance(value, int | float) and not isinstance(value, bool)


def _key(value: Any) -> Any:
  """Ids are numbers or strings; anything else equals nothing."""
  return value if isinstance(value, int | str | float) else object()


def _text(value: Any) -> str:
  return value if isinstance(value, str) else ''


def _side(value: Any) -> int | None:
  return int(value) if _is_number(value) and 1 <= value < 1e7 else None
