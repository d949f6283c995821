"""Processes images: reads each with its annotation, checks both, and encodes the example. Each file is read once."""

import dataclasses
import hashlib
import posixpath
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

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


class Examined(NamedTuple):
  """An image that was read and checked.

  Attributes:
    outcome: what became of it.
    checked: the image, decoded once; None if it is not used.
    boxes: of its usable objects; [] if it is not used.
  """

  outcome: Outcome
  checked: images.CheckedImage | None
  boxes: list[LabelledBox]


def process(root: str, tasks: Sequence[plan.Task], keep_negatives: bool) -> list[tuple[bytes, Outcome]]:
  """Reads and checks images with their annotations; see `examine`.

  Returns:
    Of each image, in order, the serialized tf.train.Example (b'' if it is not used), and the outcome.
  """
  found = examine(root, tasks, keep_negatives)
  return [(_example(outcome, checked, usable) if checked else b'', outcome) for outcome, checked, usable in found]


def examine(root: str, tasks: Sequence[plan.Task], keep_negatives: bool) -> list[Examined]:
  """All of `process` but the encoding: the images in order.

  All images take a step before one takes the next: a processor that has a step's code and data at hand takes a tenth
  to a quarter less time. They are held together, so give it a few megabytes of files at a time.

  Args:
    root: the data folder.
    tasks: one for each image.
    keep_negatives: see IngestSettings.
  """
  found = [_Image(root, task, keep_negatives) for task in tasks]
  for step in (_Image.read, _Image.annotate, _Image.check, _Image.hash, _Image.describe):
    for image in found:
      if image.outcome.reason:
        continue
      try:
        step(image)
      except RefusedFileError as error:
        image.outcome.reason, image.outcome.detail = error.reason.value, error.detail
  return [image.examined() for image in found]


class _Image:
  """One image in work. Each step may raise a RefusedFileError; then it takes no further one."""

  _content: bytes
  _annotation: Annotation
  _checked: images.CheckedImage
  _boxes: list[LabelledBox]

  def __init__(self, root: str, task: plan.Task, keep_negatives: bool) -> None:
    self.outcome = Outcome(task.item.image)
    self._root, self._item, self._keep_negatives = root, task.item, keep_negatives
    self._unreadable: RefusedFileError | None = None

  def read(self) -> None:
    # Before the annotation: images with a broken one need a digest too, as their copies are in the same split.
    try:
      self._content = images.read(self._root, self._item.image)
    except RefusedFileError as error:  # raised when the annotation is read: if that is at fault too, it is told
      self._unreadable = error
    else:
      self.outcome.digest = hashlib.sha256(self._content).hexdigest()

  def annotate(self) -> None:
    outcome = self.outcome
    outcome.file = self._item.annotation_file
    self._annotation = detect.annotation_of(self._root, self._item)
    outcome.file = ''
    outcome.names = _other_name(self._item, self._annotation)
    outcome.classes = sorted({thing.label for thing in self._annotation.objects})
    if self._unreadable:
      raise self._unreadable

  def check(self) -> None:
    self._checked = images.check(self._content, self._annotation.declared_size)

  def hash(self) -> None:
    self.outcome.thumb = self._checked.thumb

  def describe(self) -> None:
    annotation, checked = self._annotation, self._checked
    self._boxes, rules = boxes.usable(annotation, checked.width, checked.height)
    _describe(self.outcome, annotation, checked, self._boxes, rules)
    _refuse_unusable(annotation, self._boxes, rules, self._keep_negatives)

  def examined(self) -> Examined:
    return (
      Examined(self.outcome, None, []) if self.outcome.reason else Examined(self.outcome, self._checked, self._boxes)
    )


def _other_name(item: Item, annotation: Annotation) -> str:
  if not item.annotation_file or not annotation.filename or item.image.endswith(annotation.filename):
    return ''
  name = spelling.file_name(annotation.filename)
  return '' if posixpath.splitext(name)[0] == spelling.stem(item.image) else name


def _describe(
  outcome: Outcome,
  annotation: Annotation,
  checked: images.CheckedImage,
  usable: list[LabelledBox],
  rules: Counter[str],
) -> None:
  outcome.width, outcome.height = checked.width, checked.height
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
