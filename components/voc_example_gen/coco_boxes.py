"""One entry of a COCO file's "annotations": its box, from bbox or segmentation, turned as its attributes say."""

from collections.abc import Iterable, Mapping
from typing import Any

from components.voc_example_gen import json_values, masks
from components.voc_example_gen.annotation import BoxRule, Object, to_number
from components.voc_example_gen.masks import Corners

_ROTATION, _ANGLES = 'rotation', ('angle', 'theta')
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


def is_turned_bbox(entry: Mapping[str, Any]) -> bool:
  """Whether the `bbox` has a fifth number, an angle: converters disagree on what the first four mean then."""
  box = entry.get('bbox')
  return isinstance(box, list) and len(box) == 5


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
  if width < 0 or height < 0:
    return BoxRule.EMPTY
  return x, y, x + width, y + height


def _turned(entry: Mapping[str, Any]) -> float | None:
  """By how many degrees the bbox is turned; None if it is turned, but the unit of the angle is unknown."""
  if is_turned_bbox(entry):
    return 0.0
  attributes = entry.get('attributes')
  holders = (entry, attributes) if isinstance(attributes, dict) else (entry,)
  for name in (_ROTATION, *_ANGLES):
    for holder in holders:
      if number := to_number(str(holder.get(name))):  # neither absent nor 0
        return number if name == _ROTATION else None
  return 0.0


def _is_turned(points: Iterable[tuple[float, float]], box: Corners) -> bool:
  """Whether a polygon has other corners than the upright box: those of the turned one."""
  xmin, ymin, xmax, ymax = box
  return any(min(abs(x - xmin), abs(x - xmax)) > _SAME or min(abs(y - ymin), abs(y - ymax)) > _SAME for x, y in points)
