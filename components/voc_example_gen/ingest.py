"""Processes one image: read, check, encode. Writes one shard: its records, and what became of each image."""

import collections
import dataclasses
import functools
import json
import posixpath
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from components.voc_example_gen import boxes, detect, images, plan
from components.voc_example_gen.annotation import Annotation
from components.voc_example_gen.refusals import Reason, RefusedFileError
from detection import records
from detection.base import files
from detection.records import LabelledBox, LabelledImage

Result = TypeVar('Result')


@dataclasses.dataclass
class Outcome:
  """What became of one image. Workers write outcomes as JSON lines.

  Attributes:
    image: path below the data folder.
    file: the annotation file, if that is at fault; else ''.
    split: the one it is in, or would be in if it were used.
    reason, detail: why it is not used; '' if it is.
    objects: (label, width, height) of each usable box, sides as fractions of the image's.
    rules: how often each BoxRule was applied.
    notes: what else was done or noticed: 'converted_from_bmp', 'turned_upright', 'size_disagrees'.
    width, height: of the image, in pixels; 0 if it was not decoded.
    thumb: 64-bit difference hash; None for a flat or unused image.
  """

  image: str
  split: str
  reason: str = ''
  detail: str = ''
  file: str = ''
  width: int = 0
  height: int = 0
  objects: list[tuple[str, float, float]] = dataclasses.field(default_factory=list)
  rules: dict[str, int] = dataclasses.field(default_factory=dict)
  notes: list[str] = dataclasses.field(default_factory=list)
  thumb: int | None = None


def process(root: str, task: plan.Task, split: str, keep_negatives: bool) -> tuple[bytes, Outcome]:
  """Reads and checks one image with its annotation.

  Returns:
    The serialized tf.train.Example (b'' if the image is not used), and the outcome.
  """
  outcome, checked, usable = examine(root, task, split, keep_negatives)
  return (_example(task, checked, usable) if checked else b''), outcome


def examine(
  root: str, task: plan.Task, split: str, keep_negatives: bool
) -> tuple[Outcome, images.CheckedImage | None, list[LabelledBox]]:
  """All of `process` but the encoding.

  Returns:
    The outcome; and, if the image is used, the decoded-once image and its boxes (else None and []).
  """
  outcome = Outcome(task.item.image, split)
  try:
    outcome.file = task.item.annotation_file
    annotation = detect.annotation_of(root, task.item)
    outcome.file = ''
    content = images.read(root, task.item.image)
    checked = images.check(content, annotation.declared_size)
    usable, rules = boxes.usable(annotation, checked.width, checked.height)
    if task.single_class:
      usable = [dataclasses.replace(box, label=task.single_class) for box in usable]
    _describe(outcome, annotation, checked, usable, rules)
    _refuse_unusable(annotation, usable, rules, keep_negatives)
  except RefusedFileError as error:
    outcome.reason, outcome.detail = error.reason.value, error.detail
    return outcome, None, []
  return outcome, checked, usable


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
  if checked.converted:
    outcome.notes.append(f'converted_from_{checked.converted.lower()}')
  if checked.turned:
    outcome.notes.append('turned_upright')
  declared = annotation.declared_size
  if None not in declared and declared != (checked.width, checked.height):
    outcome.notes.append('size_disagrees')


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


def _example(task: plan.Task, checked: images.CheckedImage, usable: list[LabelledBox]) -> bytes:
  image = LabelledImage(
    encoded=checked.content,
    format=checked.format,
    height=checked.height,
    width=checked.width,
    name=task.item.image,
    boxes=usable,
    sha256=task.digest,
  )
  return records.serialize(image)


@dataclasses.dataclass(frozen=True)
class ShardWriter:
  """Writes shards. Each worker process gets a copy.

  Attributes:
    root: the data folder.
    examples_uri: gets Split-<split>/data_tfrecord-<index>-of-<count>, uncompressed.
    outcomes_uri: gets one JSON line for each image, in a file beside each shard's name.
    keep_negatives: see IngestSettings.
    threads: images in work at the same time.
  """

  root: str
  examples_uri: str
  outcomes_uri: str
  keep_negatives: bool
  threads: int = 1

  def write(self, shard: plan.Shard, after_image: Callable[[], None] = lambda: None) -> int:
    """Writes one shard's records and outcomes; writing it again gives the same bytes.

    Args:
      shard: what to write.
      after_image: called after each image, used or not.

    Returns:
      The number of records.
    """
    count = 0
    folder = posixpath.join(self.examples_uri, f'Split-{shard.split}')
    with (
      files.whole_file(posixpath.join(folder, shard.name)) as file,
      files.whole_file(self._outcomes_of(shard)) as lines,
    ):
      run = functools.partial(process, self.root, split=shard.split, keep_negatives=self.keep_negatives)
      for record, outcome in in_order(run, shard, self.threads):
        if record:
          # Uncompressed: JPEG gains nothing from gzip, and the OD API's reader cannot open it.
          records.write(file, record)
          count += 1
        after_image()
        lines.write(json.dumps(vars(outcome)).encode() + b'\n')
    return count

  def outcomes(self, shards: tuple[plan.Shard, ...]) -> Iterator[Outcome]:
    """Everything the workers reported, in the order of shards."""
    for shard in shards:
      with files.open(self._outcomes_of(shard), 'rb') as file:
        for line in file:
          yield read_outcome(json.loads(line))

  def _outcomes_of(self, shard: plan.Shard) -> str:
    return posixpath.join(self.outcomes_uri, f'{shard.split}-{shard.name}.jsonl')


def in_order(run: Callable[[plan.Task], Result], shard: plan.Shard, threads: int) -> Iterator[Result]:
  """Yields run(task) for each task of a shard, in order; holds the results of a few batches at a time.

  Threads help although they share one interpreter: reading, hashing and decoding release its lock. A thread gets a
  batch, because passing on single images costs a sixth of the time that processing them takes.
  """

  def run_all(batch: tuple[plan.Task, ...]) -> list[Result]:
    return [run(task) for task in batch]

  if threads == 1:
    for batch in shard.batches():
      yield from run_all(batch)
    return
  waiting: collections.deque[Future[list[Result]]] = collections.deque()
  with ThreadPoolExecutor(max_workers=threads) as pool:
    for batch in shard.batches():
      waiting.append(pool.submit(run_all, batch))
      if len(waiting) > 3 * threads:
        yield from waiting.popleft().result()
    while waiting:
      yield from waiting.popleft().result()


def read_outcome(fields: dict[str, Any]) -> Outcome:
  """The outcome that one JSON line holds."""
  return Outcome(**{**fields, 'objects': [tuple(entry) for entry in fields['objects']]})
