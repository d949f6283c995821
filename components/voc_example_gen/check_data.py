"""Checks a data folder as ingestion does, for `detection-pipeline check-data`; without Beam and TensorFlow.

Writes no examples: the caller gets the report, and optionally a table of all usable boxes.
"""

import functools
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from components.voc_example_gen import ingest, plan, shard_writer
from components.voc_example_gen.formats import csv_table
from components.voc_example_gen.report import summary
from components.voc_example_gen.settings import IngestSettings
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
  tally = summary.gather(planned, _outcomes(planned, settings.keep_negatives, table))
  report = summary.as_dict(planned, tally)
  for line in _summary(report):
    say(line)
  say(f'checked in {time.monotonic() - started:.1f} s')
  try:
    summary.require_usable(planned, tally, settings.max_bad_fraction)
  except UserError as error:
    return report, str(error)
  return report, ''


def _outcomes(planned: plan.Plan, keep_negatives: bool, table: csv_table.Writer | None) -> Iterator[ingest.Outcome]:
  """Decodes and checks every image; yields what becomes of each, and adds those used to the table."""
  from detection.base.progress import Progress  # here: loading tqdm would delay the first line

  with Progress(planned.images, out=sys.stderr) as progress:
    for shard in planned.shards:
      run_one = functools.partial(_checked, planned.root, split=shard.split, keep_negatives=keep_negatives)
      for outcome, boxes in shard_writer.in_order(run_one, shard, os.cpu_count() or 1):
        progress.advance()
        if table and not outcome.reason:
          table.add(outcome.image, outcome.width, outcome.height, _in_pixels(boxes, outcome.width, outcome.height))
        yield outcome


def _checked(root: str, task: plan.Task, split: str, keep_negatives: bool) -> tuple[ingest.Outcome, list[LabelledBox]]:
  """The outcome and boxes of one image, without its bytes, which would fill the memory."""
  outcome, _, boxes = ingest.examine(root, task, split, keep_negatives)
  return outcome, boxes


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
