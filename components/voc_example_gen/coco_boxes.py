"""One entry of a COCO file's "annotations": its box, from bbox or segmentation, turned as its attributes say."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from components.voc_example_gen import json_values, masks, rotation
from components.voc_example_gen.annotation import BoxRule, Object
from components.voc_example_gen.masks import Corners

_ANGLES = frozenset({rotation.ROTATION, *rotation.ANGLES})
# Boxes of five numbers beside the bbox.
_TURNED_BOXES = ('rotated_bbox', 'rotated_box', 'rbbox', 'rbox', 'obb', 'bbox_rotated', 'oriented_bbox')
# An annotation with nothing else has no angle.
_UPRIGHT = frozenset({'id', 'image_id', 'category_id', 'bbox', 'segmentation', 'area', 'iscrowd'})
# What `object_of` never asks for: of an annotation whose bbox alone counts, and of an image.
_NEEDLESS = frozenset({'segmentation', 'area'})
_NEEDLESS_OF_IMAGE = frozenset({'coco_url', 'flickr_url', 'date_captured', 'license'})
_ROUNDING, _AREA_ROUNDING = 1.0, 0.01  # pixels, and a fraction
_SAME = 0.5  # pixels between a polygon's corner and the bbox's


def object_of(entry: Mapping[str, Any], label: str) -> Object | BoxRule:
  """The labelled object of an entry, or the rule that drops it.

  An entry without a `bbox` has the bounding box of its `segmentation`. A `bbox` with a rotation (in degrees, as CVAT
  writes it in `attributes`) is turned, unless a polygon says where it lies. Crowd regions are marked difficult.
  """
  corners = _corners(entry)
  if isinstance(corners, BoxRule):
    return corners
  turned = _turned(entry) if entry.get('bbox') else 0.0
  if turned != 0 and _is_turned(masks.polygon_points(entry.get('segmentation')), corners):
    corners, turned = masks.bounds(entry['segmentation']) or corners, 0.0
  return Object(label, *corners, difficult=json_values.flag(entry.get('iscrowd')), turned=turned)


def without_needless(entry: dict[str, Any]) -> dict[str, Any]:
  """A JSON object of a COCO file without what is not needed of it: nine tenths of a large file are polygons.

  For json.loads, which calls it for each object as soon as it is read. Whatever is unusual is left as it is.
  """
  box = entry.get('bbox')
  if isinstance(box, list) and entry.keys() <= _UPRIGHT:
    is_plain = len(box) == 4 and all(type(side) in (int, float) for side in box)
    is_plain = is_plain and all(1e-6 < side < 1e9 for side in box[2:]) and not is_two_corners(entry)
    return {name: value for name, value in entry.items() if name not in _NEEDLESS} if is_plain else entry
  if isinstance(entry.get('file_name'), str) and entry['file_name']:
    return {name: value for name, value in entry.items() if name not in _NEEDLESS_OF_IMAGE}
  return entry


def is_turned_bbox(entry: Mapping[str, Any]) -> bool:
  """Whether the `bbox` has a fifth number, an angle: converters disagree on what the first four mean then."""
  box = entry.get('bbox')
  return isinstance(box, list) and len(box) == 5


def is_two_corners(entry: Mapping[str, Any]) -> bool:
  """Whether the four numbers of the `bbox` are two corners, as something beside them shows.

  That is detectron2's bbox_mode; the bounds of the segmentation; or, without one, the area.
  """
  if entry.get('bbox_mode') in ('XYXY_ABS', 0):
    return True
  box = entry.get('bbox')
  if not isinstance(box, list) or len(box) != 4 or not all(map(json_values.is_number, box)):
    return False
  x, y, right, bottom = box
  if right <= x or bottom <= y or max(x, y) <= 2 * _ROUNDING:  # no corners; or both readings are the same box
    return False
  if not entry.get('segmentation'):
    area = entry.get('area')
    return json_values.is_number(area) and _is_near(area, (right - x) * (bottom - y), right * bottom)
  bounds = masks.bounds(entry['segmentation'])
  return bounds is not None and all(abs(a - b) <= _ROUNDING for a, b in zip(bounds, box, strict=True))


def _is_near(area: Any, one: float, other: float) -> bool:
  """Whether an area is one of two, and not the other."""
  return abs(area - one) <= _AREA_ROUNDING * one and abs(area - other) > _AREA_ROUNDING * other


def _corners(entry: Mapping[str, Any]) -> Corners | BoxRule:
  box = entry.get('bbox')
  if not box or is_turned_bbox(entry):
    return masks.bounds(entry.get('segmentation')) or BoxRule.MISSING
  if not isinstance(box, list) or len(box) != 4 or not all(json_values.is_number(side) for side in box):
    return BoxRule.MISSING
  try:
    x, y, width, height = (float(side) for side in box)
  except OverflowError:  # a whole number with hundreds of digits
    return BoxRule.NOT_FINITE
  if is_two_corners(entry):
    return x, y, width, height
  if width < 0 or height < 0:
    return BoxRule.EMPTY
  if not width * height:  # an exporter that fills a missing bbox with zeros
    return masks.bounds(entry.get('segmentation')) or (x, y, x + width, y + height)
  return x, y, x + width, y + height


def _turned(entry: Mapping[str, Any]) -> float | None:
  """By how many degrees the bbox is turned; None if it is turned, but the unit of the angle is unknown."""
  if is_turned_bbox(entry):
    return 0.0
  texts = {
    name.lower(): str(value)
    for holder in _holders(entry)
    for name, value in holder.items()
    if isinstance(name, str) and name.lower() in _ANGLES
  }
  if any(isinstance(entry.get(name), list) and len(entry[name]) == 5 for name in _TURNED_BOXES):
    return None
  return rotation.degrees(texts)


def _holders(entry: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
  """The mappings that may hold an angle: `attributes`, as {name: value} or [{name, value}, ...]; then the entry."""
  attributes = entry.get('attributes')
  if isinstance(attributes, dict):
    yield attributes
  elif isinstance(attributes, list):
    yield {one['name']: one.get('value') for one in attributes if isinstance(one, dict) and 'name' in one}
  yield entry


def _is_turned(points: Iterable[tuple[float, float]], box: Corners) -> bool:
  """Whether a polygon has other corners than the upright box: those of the turned one."""
  xmin, ymin, xmax, ymax = box
  return any(min(abs(x - xmin), abs(x - xmax)) > _SAME or min(abs(y - ymin), abs(y - ymax)) > _SAME for x, y in points)
