"""Processes one image: reads it with its annotation, checks both, and encodes the example. Each file is read once."""

import dataclasses
import hashlib
import posixpath
from collections import Counter
from typing import Any

from components.voc_example_gen import boxes, detect, images, misread, plan, spelling
from components.voc_example_gen.annotation import Annotation, BoxRule
from components.voc_example_gen.dataset_index import Item
from components.voc_example_gen.refusals import Reason, RefusedFileError
from detection import records
from detection.records import LabelledBox, LabelledImage

SIZE_DISAGREES = 'size_disagrees'


@dataclasses.dataclass
class Outcome:
  """What became of one image.

  Attributes:
    image: path below the data folder.
    file: the annotation file, if that is at fault; else ''.
    split: the one it is in, or would be in if it were used; '' until it is placed.
    reason, detail: why it is not used; '' if it is.
    objects: (label, width, height) of each usable box, sides as fractions of the image's.
    rules: how often each BoxRule was applied.
    notes: what else was done or noticed: 'converted_from_bmp', 'turned_upright', 'size_disagrees' (the annotation
      declares another size, and boxes were not scaled).
    width, height: of the image, in pixels; 0 if it was not decoded.
    annotated, outside, like_corners, reach: signs that numbers were misread, see misread.Signs.
    names: what the image's own annotation file calls it, if that is another name; else ''.
    digest: SHA-256 of the image's file, in hex; '' if it could not be read.
    classes: names of the classes in the annotation, sorted; whether the objects can be used or not.
    thumb: 64-bit difference hash; None for a flat or unused image.
  """

  image: str
  split: str = ''
  reason: str = ''
  detail: str = ''
  file: str = ''
  width: int = 0
  height: int = 0
  objects: list[tuple[str, float, float]] = dataclasses.field(default_factory=list)
  rules: dict[str, int] = dataclasses.field(default_factory=dict)
  notes: list[str] = dataclasses.field(default_factory=list)
  thumb: int | None = None
  annotated: int = 0
  outside: int = 0
  like_corners: int = 0
  reach: float = 0.0
  names: str = ''
  digest: str = ''
  classes: list[str] = dataclasses.field(default_factory=list)

  def as_row(self) -> tuple[Any, ...]:
    """A row for spread.exchange, of which Outcome(*row) is this again."""
    return tuple(vars(self).values())


def process(root: str, task: plan.Task, keep_negatives: bool) -> tuple[bytes, Outcome]:
  """Reads and checks one image with its annotation.

  Returns:
    The serialized tf.train.Example (b'' if the image is not used), and the outcome.
  """
  outcome, checked, usable = examine(root, task, keep_negatives)
  return (_example(outcome, checked, usable) if checked else b''), outcome


def examine(
  root: str, task: plan.Task, keep_negatives: bool
) -> tuple[Outcome, images.CheckedImage | None, list[LabelledBox]]:
  """All of `process` but the encoding.

  Returns:
    The outcome; and, if the image is used, the decoded-once image and its boxes (else None and []).
  """
  outcome = Outcome(task.item.image)
  # Before the annotation: the digest is needed of images with a broken one too, as their copies are in the same split.
  content, unreadable = _content(root, task.item.image)
  outcome.digest = '' if unreadable else hashlib.sha256(content).hexdigest()
  try:
    outcome.file = task.item.annotation_file
    annotation = detect.annotation_of(root, task.item)
    outcome.file = ''
    outcome.names = _other_name(task.item, annotation)
    outcome.classes = sorted({thing.label for thing in annotation.objects})
    if unreadable:
      raise unreadable
    checked = images.check(content, annotation.declared_size)
    usable, rules = boxes.usable(annotation, checked.width, checked.height)
    _describe(outcome, annotation, checked, usable, rules)
    _refuse_unusable(annotation, usable, rules, keep_negatives)
  except RefusedFileError as error:
    outcome.reason, outcome.detail = error.reason.value, error.detail
    return outcome, None, []
  return outcome, checked, usable


def _other_name(item: Item, annotation: Annotation) -> str:
  if not item.annotation_file or not annotation.filename or item.image.endswith(annotation.filename):
    return ''
  name = spelling.file_name(annotation.filename)
  return '' if posixpath.splitext(name)[0] == spelling.stem(item.image) else name


def _content(root: str, image: str) -> tuple[bytes, RefusedFileError | None]:
  """The bytes of an image's file; or why it cannot be read."""
  try:
    return images.read(root, image), None
  except RefusedFileError as error:
    return b'', error


def _describe(
  outcome: Outcome,
  annotation: Annotation,
  checked: images.CheckedImage,
  usable: list[LabelledBox],
  rules: Counter[str],
) -> None:
  outcome.width, outcome.height, outcome.thumb = checked.width, checked.height, checked.thumb
  outcome.objects = [(box.label, round(box.xmax - box.xmin, 6), round(box.ymax - box.ymin, 6)) for box in usable]
  outcome.rules = dict(rules)
  outcome.annotated = len(annotation.objects)
  outcome.like_corners = misread.count_like_corners(annotation)
  outcome.reach = round(misread.reach(usable), 6)
  outcome.outside = misread.count_outside(annotation, checked.width, checked.height, rules)
  if checked.converted:
    outcome.notes.append(f'converted_from_{checked.converted.lower()}')
  if checked.turned:
    outcome.notes.append('turned_upright')
  declared = annotation.declared_size
  scaled = BoxRule.SCALED.value in rules
  if None not in declared and declared != (checked.width, checked.height) and not scaled:
    outcome.notes.append(SIZE_DISAGREES)


def _refuse_unusable(
  annotation: Annotation, usable: list[LabelledBox], rules: Counter[str], keep_negatives: bool
) -> None:
  if usable:
    return
  if annotation.objects or annotation.dropped:
    # Objects are there, but none can be used: as a negative it would teach that nothing is there.
    raise RefusedFileError(Reason.NO_USABLE_BOX, ', '.join(f'{rule}: {count}' for rule, count in sorted(rules.items())))
  if not keep_negatives:
    raise RefusedFileError(Reason.NEGATIVE_LEFT_OUT, 'annotated as having no objects, and keep_negatives is off')


def _example(outcome: Outcome, checked: images.CheckedImage, usable: list[LabelledBox]) -> bytes:
  image = LabelledImage(
    encoded=checked.content,
    format=checked.format,
    height=checked.height,
    width=checked.width,
    name=outcome.image,
    boxes=usable,
    sha256=outcome.digest,
  )
  return records.serialize(image)
