"""Detection and matching on Beam: each worker reads shards, detects, matches, and writes the results of each shard.

No image travels between workers. A shard's results are a few columns in a file.
"""

import functools
import logging
from collections.abc import Iterator, Mapping, Sequence
from concurrent import futures

import apache_beam as beam

from components.evaluator import examples as split
from components.evaluator.shards import Shard, shards_of
from detection.base import files
from detection.base.errors import DataError
from detection.detections import Detections
from detection.inference.detector import Detector
from detection.inference.stages import map_ahead
from detection.metrics import results
from detection.tiles.grid import Grid


class DetectAndMatch(beam.DoFn):
  """Runs the model over a shard and writes its Results to an .npz file, whose path it yields.

  Args:
    model: as Detector takes it.
    labels: {class name: id}, the label map of the metrics, in which names may share an id. A model with another label
      map is read by class name.
    output: the folder to write to.
    tiles: the model sees these parts of each image; None: whole images.
  """

  def __init__(self, model: str, labels: Mapping[str, int], output: str, tiles: Grid | None = None) -> None:
    self._model = model
    self._tiles = tiles
    self._labels = dict(labels)
    self._output = output

  def process(self, shard: Shard) -> Iterator[str]:
    with futures.ThreadPoolExecutor(1) as thread:
      # The model computes while the batch before is matched and the one after is read.
      batches = map_ahead(thread, lambda batch: self._detected(batch, shard.file), shard.batches(), 1)
      parts = [part for batch in batches for part in self._matched(*batch)]
    target = files.join(self._output, shard.name + '.npz')
    results.merge(parts).save(target)
    logging.info('%s: %d images evaluated', shard.name, len(parts))
    yield target

  def _detected(self, batch: Sequence[bytes], where: str) -> tuple[Sequence[results.Image], Sequence[Detections]]:
    """The images of a batch of records, and what the model finds in them."""
    images, encoded = zip(*(split.parse(record, self._labels, where) for record in batch), strict=True)
    try:
      return images, _detector(self._model, self._tiles).detect_encoded(encoded)
    except DataError as error:
      raise DataError(f'{error} One of: {", ".join(image.name for image in images)}.') from error

  def _matched(self, images: Sequence[results.Image], detected: Sequence[Detections]) -> Iterator[results.Results]:
    for image, detections in zip(images, detected, strict=True):
      yield results.of_image(image, detections.with_ids(self._labels))


def evaluate(
  pipeline: beam.Pipeline,
  examples: Sequence[str],
  model: str,
  labels: Mapping[str, int],
  output: str,
  tiles: Grid | None = None,
) -> None:
  """Adds detection and matching of every record to a Beam pipeline.

  Args:
    pipeline: the caller runs it; after that, `read_results` reads what is in `output`.
    examples: TFRecord files, uncompressed.
    model, labels, output, tiles: as in DetectAndMatch.
  """
  _ = (
    pipeline
    | 'Shards' >> beam.Create(shards_of(examples))
    | 'Spread' >> beam.Reshuffle()  # keeps Beam from fusing all shards into one worker
    | 'DetectAndMatch' >> beam.ParDo(DetectAndMatch(model, labels, output, tiles))
  )


def read_results(folder: str) -> results.Results:
  """Merges everything that workers wrote to `folder`."""
  return results.merge(results.read(uri) for uri in files.glob(files.join(folder, 'part-*.npz')))


@functools.lru_cache(maxsize=1)
def _detector(model: str, tiles: Grid | None) -> Detector:
  """The model, loaded once in each worker process."""
  return Detector(model, tiles=tiles)
