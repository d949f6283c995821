"""Joins the images, annotations and categories of one COCO file by their ids; what does not join is named."""

import dataclasses
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from typing import Any

from components.voc_example_gen import coco_boxes, counting, json_values
from components.voc_example_gen.annotation import Annotation, BoxRule, Object, clean_label, sort_out
from components.voc_example_gen.refusals import Reason
from components.voc_example_gen.spelling import folded, some

_WHOLE = re.compile(r'(-?(?:0|[1-9][0-9]{0,30}))(?:\.0+)?')


@dataclasses.dataclass(frozen=True)
class Joined:
  """What one COCO file says.

  Attributes:
    annotations: one for each image entry that can be used, in their order.
    refused: (reason, detail) of each image entry that cannot be used, and of the annotations that no image has.
    warnings: parts of sentences that go on after the file's name.
  """

  annotations: list[Annotation]
  refused: list[tuple[Reason, str]]
  warnings: list[str]


def join(document: Mapping[str, list[Any]]) -> Joined:
  """Joins the sections "images", "annotations" and "categories".

  Ids are compared by value: 1, 1.0 and "1" are equal. If they are off by one, no image can be used. An image is refused
  if its id is another image's too, or if it has an object of a category id with two names. An image without annotations
  is a negative only if every annotation has found its image.
  """
  categories = Categories(document['categories'])
  entries_of: dict[Hashable, list[Mapping[str, Any]]] = defaultdict(list)
  for entry in _dicts(document['annotations']):
    entries_of[key(entry.get('image_id'))].append(entry)
  images = _dicts(document['images'])
  names_of = _names_by_id(images)
  if shift := _off_by_one(names_of, entries_of, categories):
    return Joined([], [(Reason.ANNOTATION_AMBIGUOUS, f'"{file_name(image)[:200]}": {shift}') for image in images], [])
  lost, refused = _orphans(document['annotations'], entries_of, names_of)
  unjoined = lost + sum(len(entries_of.get(identity, ())) for identity, names in names_of.items() if len(names) > 1)
  annotations: list[Annotation] = []
  seen: set[tuple[Hashable, str]] = set()
  for image in images:
    identity, name = key(image.get('id')), file_name(image)
    if (identity, name) in seen:  # listed once an object
      continue
    seen.add((identity, name))
    found = entries_of.get(identity, [])
    if why := _why_not(name, found, names_of.get(identity, ()), categories, unjoined):
      refused.append(why)
    else:
      annotations.append(_annotation(image, name, found, categories))
  turned, corners = (
    sum(map(is_so, _dicts(document['annotations']))) for is_so in (coco_boxes.is_turned_bbox, coco_boxes.is_two_corners)
  )
  entries = len(document['annotations'])
  return Joined(annotations, refused, warnings(categories.unknown, turned, corners, entries, len(annotations)))


def _off_by_one(
  images: Collection[Hashable], annotations: Mapping[Hashable, Sequence[Mapping[str, Any]]], categories: 'Categories'
) -> str:
  """Says if ids are counted from 0 in one section and from 1 in another: then all join, but to their neighbours.

  Args:
    images: ids in "images".
    annotations: {image id: annotations}.
    categories: of the file.
  """
  if counting.is_off_by_one(images, annotations):
    return 'the image ids of "images" and of "annotations" are the same numbers, off by one'
  used = {key(entry.get('category_id')) for found in annotations.values() for entry in found}
  if counting.is_off_by_one(categories.ids, used):
    return 'the category ids of "categories" and of "annotations" are the same numbers, off by one'
  return ''


def _orphans(
  annotations: Sequence[Any],
  entries_of: Mapping[Hashable, Sequence[Mapping[str, Any]]],
  images: Collection[Hashable],
) -> tuple[int, list[tuple[Reason, str]]]:
  """How many annotations have no image, and a refusal for each image id that "images" does not list."""
  refused = []
  unnamed = len(annotations) - sum(map(len, entries_of.values()))  # entries that are no objects
  for identity, found in entries_of.items():
    if isinstance(identity, int | float | str) and identity not in images:
      detail = f'{len(found)} annotations have the image_id {str(identity)[:50]!r}, which "images" does not list'
      refused.append((Reason.ANNOTATION_WITHOUT_IMAGE, detail))
    elif identity not in images:
      unnamed += len(found)
  lost = len(annotations) - sum(len(entries_of.get(identity, ())) for identity in images)
  if unnamed:
    refused.append((Reason.ANNOTATION_WITHOUT_IMAGE, f'{unnamed} annotations have no image_id'))
  return lost, refused


def key(value: Any) -> Hashable:
  """An id that can be compared: whole numbers are equal, however they are written; what is no id equals nothing."""
  if isinstance(value, str):
    match = _WHOLE.fullmatch(value.strip())
    return int(match.group(1)) if match else value.strip()
  return value if json_values.is_number(value) and value == value else object()


def file_name(image: Mapping[str, Any]) -> str:
  """What an image entry calls its file. LVIS gives an address only."""
  return json_values.text(image.get('file_name')) or json_values.text(image.get('coco_url'))


def _dicts(values: Iterable[Any]) -> list[Mapping[str, Any]]:
  return [value for value in values if isinstance(value, dict)]


def _names_by_id(images: Iterable[Mapping[str, Any]]) -> dict[Hashable, tuple[str, ...]]:
  """{image id: the file names of the entries with this id, in one spelling}."""
  names: dict[Hashable, tuple[str, ...]] = {}
  for image in images:
    identity, name = key(image.get('id')), folded(file_name(image))
    known = names.get(identity, ())
    if name not in known:
      names[identity] = (*known, name)
  return names


def _why_not(
  name: str, entries: Sequence[Mapping[str, Any]], names: Sequence[str], categories: 'Categories', unjoined: int
) -> tuple[Reason, str] | None:
  """Why an image entry cannot be used; None if it can.

  Args:
    name: of its file.
    entries: the annotations with its id.
    names: all file names that are listed with its id.
    unjoined: how many annotations of the file have no image, or one of several.
  """
  shown = name[:200]
  if entries and len(names) > 1:
    detail = f'"{shown}": {len(names)} images have its id, and nothing says whose their {len(entries)} annotations are'
    return Reason.ANNOTATION_AMBIGUOUS, detail
  for entry in entries:
    if doubt := categories.doubt(entry):
      return Reason.ANNOTATION_AMBIGUOUS, f'"{shown}": {doubt}'
  if not entries and unjoined:
    detail = f'"{shown}" has no annotations, but {unjoined} of the file have no certain image: they may be its own'
    return Reason.NEGATIVE_IN_DOUBT, detail
  return None


class Categories:
  """The class names of one file, by category id.

  Attributes:
    unknown: {category id that has no name: annotations that were asked for}.
  """

  def __init__(self, categories: Iterable[Any]) -> None:
    self._names: dict[Hashable, list[str]] = defaultdict(list)
    for entry in _dicts(categories):
      name = entry.get('name')
      label = clean_label(str(name) if json_values.is_number(name) else json_values.text(name))
      if label and label not in self._names[key(entry.get('id'))]:
        self._names[key(entry.get('id'))].append(label)
    self.unknown: Counter[str] = Counter()

  @property
  def ids(self) -> Collection[Hashable]:
    """All category ids."""
    return self._names.keys()

  def label(self, entry: Mapping[str, Any]) -> str:
    """The class name of an annotation; '' if its category has none."""
    names = self._names.get(key(entry.get('category_id')))
    if not names:
      self.unknown[str(entry.get('category_id'))[:50]] += 1
      return ''
    return names[0]

  def doubt(self, entry: Mapping[str, Any]) -> str:
    """Why an annotation's class is not certain; '' if it is."""
    names = self._names.get(key(entry.get('category_id')), [])
    return f'category id {entry["category_id"]} has the names {some(names)}' if len(names) > 1 else ''


def _annotation(
  image: Mapping[str, Any], name: str, entries: Iterable[Mapping[str, Any]], categories: Categories
) -> Annotation:
  results: list[Object | BoxRule] = []
  for entry in entries:
    label = categories.label(entry)
    results.append(coco_boxes.object_of(entry, label) if label else BoxRule.UNNAMED)
  objects, dropped = sort_out(results)
  return Annotation(
    objects=objects,
    width=json_values.size(image.get('width')),
    height=json_values.size(image.get('height')),
    filename=name,
    dropped=dropped,
  )


def warnings(unknown: Mapping[str, int], turned: int, corners: int, entries: int, images: int) -> list[str]:
  """Parts of sentences about a whole file.

  Args:
    unknown: see Categories.
    turned, corners: how many annotations have a bbox of five numbers, or two corners as bbox.
    entries: how many annotations there are.
    images: how many images are used.
  """
  found = []
  if unknown:
    count, ids = sum(unknown.values()), some(sorted(unknown))
    found.append(f'{count} annotations have a category_id without a name in "categories": {ids}')
  if turned:
    found.append(f'{turned} annotations have a bbox of 5 numbers, which is not read: their segmentation is, if any')
  if corners:
    found.append(f'{corners} annotations have two corners as bbox, as other numbers of theirs show, and are read so')
  if images and not entries:
    found.append(f'{images} images and not one annotation, so that all are taken as negatives')
  return found
