"""COCO JSON (instances_*.json, _annotations.coco.json): many images in one file."""

import dataclasses
import json
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from components.voc_example_gen import entries
from components.voc_example_gen.annotation import Annotation, BoxRule, Object, clean_label, sort_out
from components.voc_example_gen.dataset_index import DatasetIndex
from components.voc_example_gen.format_reader import Reader
from components.voc_example_gen.listing import Tree
from components.voc_example_gen.refusals import Reason, Refusal, RefusedFileError, read_annotation_file

MAX_BYTES = 2 * 2**30
_SECTIONS = ('images', 'annotations', 'categories')


def find(tree: Tree) -> DatasetIndex:
  """Reads every COCO file of the folder; an image it lists without annotations is a negative."""
  files: list[tuple[str, list[Annotation]]] = []
  refused: list[Refusal] = []
  for file in tree.with_suffix('.json'):
    try:
      annotations, orphans = parse(read_annotation_file(tree.root, file.path, MAX_BYTES))
    except RefusedFileError as error:
      if error.reason != Reason.NOT_AN_ANNOTATION:
        refused.append(Refusal(file.path, error.reason, error.detail))
      continue
    if orphans:
      detail = f'{orphans} annotations have an image_id that "images" does not list'
      refused.append(Refusal(file.path, Reason.ANNOTATION_WITHOUT_IMAGE, detail))
    files.append((file.path, annotations))
  index = entries.match('coco', files, [image.path for image in tree.images])
  return dataclasses.replace(index, refused=(*refused, *index.refused))


def parse(content: bytes) -> tuple[list[Annotation], int]:
  """Reads the bytes of one COCO file.

  Returns:
    One annotation for each entry of `images` that has a file name, in their order; and the number of `annotations`
    that belong to none of them. Crowd regions are marked difficult.

  Raises:
    RefusedFileError: NOT_AN_ANNOTATION if it is JSON of another kind, ANNOTATION_MALFORMED if it cannot be read.
  """
  try:
    document = json.loads(content)
  except (ValueError, RecursionError) as error:
    raise RefusedFileError(Reason.ANNOTATION_MALFORMED, f'not JSON: {error}') from error
  if not isinstance(document, dict) or 'images' not in document or 'annotations' not in document:
    raise RefusedFileError(Reason.NOT_AN_ANNOTATION, 'no COCO file: expected "images", "annotations" and "categories"')
  for section in _SECTIONS:
    if not isinstance(document.get(section), list):
      raise RefusedFileError(Reason.ANNOTATION_MALFORMED, f'"{section}": expected a list')
  objects = _objects_by_image(document['annotations'], _labels(document['categories']))
  images = [entry for entry in document['images'] if isinstance(entry, dict)]
  annotations = [
    _annotation(entry, objects.pop(_key(entry.get('id')), [])) for entry in images if _text(entry.get('file_name'))
  ]
  return annotations, sum(len(orphans) for orphans in objects.values())


def _labels(categories: list[Any]) -> dict[Any, str]:
  """{category id: class name}."""
  return {
    _key(entry.get('id')): clean_label(_text(entry.get('name'))) for entry in categories if isinstance(entry, dict)
  }


def _objects_by_image(annotations: list[Any], labels: Mapping[Any, str]) -> dict[Any, list[Object | BoxRule]]:
  """{image id: its objects, or the rule that drops each}."""
  objects: dict[Any, list[Object | BoxRule]] = defaultdict(list)
  for entry in annotations:
    if isinstance(entry, dict):
      objects[_key(entry.get('image_id'))].append(_object(entry, labels))
  return objects


def _annotation(image: Mapping[str, Any], results: list[Object | BoxRule]) -> Annotation:
  objects, dropped = sort_out(results)
  return Annotation(
    objects=objects,
    width=_side(image.get('width')),
    height=_side(image.get('height')),
    filename=_text(image['file_name']),
    dropped=dropped,
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
  """An id that can be compared: a number or a string as it is; anything else becomes an object equal to no other."""
  return value if isinstance(value, int | str | float) else object()


def _text(value: Any) -> str:
  return value if isinstance(value, str) else ''


def _side(value: Any) -> int | None:
  return int(value) if _is_number(value) and 1 <= value < 1e7 else None


READER = Reader('coco', preference=2, expected='a COCO .json file with images, annotations and categories', find=find)
