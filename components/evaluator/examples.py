"""Reads labelled images from the TFRecord files of a split."""

import itertools
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from detection import records
from detection.base.errors import DataError
from detection.metrics import results
from detection.metrics.matching import GroundTruth


def parse(record: bytes, labels: Mapping[str, int], where: str) -> tuple[results.Image, bytes]:
  """Reads one record: the image with its ground truth, and the encoded image.

  Args:
    record: a serialized tf.Example.
    labels: {class name: id}.
    where: begins the error messages.

  Raises:
    DataError: if a class is not in the label map, or the image's size is missing.
  """
  example = records.parse(record)
  unknown = sorted(set(example.labels) - set(labels))
  if unknown:
    raise DataError(
      f'{where}: {example.name}: class "{unknown[0]}" is not in the label map. Expected one of {sorted(labels)}.'
    )
  example.check_complete(where)
  classes = np.array([labels[label] for label in example.labels], np.int64)
  ground_truth = GroundTruth(example.boxes, classes, example.difficult, example.crowd)
  return results.Image(example.name, example.width, example.height, ground_truth), example.encoded


def encoded_images(examples: Sequence[str], names: Collection[str]) -> dict[str, bytes]:
  """{image name: encoded image} of the images with these names, in the TFRecord files `examples`."""
  found: dict[str, bytes] = {}
  for record in records.read(sorted(examples)):
    if len(found) == len(names):
      break
    example = records.parse(record)
    if example.name in names:
      found[example.name] = example.encoded
  return found


def first_images(examples: Sequence[str], count: int) -> list[bytes]:
  """The first `count` encoded images of the TFRecord files `examples`."""
  return [records.parse(record).encoded for record in itertools.islice(records.read(sorted(examples)), count)]
