"""Notices numbers that are not what their columns say: corners read as sizes, or sizes read as corners."""

import dataclasses
import math
from collections import Counter
from collections.abc import Iterator, Sequence

from components.voc_example_gen.annotation import Annotation, BoxRule, Object
from detection.records import LabelledBox

_PIXELS, _FRACTION = 2, 0.02  # how far a box that is drawn by hand may run out of its image
_FEWEST, _MANY = 3, 10  # boxes that tell anything, and something about all
_NEARLY_ALL, _SOME = 0.95, 0.05  # of the boxes
_QUARTER = 0.5  # of each side
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
  if annotation.relative:
    return sum(_is_outside(item, 1, 1, 0) or _is_before_start(item) for item in annotation.objects)
  return sum(_is_outside(item, width, height, _PIXELS) for item in annotation.objects)


def _is_outside(item: Object, width: float, height: float, slip: float) -> bool:
  right, bottom = width * (1 + _FRACTION) + slip, height * (1 + _FRACTION) + slip
  return right < max(item.xmin, item.xmax) < math.inf or bottom < max(item.ymin, item.ymax) < math.inf


def _is_before_start(item: Object) -> bool:
  """Whether a box in fractions begins left of its image or above: corners that are read as centre and size do."""
  return min(item.xmin, item.ymin) < -_FRACTION


def count_like_corners(annotation: Annotation) -> int:
  """How many boxes are wider and higher than their first two numbers, as they all are if these are two corners.

  Of boxes that are rightly read, only those are that begin near the upper left corner of their image.
  """
  half = 0.5 if annotation.relative else 0.0  # a line of YOLO begins with the centre, other forms with a corner

  def is_like(item: Object) -> bool:
    width, height = item.xmax - item.xmin, item.ymax - item.ymin
    return width > item.xmin + half * width and height > item.ymin + half * height

  return sum(map(is_like, annotation.objects))


def reach(boxes: Sequence[LabelledBox]) -> float:
  """How far from the upper left corner boxes go, as a fraction of the image's longer way; 0 without boxes."""
  return max((max(box.xmax, box.ymax) for box in boxes), default=0.0)


@dataclasses.dataclass
class Signs:
  """Signs in all images that numbers are not what their columns say.

  Attributes:
    boxes: how many there are.
    swapped: boxes with their corners in the wrong order.
    outside: boxes that run out of their images (see count_outside).
    like_corners: see count_like_corners.
    reach: the largest of all images.
    first: the first few images with boxes outside, by name.
  """

  boxes: int = 0
  swapped: int = 0
  outside: int = 0
  like_corners: int = 0
  reach: float = 0.0
  first: list[str] = dataclasses.field(default_factory=list)

  def merge(self, other: 'Signs', most: int) -> None:
    """Adds the signs in other images; `most` of the first are kept."""
    self.boxes += other.boxes
    self.swapped += other.swapped
    self.outside += other.outside
    self.like_corners += other.like_corners
    self.reach = max(self.reach, other.reach)
    if other.first:
      self.first = sorted([*self.first, *other.first])[:most]


def warnings(signs: Signs, form: str) -> Iterator[str]:
  """One sentence for each thing that the numbers cannot be.

  Args:
    signs: of all images.
    form: what the numbers of a box are read as, in words.
  """
  if signs.boxes < _FEWEST:
    return
  as_corners = signs.like_corners >= _NEARLY_ALL * signs.boxes and signs.outside >= _SOME * signs.boxes
  if 2 * signs.outside > signs.boxes or as_corners:
    yield (
      f'{signs.outside} of {signs.boxes} boxes run out of their images ({", ".join(signs.first)}): {form}; '
      'the files may hold other numbers there.'
    )
  if 2 * signs.swapped > signs.boxes:
    yield (
      f'{signs.swapped} of {signs.boxes} boxes have corners in the wrong order: {form}; '
      'the files may hold other numbers there.'
    )
  if signs.boxes >= _MANY and 0 < signs.reach < _QUARTER:
    yield (
      f'All {signs.boxes} boxes lie in the upper left quarter of their images, none reaches beyond {signs.reach:.0%} '
      'of a side: the numbers may be percentages, or of smaller images.'
    )
