"""Checks every label before the first step: the OD API drops some mistakes silently and fails on others hours later."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import tensorflow as tf

from detection import records
from detection.base.errors import DataError
from detection.odapi.config.config_io import Config
from detection.odapi.model import inputs

_SHOWN = 5  # problems that the message names


def check_examples(config: Config, labels: Mapping[str, int]) -> None:
  """Checks label map, classes and boxes of the train and eval split.

  Raises:
    DataError: if an id of the label map is outside 1..num_classes, if a class is not in the label map, or if a box is
      empty, not finite, or outside [0, 1]. The message names the first of these images.
  """
  classes = inputs.num_classes(config)
  outside = [f'"{name}" has id {number}' for name, number in labels.items() if not 1 <= number <= classes]
  if outside:
    raise DataError(f'label map: {"; ".join(outside)}. Expected 1 to {classes}, the num_classes of pipeline.config.')
  readers = [config.train_input_reader, *config.eval_input_reader]
  paths = [path for reader in readers for path in inputs.record_files(reader)]
  problems: list[str] = []
  for batch in tf.data.TFRecordDataset(paths).batch(256):
    problems += _problems(records.parse_labels(batch), labels)
    if len(problems) >= _SHOWN:
      break
  if problems:
    raise DataError(f'examples: {"; ".join(problems[:_SHOWN])}. Mend the annotations, or pin the label map they need.')


def _problems(batch: Mapping[str, tf.RaggedTensor], labels: Mapping[str, int]) -> Iterable[str]:
  names = [name.decode() for name in batch[records.FILENAME].numpy()]
  texts = batch[records.CLASS_TEXT]
  for row, text in zip(texts.value_rowids().numpy(), texts.flat_values.numpy(), strict=True):
    if text.decode() not in labels:
      yield f'{names[row]}: class "{text.decode()}" is not in the label map'
  ymin, xmin, ymax, xmax = (batch[key].flat_values for key in records.BOX)
  inside = (ymin >= 0) & (xmin >= 0) & (ymax <= 1) & (xmax <= 1) & (ymin < ymax) & (xmin < xmax)
  rows = batch[records.YMIN].value_rowids().numpy()
  for at in tf.where(~inside).numpy()[:, 0]:
    box = [round(float(side[at]), 4) for side in (ymin, xmin, ymax, xmax)]
    yield f'{names[rows[at]]}: box (ymin, xmin, ymax, xmax) {box} is empty or not in [0, 1]'
