"""Checks a data folder as ingestion does, for `detection-pipeline check-data`; without Beam and TensorFlow.

Writes no examples: the caller gets the report, and optionally a table of all usable boxes.
"""

import functools
import marshal
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from components.voc_example_gen import ingest, outcomes, plan, shard_writer
from components.voc_example_gen.formats import csv_table
from components.voc_example_gen.report import summary
from components.voc_example_gen.settings import IngestSettings
from components.voc_example_gen.settle import Settled
from detection.base.errors import UserError
from detection.records import LabelledBox

_MAX_SHOWN = 10  # files named for each reason


def run(
  root: str,
  settings: IngestSettings,
  say: Callable[[str], None] = print,
  table: csv_table.Writer | None = None,
) -> tuple[dict[str, Any], str]:
  """Checks every image and annotation of a folder.

  Args:
    root: the data folder.
    settings: as for ingestion.
    say: called with each line of what is found.
    table: gets every image that would be used, with its boxes.

  Returns:
    The ingest report, and the sentence that ingestion would fail with ('' if it would not).

  Raises:
    DataError: if there is nothing to check.
  """
  started = time.monotonic()
  planned = plan.make(root, settings, say)
  with _Spool() as spool:
    _examine_all(planned, settings.keep_negatives, spool, keep_boxes=table is not None)
    planned, found = plan.settled(planned, lambda: outcomes.rows(outcome for outcome, _ in spool.read()))
    tally = summary.gather(planned, outcomes.settled(_tabulated(spool, found, table), found))
  report = summary.as_dict(planned, tally)
  for line in _summary(report):
    say(line)
  say(f'checked in {time.monotonic() - started:.1f} s')
  try:
    summary.require_usable(planned, tally, settings.max_bad_fraction)
  except UserError as error:
    return report, str(error)
  return report, ''


Checked = tuple[ingest.Outcome, list[LabelledBox]]  # an image, and its boxes if it is used


class _Spool:
  """Keeps what was found in each image in a file: the memory of a million would not do.

  marshal, as the file is of this process alone, and is read several times: pickle takes five times as long.
  """

  def __enter__(self) -> '_Spool':
    self._file = tempfile.TemporaryFile()
    return self

  def __exit__(self, *error: object) -> None:
    self._file.close()

  def add(self, examined: Checked) -> None:
    outcome, boxes = examined
    marshal.dump((tuple(vars(outcome).values()), [tuple(vars(box).values()) for box in boxes]), self._file)

  def read(self) -> Iterator[Checked]:
    """Everything that was added, in its order."""
    self._file.seek(0)
    while True:
      try:
        outcome, boxes = marshal.load(self._file)
      except EOFError:
        return
      yield ingest.Outcome(*outcome), [LabelledBox(*box) for box in boxes]


def _examine_all(planned: plan.Plan, keep_negatives: bool, spool: _Spool, keep_boxes: bool) -> None:
  """Decodes and checks every image. keep_boxes: whether the boxes are wanted again."""
  from detection.base.progress import Progress  # here: loading tqdm would delay the first line

  run = functools.partial(_checked, planned.root, keep_negatives=keep_negatives)
  with Progress(planned.images, out=sys.stderr) as progress:
    for shard in planned.shards:
      for outcome, boxes in shard_writer.in_order(run, shard.batches(), os.cpu_count() or 1):
        progress.advance()
        outcome.split = shard.split or planned.placing.split_of(outcome.image, outcome.digest)
        spool.add((outcome, boxes if keep_boxes else []))


def _tabulated(spool: _Spool, found: Settled, table: csv_table.Writer | None) -> Iterator[ingest.Outcome]:
  """The outcome of each image; adds those that are used to the table."""
  for outcome, boxes in spool.read():
    if table and not outcome.reason and found.moves.get(outcome.image, outcome.split):
      table.add(outcome.image, outcome.width, outcome.height, _in_pixels(boxes, outcome.width, outcome.height))
    yield outcome


def _checked(root: str, tasks: Sequence[plan.Task], keep_negatives: bool) -> list[Checked]:
  """The outcome and boxes of each image, without its bytes, which would fill the memory."""
  return [(outcome, boxes) for outcome, _, boxes in ingest.examine(root, tasks, keep_negatives)]


def _in_pixels(boxes: list[LabelledBox], width: int, height: int) -> list[tuple[str, tuple[float, ...]]]:
  """(class, corners in pixels) of each box, rounded to a thousandth: float32 would give 9.9999998 for 10."""
  sides = [(box, (box.xmin * width, box.ymin * height, box.xmax * width, box.ymax * height)) for box in boxes]
  return [(box.label, tuple(round(side, 3) for side in corners)) for box, corners in sides]


def _summary(report: dict[str, Any]) -> Iterator[str]:
  """The lines that are printed about a report."""
  counts = ', '.join(f'{split} {count}' for split, count in report['images'].items())
  yield f'images: {counts or "none"} (split: {report["split_method"]})'
  for label, numbers in report['classes'].items():
    objects = ', '.join(f'{split} {count}' for split, count in numbers['objects'].items())
    yield f'class {label}: {objects} objects'
  if negatives := sum(report['negatives'].values()):
    yield f'negatives: {negatives} images without objects'
  for title, section in (('boxes', report['boxes']), ('notes', report['notes'])):
    if section:
      yield f'{title}: ' + ', '.join(f'{name} {count}' for name, count in section.items())
  for title in ('refused', 'set_aside'):
    yield from _files(title.replace('_', ' '), report[title])
  for warning in report['warnings']:
    yield f'warning: {warning}'


def _files(title: str, entries: list[dict[str, str]]) -> Iterator[str]:
  """One line for each reason, and the first files with it."""
  for reason, count in Counter(entry['reason'] for entry in entries).most_common():
    yield f'{title}: {count} {reason}'
    named = [entry for entry in entries if entry['reason'] == reason]
    for entry in named[:_MAX_SHOWN]:
      yield f'  {entry["file"]}: {entry["detail"]}'
    if count > _MAX_SHOWN:
      yield f'  and {count - _MAX_SHOWN} more (--json FILE lists all)'
