"""The one in-memory form of all annotation formats, and the fixed lists of what can be wrong with them."""

import dataclasses
import enum
import unicodedata

MAX_LABEL_LENGTH = 200


class Reason(str, enum.Enum):
  """Why a file is not used. The list is fixed: reports, tests and users rely on the words."""

  ANNOTATION_UNREADABLE = 'annotation_unreadable'
  ANNOTATION_TOO_LARGE = 'annotation_too_large'
  ANNOTATION_MALFORMED = 'annotation_malformed'
  XML_NOT_WELL_FORMED = 'xml_not_well_formed'
  XML_FORBIDDEN = 'xml_forbidden'
  NOT_AN_ANNOTATION = 'not_an_annotation'
  ANNOTATION_WITHOUT_IMAGE = 'annotation_without_image'
  ANNOTATION_TWICE = 'annotation_twice'
  IMAGE_UNREADABLE = 'image_unreadable'
  IMAGE_EMPTY = 'image_empty'
  IMAGE_FORMAT_UNKNOWN = 'image_format_unknown'
  IMAGE_CORRUPT = 'image_corrupt'
  IMAGE_TOO_LARGE = 'image_too_large'
  NO_USABLE_BOX = 'no_usable_box'
  # Set aside: nothing is wrong with these, and they do not count as bad.
  IMAGE_NOT_ANNOTATED = 'image_not_annotated'
  NEGATIVE_LEFT_OUT = 'negative_left_out'
  NOT_IN_A_SPLIT = 'not_in_a_split'
  COPY_IN_OTHER_SPLIT = 'copy_in_other_split'


SET_ASIDE = frozenset(
  {Reason.IMAGE_NOT_ANNOTATED, Reason.NEGATIVE_LEFT_OUT, Reason.NOT_IN_A_SPLIT, Reason.COPY_IN_OTHER_SPLIT}
)


class BoxRule(str, enum.Enum):
  """What was done to a box. The first two mend it, the others drop it."""

  SWAPPED = 'swapped_corners_put_right'
  CLIPPED = 'clipped_to_image'
  EMPTY = 'dropped_empty'
  OUTSIDE = 'dropped_outside_image'
  NOT_FINITE = 'dropped_not_finite'
  MISSING = 'dropped_without_coordinates'
  UNNAMED = 'dropped_without_class'
  DUPLICATE = 'merged_exact_duplicate'


class Refused(Exception):
  """One file that cannot be used; caught where files are counted, never shown as an error of its own."""

  def __init__(self, reason: Reason, detail: str) -> None:
    super().__init__(f'{reason.value}: {detail}')
    self.reason = reason
    self.detail = detail


@dataclasses.dataclass(frozen=True)
class Object:
  """One labelled object as the file says it: corners as they stand there, in any order, maybe outside the image."""

  label: str
  xmin: float
  ymin: float
  xmax: float
  ymax: float
  difficult: bool = False
  truncated: bool = False
  view: str = ''


@dataclasses.dataclass(frozen=True)
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


def clean_label(text: str | None) -> str:
  """A class name in one spelling: Unicode NFC, single spaces. '' if it is no name at all."""
  name = ' '.join(unicodedata.normalize('NFC', text or '').split())
  return name if len(name) <= MAX_LABEL_LENGTH and name.isprintable() else ''


def to_number(text: str | None) -> float | None:
  """A coordinate as float (maybe nan or inf); None if the text is no number."""
  try:
    return float((text or '').strip())
  except ValueError:
    return None


def to_size(text: str | None) -> int | None:
  """A declared image side in whole pixels; None if it is missing or makes no sense."""
  number = to_number(text)
  return int(number) if number is not None and 1 <= number < 1e7 else None
