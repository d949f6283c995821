"""Ingestion on Beam: one element names a file with a whole shard, so no image is passed from one stage to the next.

Memory is that of one shard's names and a few images per worker, however many images there are, and every runner writes
the same bytes. Imports no TensorFlow: a worker process has to import this module.
"""

import contextlib
from collections.abc import Iterator, Sequence

import apache_beam as beam

from components.voc_example_gen import work_list
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


@beam.typehints.with_input_types(str)
@beam.typehints.with_output_types(int)
class WriteShard(beam.DoFn):
  """Writes the shard that a file describes; yields its number of records."""

  def __init__(self, writer: ShardWriter) -> None:
    super().__init__()
    self._writer = writer
    self._records = beam.metrics.Metrics.counter('voc_example_gen', 'records')

  def process(self, path: str) -> list[int]:
    records = self._writer.write(work_list.load(path), _advance)
    self._records.inc(records)
    return [records]


@beam.typehints.with_input_types(str)
@beam.typehints.with_output_types(str)
class MoveRecords(beam.DoFn):
  """Writes a shard's files anew below `target_uri`, as the (shard, moves) in a file says; yields the shard's name."""

  def __init__(self, writer: ShardWriter, target_uri: str) -> None:
    super().__init__()
    self._writer, self._target_uri = writer, target_uri

  def process(self, path: str) -> list[str]:
    shard, moves = work_list.load(path)
    self._writer.move(shard, moves, self._target_uri)
    return [shard.name]


@beam.typehints.with_input_types(str)
@beam.typehints.with_output_types(str)
class RunJob(beam.DoFn):
  """Calls what a file holds, such as a spread_pairs.Pair; yields the file's path."""

  def process(self, path: str) -> list[str]:
    work_list.load(path)()
    return [path]


def run_all(pipeline: beam.Pipeline, paths: Sequence[str], work: beam.DoFn) -> None:
  """Adds to `pipeline` the work that these files describe."""
  _ = (
    pipeline
    | 'Files' >> beam.Create(paths)
    | 'Spread' >> beam.Reshuffle()  # without it, one worker would get them all
    | 'Work' >> beam.ParDo(work)
  )
