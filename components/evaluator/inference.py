"""Detection and matching on Beam: each worker reads shards, detects, matches, and writes what it found, in files.

No image travels between workers. A file has a few columns, and no more than some thousand images.
"""

import functools
import itertools
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
from detection.metrics import portions, results
from detection.tiles.grid import Grid

_IMAGES_A_FILE = 2000


class DetectAndMatch(beam.DoFn):
  """Runs the model over a shard and writes Portions to .npz files, whose paths it yields.

  Args:
    model: as Detector takes it.
    labels: {class name: id}, the label map of the metrics, in which names may share an id. A model with another label
      map is read by class name.
    output: the folder to write to.
    tiles: the model sees these parts of each image; None: whole images.
    iou: the least overlap of a hit for precision, recall and F1.
  """

  def __init__(
    self, model: str, labels: Mapping[str, int], output: str, tiles: Grid | None = None, iou: float = 0.5
  ) -> None:
    self._model = model
    self._tiles = tiles
    self._labels = dict(labels)
    self._output = output
    self._iou = iou

  def process(self, shard: Shard) -> Iterator[str]:
    number = images = 0
    with futures.ThreadPoolExecutor(1) as thread:
      # The model computes while the batch before is matched and the one after is read.
      batches = map_ahead(thread, lambda batch: self._detected(batch, shard.file), shard.batches(), 1)
      matched = itertools.chain.from_iterable(itertools.starmap(self._matched, batches))
      while parts := list(itertools.islice(matched, _IMAGES_A_FILE)):
        target = files.join(self._output, f'{shard.name}-{number:05d}.npz')
        portions.of(results.merge(parts), self._iou).save(target)
        number, images = number + 1, images + len(parts)
        yield target
    logging.info('%s: %d images evaluated', shard.name, images)

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


def evaluate(pipeline: beam.Pipeline, examples: Sequence[str], step: DetectAndMatch) -> None:
  """Adds detection and matching of every record to a Beam pipeline.

  Args:
    pipeline: the caller runs it; after that, `matched` gives what is in the step's output.
    examples: TFRecord files, uncompressed.
    step: what is done.
  """
  _ = (
    pipeline
    | 'Shards' >> beam.Create(shards_of(examples))
    | 'Spread' >> beam.Reshuffle()  # keeps Beam from fusing all shards into one worker
    | 'DetectAndMatch' >> beam.ParDo(step)
  )


def matched(folder: str) -> portions.Stored:
  """Everything that workers wrote to `folder`."""
  return portions.Stored(files.glob(files.join(folder, 'part-*.npz')))


def read_results(folder: str) -> results.Results:
  """Everything that workers wrote to `folder`, held in memory at once."""
  return results.merge(portion.results for portion in matched(folder))


@functools.lru_cache(maxsize=1)
def _detector(model: str, tiles: Grid | None) -> Detector:
  """The model, loaded once in each worker process."""
  return Detector(model, tiles=tiles)
