"""Brings the corners of an annotation to pixels of the image, where it is certain in which unit they are.

Labels outlive their images: images are made smaller after labelling, and exporters write fractions into the columns of
pixels. An image whose unit cannot be told is refused, as wrong boxes would train without a sign of it.
"""

import dataclasses
import math

from components.voc_example_gen.annotation import Annotation, BoxRule, Corners, Object
from components.voc_example_gen.refusals import Reason, RefusedFileError

_ROUNDING = 2  # pixels by which sizes may differ and be the same
_NEAR = 0.02  # fraction of a side by which a size of another shape may differ: codecs make 1088 of 1080 lines
_FRACTION_MARGIN = 0.1  # how far a fraction may be outside of [0, 1], as boxes may reach out of their image
_SMALLEST = 3  # pixels: in a smaller image, a box of one pixel is nothing odd

Size = tuple[int, int]  # width, height in pixels


def in_pixels(annotation: Annotation, width: int, height: int) -> tuple[Annotation, BoxRule | None]:
  """The annotation with corners in pixels of the image; fractions that are declared as such are left as they are.

  Fractions are told by a corner between 0 and 1. Corners of another size of the image are told by the declared size,
  if it has the image's shape: then one factor scales both axes. If it has another shape, the boxes are taken as they
  are where they must be the image's (one lies in the image, but out of the declared size), where the sizes nearly
  agree, and where width and height are swapped, a common mistake of exporters; unless a box lies in the declared size
  and out of the image.

  Args:
    annotation: of the image.
    width, height: of the image as the annotator saw it, in pixels; from the image itself.

  Returns:
    The annotation, and the rule that was applied to every box, if any.

  Raises:
    RefusedFileError: COORDINATES_UNCLEAR if the boxes may be elsewhere in the image than their numbers say.
  """
  if (annotation.width, annotation.height) == (width, height) and all(map(_is_beyond_fractions, annotation.objects)):
    return annotation, None  # as nearly all are: nothing is in doubt
  boxes = [item for item in annotation.objects if all(map(math.isfinite, _corners(item)))]
  if annotation.relative or not boxes:
    return annotation, None
  if min(width, height) >= _SMALLEST and _are_fractions(boxes):
    return _scaled(annotation, width, height), BoxRule.FRACTIONS
  declared = (annotation.width, annotation.height)
  if declared[0] is None or declared[1] is None:
    return annotation, None
  if _must_scale(boxes, (declared[0], declared[1]), (width, height)):
    return _scaled(annotation, width / declared[0], height / declared[1]), BoxRule.SCALED
  return annotation, None


def _are_fractions(boxes: list[Object]) -> bool:
  """Whether all boxes are in fractions of the image's sides.

  Raises:
    RefusedFileError: if some are and others are not, or all may be either (corners that are 0 or 1).
  """
  small = [item for item in boxes if all(-_FRACTION_MARGIN <= side <= 1 + _FRACTION_MARGIN for side in _corners(item))]
  if not any(_has_area(item) for item in small):
    return False
  certain = any(side % 1 for item in small for side in _corners(item))
  if certain and len(small) == len(boxes):
    return True
  if certain:
    raise RefusedFileError(
      Reason.COORDINATES_UNCLEAR,
      f'{len(small)} of {len(boxes)} boxes are within one pixel: fractions among pixels. Expected one unit',
    )
  if len(small) == len(boxes):
    raise RefusedFileError(Reason.COORDINATES_UNCLEAR, 'all corners are 0 or 1: either fractions or boxes of one pixel')
  return False


def _must_scale(boxes: list[Object], declared: Size, size: Size) -> bool:
  """Whether the boxes are of the same image in the declared size; False if they are the image's own.

  Raises:
    RefusedFileError: if they may be neither.
  """
  if _differ_at_most(declared, size, _ROUNDING, 0):
    return False
  of_image = any(_lies_in(item, size) and not _lies_in(item, declared) for item in boxes)
  of_declared = any(_lies_in(item, declared) and not _lies_in(item, size) for item in boxes)
  if of_image and not of_declared:
    return False
  if _same_shape(declared, size):
    return True
  excused = _differ_at_most(declared, size, _ROUNDING, _NEAR) or declared == size[::-1]
  if excused and not of_declared:
    return False
  raise RefusedFileError(
    Reason.COORDINATES_UNCLEAR,
    f'the annotation is of an image of {declared[0]}x{declared[1]} pixels, and this one has {size[0]}x{size[1]}, '
    'another shape: its boxes may be elsewhere. Label it again; or correct the declared size, if the boxes are right',
  )


def _same_shape(first: Size, second: Size) -> bool:
  """Whether one factor, and rounding to whole pixels, makes the larger size the smaller one."""
  (width, height), (large_width, large_height) = sorted((first, second))
  lowest = max((width - 1) / large_width, (height - 1) / large_height)
  highest = min((width + 1) / large_width, (height + 1) / large_height)
  return lowest < highest


def _differ_at_most(first: Size, second: Size, pixels: int, fraction: float) -> bool:
  return all(abs(a - b) <= max(pixels, fraction * b) for a, b in zip(first, second, strict=True))


def _lies_in(item: Object, size: Size) -> bool:
  """Whether a box ends within an image of this size, or a little outside, as boxes do that are drawn by hand."""
  width, height = size
  right, bottom = max(item.xmin, item.xmax), max(item.ymin, item.ymax)
  return right <= width * (1 + _NEAR) + 1 and bottom <= height * (1 + _NEAR) + 1


def _is_beyond_fractions(item: Object) -> bool:
  return item.xmax > 1 + _FRACTION_MARGIN or item.ymax > 1 + _FRACTION_MARGIN


def _has_area(item: Object) -> bool:
  return item.xmin != item.xmax and item.ymin != item.ymax


def _corners(item: Object) -> Corners:
  return item.xmin, item.ymin, item.xmax, item.ymax


def _scaled(annotation: Annotation, x: float, y: float) -> Annotation:
  """The annotation with all corners multiplied; without a declared size, which is of the old unit."""
  objects = tuple(
    dataclasses.replace(item, xmin=item.xmin * x, ymin=item.ymin * y, xmax=item.xmax * x, ymax=item.ymax * y)
    for item in annotation.objects
  )
  return dataclasses.replace(annotation, objects=objects, width=None, height=None)
