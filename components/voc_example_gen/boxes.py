"""Validates and normalises the boxes of an annotation, and counts every box that is mended or dropped."""

import math
import struct
from collections import Counter

from components.voc_example_gen import rotation, units
from components.voc_example_gen.annotation import Annotation, BoxRule, Object
from detection.records import LabelledBox

_FLOAT32 = struct.Struct('<4f')  # what a record holds


def usable(annotation: Annotation, width: int, height: int) -> tuple[list[LabelledBox], Counter[str]]:
  """Normalises every object of one image.

  VOC's 1-based inclusive pixels are divided by the image's size as they are, with nothing subtracted, as the OD API's
  own converter does (dataset_tools/create_pascal_tf_record.py). Corners of another size of the image, and fractions in
  the columns of pixels, are brought to pixels first where that is certain.

  Args:
    annotation: of the image.
    width, height: of the image as the annotator saw it, in pixels; from the image itself, not from the annotation.

  Returns:
    The boxes in their order, exact duplicates merged, and how often each BoxRule (by its value) was applied.

  Raises:
    RefusedFileError: COORDINATES_UNCLEAR if nothing says in which unit the corners are (see `units.in_pixels`).
  """
  annotation, unit_rule = units.in_pixels(annotation, width, height)
  counts = Counter(rule.value for rule in annotation.dropped)
  if unit_rule:
    counts[unit_rule.value] = len(annotation.objects)
  kept: dict[tuple[object, ...], LabelledBox] = {}
  scale = (1.0, 1.0) if annotation.relative else (float(width), float(height))
  for item in annotation.objects:
    result, rules = normalise(item, *scale)
    for rule in rules:
      counts[rule.value] += 1
    if result is None:
      continue
    key = (result.label, result.ymin, result.xmin, result.ymax, result.xmax)
    if key in kept:
      counts[BoxRule.DUPLICATE.value] += 1
    else:
      kept[key] = result
  return list(kept.values()), counts


def normalise(item: Object, width: float, height: float) -> tuple[LabelledBox | None, list[BoxRule]]:
  """Scales one object to the unit square, puts swapped corners right, and clips it to the image.

  A turned box becomes the smallest upright one around it.

  Args:
    item: the object as annotated.
    width, height: of the image in the unit of the corners: pixels, or 1 and 1 for fractions.

  Returns:
    The box, or None if it must be dropped; and the rules that were applied.
  """
  numbers = (item.xmin, item.ymin, item.xmax, item.ymax, item.turned or 0.0)
  if not all(map(math.isfinite, numbers)):
    return None, [BoxRule.NOT_FINITE]
  rules: list[BoxRule] = []
  xmin, xmax = sorted((item.xmin, item.xmax))
  ymin, ymax = sorted((item.ymin, item.ymax))
  if item.xmin > item.xmax or item.ymin > item.ymax:
    rules.append(BoxRule.SWAPPED)
  if xmin == xmax or ymin == ymax:
    return None, [BoxRule.EMPTY]
  if item.turned is None:
    rules.append(BoxRule.TURN_UNKNOWN)
  elif item.turned % 180:
    xmin, ymin, xmax, ymax = rotation.upright_around((xmin, ymin, xmax, ymax), item.turned)
    rules.append(BoxRule.TURNED)
  xmin, ymin, xmax, ymax = xmin / width, ymin / height, xmax / width, ymax / height
  if xmax <= 0 or ymax <= 0 or xmin >= 1 or ymin >= 1:
    return None, [BoxRule.OUTSIDE]
  if min(xmin, ymin) < 0 or max(xmax, ymax) > 1:
    rules.append(BoxRule.CLIPPED)
    xmin, ymin, xmax, ymax = max(xmin, 0.0), max(ymin, 0.0), min(xmax, 1.0), min(ymax, 1.0)
  ymin, xmin, ymax, xmax = _FLOAT32.unpack(_FLOAT32.pack(ymin, xmin, ymax, xmax))
  if xmin >= xmax or ymin >= ymax:  # rounded to float32, nothing is left between the corners
    return None, [BoxRule.EMPTY]
  return LabelledBox(item.label, ymin, xmin, ymax, xmax, item.difficult, item.truncated, item.view), rules
