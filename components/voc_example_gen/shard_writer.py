"""Writes one shard: a TFRecord file, and beside it what became of each image."""

import collections
import dataclasses
import functools
import posixpath
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from components.voc_example_gen import ingest, plan
from detection import records
from detection.base import files

Result = TypeVar('Result')


@dataclasses.dataclass(frozen=True)
class ShardWriter:
  """Writes shards. Each worker process gets a copy.

  Attributes:
    root: the data folder.
    examples_uri: gets Split-<split>/data_tfrecord-<index>-of-<count>, uncompressed.
    outcomes_uri: gets one JSON line for each image, in a file beside each shard's name.
    keep_negatives: see IngestSettings.
    threads: images in work at the same time.
  """

  root: str
  examples_uri: str
  outcomes_uri: str
  keep_negatives: bool
  threads: int = 1

  def write(self, shard: plan.Shard, after_image: Callable[[], None] = lambda: None) -> int:
    """Writes one shard's records and outcomes; writing it again gives the same bytes.

    Args:
      shard: what to write.
      after_image: called after each image, used or not.

    Returns:
      The number of records.
    """
    count = 0
    folder = posixpath.join(self.examples_uri, f'Split-{shard.split}')
    with (
      files.whole_file(posixpath.join(folder, shard.name)) as file,
      files.whole_file(self._outcomes_of(shard)) as lines,
    ):
      run = functools.partial(ingest.process, self.root, split=shard.split, keep_negatives=self.keep_negatives)
      for record, outcome in in_order(run, shard, self.threads):
        if record:
          # Uncompressed: JPEG gains nothing from gzip, and the OD API's reader cannot open it.
          records.write(file, record)
          count += 1
        after_image()
        lines.write(outcome.as_json().encode() + b'\n')
    return count

  def outcomes(self, shards: tuple[plan.Shard, ...]) -> Iterator[ingest.Outcome]:
    """Everything the workers reported, in the order of shards."""
    for shard in shards:
      with files.open(self._outcomes_of(shard), 'rb') as file:
        for line in file:
          yield ingest.Outcome.from_json(line)

  def _outcomes_of(self, shard: plan.Shard) -> str:
    return posixpath.join(self.outcomes_uri, f'{shard.split}-{shard.name}.jsonl')


def in_order(run: Callable[[plan.Task], Result], shard: plan.Shard, threads: int) -> Iterator[Result]:
  """Yields run(task) for each task of a shard, in order; holds the results of a few batches at a time.

  Threads help although they share one interpreter: reading, hashing and decoding release its lock. A thread gets a
  batch, because passing on single images costs a sixth of the time that processing them takes.
  """

  def run_all(batch: tuple[plan.Task, ...]) -> list[Result]:
    return [run(task) for task in batch]

  if threads == 1:
    for batch in shard.batches():
      yield from run_all(batch)
    return
  waiting: collections.deque[Future[list[Result]]] = collections.deque()
  with ThreadPoolExecutor(max_workers=threads) as pool:
    for batch in shard.batches():
      waiting.append(pool.submit(run_all, batch))
      if len(waiting) > 3 * threads:
        yield from waiting.popleft().result()
    while waiting:
      yield from waiting.popleft().result()
