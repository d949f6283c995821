"""Ingestion on Beam: one element is a whole shard, so no image is passed from one stage to the next.

Memory is that of one image per worker, however many images there are, and every runner writes the same bytes. Imports
no TensorFlow: a worker process has to import this module.
"""

import contextlib
from collections.abc import Iterator

import apache_beam as beam

from components.voc_example_gen.plan import Shard
from components.voc_example_gen.shard_writer import ShardWriter
from detection.base.progress import Progress

# Not a field of WriteShard, which Beam copies: worker processes have no progress to show.
_shown: list[Progress] = []


@contextlib.contextmanager
def showing(progress: Progress) -> Iterator[None]:
  """Within the block, images that this process writes advance `progress`."""
  _shown.append(progress)
  try:
    with progress:
      yield
  finally:
    _shown.remove(progress)


def _advance() -> None:
  for progress in _shown:
    progress.advance()


@beam.typehints.with_input_types(Shard)
@beam.typehints.with_output_types(int)
class WriteShard(beam.DoFn):
  """Writes one TFRecord shard and its outcomes; yields its number of records."""

  def __init__(self, writer: ShardWriter) -> None:
    super().__init__()
    self._writer = writer
    self._records = beam.metrics.Metrics.counter('voc_example_gen', 'records')

  def process(self, shard: Shard) -> list[int]:
    records = self._writer.write(shard, _advance)
    self._records.inc(records)
    return [records]


def write_all(pipeline: beam.Pipeline, shards: tuple[Shard, ...], writer: ShardWriter) -> None:
  """Adds to `pipeline` the writing of all shards."""
  _ = (
    pipeline
    | 'Shards' >> beam.Create(shards)
    | 'Spread' >> beam.Reshuffle()  # without it, one worker would get them all
    | 'Write' >> beam.ParDo(WriteShard(writer))
  )
