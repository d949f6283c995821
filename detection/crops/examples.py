"""Labelled images out of TFRecord files with the OD API decoder's keys."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from detection import records
from detection.crops.objects import LabelledImage


def images(paths: Sequence[str]) -> Iterator[LabelledImage]:
  """Reads uncompressed TFRecord files of tf.Example, one record at a time.

  Args:
    paths: read in this order.
  """
  for record in records.read(paths):
    example = records.parse(record)
    yield LabelledImage(example.name, example.encoded, example.labels, example.boxes)
