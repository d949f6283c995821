"""Detection and matching on Beam: each worker reads a share of the images, detects, matches and writes columns.

A share is every n-th record of one file, so that one large file feeds several workers too. No image travels between
workers; what a share yields is a few columns, written under a name that a retry writes again.
"""

import collections
import dataclasses
import functools
import itertools
import json
import logging
from collections.abc import Collection, Iterator, Mapping, Sequence

import apache_beam as beam
import numpy as np

from detection import records
from detection.base import files
from detection.base.errors import DataError
from detection.inference.detector import Detector
from detection.metrics import results
from detection.metrics.matching import GroundTruth

BATCH_SIZE = 8
SHARES_A_FILE = 4


@dataclasses.dataclass(frozen=True)
class Share:
  """Records `index`, `index + of`, `index + 2 of`, ... of the TFRecord `file`; `name` is its place in the output."""

  file: str
  index: int
  of: int
  name: str


class DetectAndMatch(beam.DoFn):
  """Share to the .npz file of its Results.

  Args:
    model: as Detector takes it.
    labels: {name: id}, the label map that the metrics go by. A model with another one is read by class name.
    output: the folder to write to.
  """

  def __init__(self, model: str, labels: Mapping[str, int], output: str) -> None:
    self._model = model
    self._labels = dict(labels)
    self._output = output

  def process(self, share: Share) -> Iterator[str]:
    detector = _detector(self._model)
    parts = []
    for batch in _batches(share):
      images, encoded = zip(*(parse(record, self._labels, share.file) for record in batch), strict=True)
      try:
        found = detector.detect_encoded(encoded)
      except DataError as error:
        raise DataError(f'{error} One of: {", ".join(image.name for image in images)}.') from error
      for image, detections in zip(images, found, strict=True):
        parts.append(results.of_image(image, detections.with_ids(self._labels)))
    target = files.join(self._output, share.name + '.npz')
    results.merge(parts).save(target)
    logging.info('%s: %d images evaluated', share.name, len(parts))
    yield target


def evaluate(
  pipeline: beam.Pipeline, examples: Sequence[str], model: str, labels: Mapping[str, int], output: str
) -> None:
  """Adds detection and matching of every record to a Beam pipeline.

  Args:
    pipeline: to be run by the caller; after it, `output` holds parts for `read_parts`.
    examples: TFRecord files, uncompressed.
    model, labels, output: as in DetectAndMatch.
  """
  _ = (
    pipeline
    | 'Shares' >> beam.Create(_shares(examples))
    | 'Spread' >> beam.Reshuffle()  # keeps Beam from fusing all shares into one worker
    | 'DetectAndMatch' >> beam.ParDo(DetectAndMatch(model, labels, output))
  )


class CountClasses(beam.DoFn):
  """Share to a .json file of its objects a class: {name: count}."""

  def __init__(self, output: str) -> None:
    self._output = output

  def process(self, share: Share) -> Iterator[str]:
    counts: collections.Counter[str] = collections.Counter()
    for batch in _batches(share):
      for record in batch:
        counts.update(records.class_names(record))
    target = files.join(self._output, share.name + '.json')
    files.write_text(target, json.dumps(counts))
    yield target


def count_classes(pipeline: beam.Pipeline, examples: Sequence[str], output: str) -> None:
  """Adds counting the objects of every record, a class each, to a Beam pipeline; after it, see `read_counts`."""
  _ = (
    pipeline
    | 'SharesToCount' >> beam.Create(_shares(examples))
    | 'SpreadToCount' >> beam.Reshuffle()
    | 'CountClasses' >> beam.ParDo(CountClasses(output))
  )


def read_counts(folder: str) -> dict[str, int]:
  """Sums what `count_classes` wrote to `folder`; empty if nothing was counted."""
  total: collections.Counter[str] = collections.Counter()
  for uri in files.glob(files.join(folder, 'part-*.json')):
    total.update(json.loads(files.read_text(uri)))
  return dict(total)


def read_parts(folder: str) -> results.Results:
  """Merges everything that workers wrote to `folder`."""
  return results.merge(results.read(uri) for uri in sorted(files.glob(files.join(folder, 'part-*.npz'))))


def pictures(examples: Sequence[str], names: Collection[str], labels: Mapping[str, int]) -> dict[str, bytes]:
  """{image name: encoded image} of the images named, read again from the files."""
  found: dict[str, bytes] = {}
  for record in records.read(sorted(examples)):
    if len(found) == len(names):
      break
    image, encoded = parse(record, labels, 'examples')
    if image.name in names:
      found[image.name] = encoded
  return found


def first_images(examples: Sequence[str], count: int) -> list[bytes]:
  """The first `count` encoded images of the files."""
  return [records.parse(record).encoded for record in itertools.islice(records.read(sorted(examples)), count)]


def parse(record: bytes, labels: Mapping[str, int], where: str) -> tuple[results.Image, bytes]:
  """Reads the OD API's tf.Example: what is labelled, and the encoded image.

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


def _shares(examples: Sequence[str]) -> list[Share]:
  return [
    Share(file, index, SHARES_A_FILE, f'part-{number:05d}-{index}-of-{SHARES_A_FILE}')
    for number, file in enumerate(sorted(examples))
    for index in range(SHARES_A_FILE)
  ]


def _batches(share: Share) -> Iterator[Sequence[bytes]]:
  import tensorflow as tf

  dataset = tf.data.TFRecordDataset(share.file).shard(share.of, share.index)
  for batch in dataset.batch(BATCH_SIZE).prefetch(2).as_numpy_iterator():
    yield batch.tolist()


@functools.lru_cache(maxsize=1)
def _detector(model: str) -> Detector:
  """The model, loaded once a worker process."""
  return Detector(model)
