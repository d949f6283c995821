"""The one in-memory form of all annotation formats, and what every format's reader needs to fill it."""

import dataclasses
import enum
import unicodedata
from collections.abc import Iterable

MAX_LABEL_LENGTH = 200
Corners = tuple[float, float, float, float]  # xmin, ymin, xmax, ymax


class BoxRule(str, enum.Enum):
  """What was done to a box. All up to TURN_UNKNOWN keep it, the others drop it."""

  SWAPPED = 'swapped_corners_put_right'
  CLIPPED = 'clipped_to_image'
  SCALED = 'scaled_to_image'  # the corners are of the same image in another size
  FRACTIONS = 'read_as_fractions'  # in the columns of pixels
  TURNED = 'turned_box_enclosed'  # the box is the upright one around a turned one
  TURN_UNKNOWN = 'kept_upright_with_unknown_angle'  # in degrees or radians: the file does not say
  EMPTY = 'dropped_empty'
  OUTSIDE = 'dropped_outside_image'
  NOT_FINITE = 'dropped_not_finite'
  MISSING = 'dropped_without_coordinates'
  UNNAMED = 'dropped_without_class'
  SEVERAL_CLASSES = 'dropped_with_several_classes'
  DUPLICATE = 'merged_exact_duplicate'


@dataclasses.dataclass(frozen=True, slots=True)  # slots: a COCO file has millions
class Object:
  """One labelled object as the file gives it.

  Attributes:
    label: the class name.
    xmin, ymin, xmax, ymax: corners as written: in pixels or fractions (see Annotation.relative), in any order, maybe
      outside the image or not finite.
    difficult, truncated, view: flags of Pascal VOC.
    turned: the angle in degrees, in either sense, by which the box between the corners (in pixels) is turned about its
      centre; None if it is turned by an angle whose unit is unknown.
  """

  label: str
  xmin: float
  ymin: float
  xmax: float
  ymax: float
  difficult: bool = False
  truncated: bool = False
  view: str = ''
  turned: float | None = 0.0


@dataclasses.dataclass(frozen=True, slots=True)
class Annotation:
  """What one image's annotation says.

  Attributes:
    objects: every object with a class and four readable numbers.
    width, height: of the image in pixels as the annotation declares them, or None.
    filename, path: what the annotation calls its image; untrusted, for matching only.
    relative: corners are fractions of the image's sides (YOLO) instead of pixels.
    dropped: a rule for each object that could not be read at all.
  """

  objects: tuple[Object, ...] = ()
  width: int | None = None
  height: int | None = None
  filename: str = ''
  path: str = ''
  relative: bool = False
  dropped: tuple[BoxRule, ...] = ()

  @property
  def declared_size(self) -> tuple[int | None, int | None]:
    """(width, height) of the image that the corners refer to, in pixels; None where unknown, or for fractions."""
    return (None, None) if self.relative else (self.width, self.height)


def sort_out(results: Iterable[Object | BoxRule]) -> tuple[tuple[Object, ...], tuple[BoxRule, ...]]:
  """Splits what a reader made of each object into Annotation.objects and Annotation.dropped."""
  results = tuple(results)
  objects = tuple(result for result in results if isinstance(result, Object))
  return objects, tuple(result for result in results if isinstance(result, BoxRule))


def clean_label(text: str | None) -> str:
  """A class name in one spelling: Unicode NFC, single spaces. '' if it is empty, too long or not printable."""
  if text and len(text) <= MAX_LABEL_LENGTH and text.isascii() and text.isprintable() and ' ' not in text:
    return text  # as nearly all are: one spelling of it is all there is
  name = ' '.join(unicodedata.normalize('NFC', text or '').split())
  return name if len(name) <= MAX_LABEL_LENGTH and name.isprintable() else ''


def to_number(text: str | None) -> float | None:
  """A coordinate as float (maybe nan or inf); None if the text is no number."""
  try:
    return float(text or '')
  except ValueError:
    return None


def to_corners(texts: Iterable[str | None]) -> Corners | None:
  """(xmin, ymin, xmax, ymax) from four texts in this order; None if one of them is no number."""
  xmin, ymin, xmax, ymax = map(to_number, texts)
  if xmin is None or ymin is None or xmax is None or ymax is None:
    return None
  return xmin, ymin, xmax, ymax


def to_size(text: str | None) -> int | None:
  """A declared image side in whole pixels; None if it is missing or out of range."""
  number = to_number(text)
  return int(number) if number is not None and 1 <= number < 1e7 else None
