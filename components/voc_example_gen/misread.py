"""Notices numbers that are not what their columns say: corners read as sizes, or sizes read as corners."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence

from components.voc_example_gen.annotation import Annotation, BoxRule, Object

_PIXELS, _FRACTION = 2, 0.02  # how far a box that is drawn by hand may run out of its image
_FEWEST = 3  # boxes that tell anything
_OTHER_UNIT = frozenset({BoxRule.SCALED.value, BoxRule.FRACTIONS.value})


def count_outside(annotation: Annotation, width: int, height: int, rules: Counter[str]) -> int:
  """How many boxes run out of the image by more than a hand's slip.

  Args:
    annotation: of the image.
    width, height: of the image as the annotator saw it, in pixels.
    rules: how often each BoxRule was applied; boxes that were brought to another unit are not counted.
  """
  if rules.keys() & _OTHER_UNIT:
    return 0
  scale = (1, 1, 0) if annotation.relative else (width, height, _PIXELS)
  return sum(_is_outside(item, *scale) for item in annotation.objects)


def _is_outside(item: Object, width: float, height: float, slip: float) -> bool:
  sides = ((max(item.xmin, item.xmax), width), (max(item.ymin, item.ymax), height))
  return any(math.isfinite(side) and side > limit * (1 + _FRACTION) + slip for side, limit in sides)


def warnings(counts: Counter[str], outside: int, first: Sequence[str], form: str) -> Iterator[str]:
  """One sentence if most boxes run out of their images, one if most have their corners in the wrong order.

  Args:
    counts: 'boxes', and how often each BoxRule was applied.
    outside: how many boxes run out of their images.
    first: the first few of these images.
    form: what the numbers of a box are read as, in words.
  """
  total, swapped = counts['boxes'], counts[BoxRule.SWAPPED.value]
  if total < _FEWEST:
    return
  if 2 * outside > total:
    yield (
      f'{outside} of {total} boxes run out of their images ({", ".join(first)}): {form}; '
      'the files may hold other numbers there.'
    )
  if 2 * swapped > total:
    yield f'{swapped} of {total} boxes have corners in the wrong order: {form}; the files may hold other numbers there.'
