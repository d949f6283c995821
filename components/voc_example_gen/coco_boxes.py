"""One entry of a COCO file's "annotations": its box, from bbox or segmentation, turned as its attributes say."""

import math
from collections.abc import Mapping
from typing import Any

from components.voc_example_gen import json_values, masks, rotation
from components.voc_example_gen.annotation import BoxRule, Object, to_number
from components.voc_example_gen.masks import Corners

_SAME = 0.5  # pixels between a polygon's corner and the bbox's


def object_of(entry: Mapping[str, Any], label: str) -> Object | BoxRule:
  """The labelled object of an entry, or the rule that drops it.

  An entry without a `bbox` has the bounding box of its `segmentation`. A `bbox` with a rotation (in degrees, as CVAT
  writes it in `attributes`) gives the upright box around the turned one. Crowd regions are marked difficult.
  """
  corners = _corners(entry)
  if isinstance(corners, BoxRule):
    return corners
  return Object(label, *corners, difficult=json_values.flag(entry.get('iscrowd')))


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
  corners = (x, y, x + width, y + height)
  degrees = _degrees(entry) if width and height else 0.0
  return _turned(corners, degrees, entry) if degrees % 180 else corners


def _degrees(entry: Mapping[str, Any]) -> float:
  """The rotation of the bbox; 0.0 if none is given, nan if it is no number."""
  attributes = entry.get('attributes')
  for holder in (entry, attributes if isinstance(attributes, dict) else {}):
    value = holder.get('rotation')
    if value not in (None, '', False):
      number = to_number(str(value))
      return number if number is not None and math.isfinite(number) else math.nan
  return 0.0


def _turned(corners: Corners, degrees: float, entry: Mapping[str, Any]) -> Corners | BoxRule:
  """The upright box around the turned one: by the polygon, if that is turned already."""
  if not all(map(math.isfinite, (degrees, *corners))):
    return BoxRule.NOT_FINITE
  points = masks.polygon_points(entry.get('segmentation'))
  xmin, ymin, xmax, ymax = corners
  is_unturned = all(
    min(abs(x - xmin), abs(x - xmax)) < _SAME and min(abs(y - ymin), abs(y - ymax)) < _SAME for x, y in points
  )
  if is_unturned:
    return rotation.upright_around(corners, degrees)
  return masks.bounds(entry.get('segmentation')) or BoxRule.MISSING
