"""Checks every label before the first step: the OD API drops some mistakes silently and fails on others hours later."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from detection import record_scan
from detection.base.errors import DataError
from detection.odapi.config.config_io import Config
from detection.odapi.model import config_facts, inputs
from detection.record_scan import FileScan, Scans

_SHOWN = 5  # problems that the message names


def check_examples(config: Config, labels: Mapping[str, int], scans: Scans | None = None) -> None:
  """Checks label map, classes and boxes of the train and eval split.

  Args:
    config: complete.
    labels: {class name: id}.
    scans: of record files that have been read already; others are read now.

  Raises:
    DataError: if an id of the label map is outside 1..num_classes, if a class is not in the label map, or if a box is
      empty, not finite, or outside [0, 1]. The message names the first of these images.
  """
  classes = config_facts.num_classes(config)
  outside = [f'"{name}" has id {number}' for name, number in labels.items() if not 1 <= number <= classes]
  if outside:
    raise DataError(f'label map: {"; ".join(outside)}. Expected 1 to {classes}, the num_classes of pipeline.config.')
  readers = [config.train_input_reader, *config.eval_input_reader]
  found = record_scan.scan([path for reader in readers for path in inputs.record_files(reader)], scans)
  problems = [problem for scan in found.values() for problem in _problems(scan, labels)]
  if problems:
    raise DataError(f'examples: {"; ".join(problems[:_SHOWN])}. Mend the annotations, or pin the label map they need.')


def _problems(scan: FileScan, labels: Mapping[str, int]) -> Iterator[str]:
  for name, images in scan.images_of_class.items():
    if name not in labels:
      yield from (f'{image}: class "{name}" is not in the label map' for image in images)
  yield from scan.bad_boxes
