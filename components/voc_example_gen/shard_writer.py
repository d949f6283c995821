"""Writes one shard: a TFRecord file in each split, and beside them what became of each image."""

import collections
import contextlib
import dataclasses
import functools
import itertools
import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from components.voc_example_gen import ingest, plan
from components.voc_example_gen.assign import Placing
from components.voc_example_gen.spread import exchange
from detection import kept_scans, record_scan
from detection.base import files, tf_example

Result = TypeVar('Result')
Batch = tuple[plan.Task, ...]
_ALL = 0  # the only part of a file with outcomes
_AHEAD = 8  # batches; with one, a worker waits for the disk while the system writes to it


@dataclasses.dataclass(frozen=True)
class ShardWriter:
  """Writes shards. Each worker process gets a copy.

  Attributes:
    root: the data folder.
    examples_uri: gets Split-<split>/data_tfrecord-<index>-of-<count>, uncompressed.
    outcomes_uri: gets two files for each shard: the outcome of each image, and the scans of its TFRecord files.
    placing: gives images their split, where the shard has none.
    keep_negatives: see IngestSettings.
    threads: images in work at the same time.
  """

  root: str
  examples_uri: str
  outcomes_uri: str
  placing: Placing
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
    run = functools.partial(ingest.process, self.root, keep_negatives=self.keep_negatives)
    with contextlib.ExitStack() as stack:
      split_files = self._open_splits(stack, self.examples_uri, shard)
      outcomes: list[ingest.Outcome] = []  # of one shard
      batches = _read_ahead(self.root, shard.batches()) if self.threads == 1 else shard.batches()
      for record, outcome in in_order(run, batches, self.threads):
        outcome.split = shard.split or self.placing.split_of(outcome.image, outcome.digest)
        if record:
          _append(split_files[outcome.split], record, outcome)
          count += 1
        after_image()
        outcomes.append(outcome)
    self.save_outcomes(shard, outcomes)
    self._keep_scans(shard, split_files)
    return count

  def save_outcomes(self, shard: plan.Shard, outcomes: Iterable[ingest.Outcome]) -> None:
    """Writes what `outcomes` reads, of one shard."""
    exchange.save(self._outcomes_of(shard), {_ALL: [outcome.as_row() for outcome in outcomes]})

  def move(self, shard: plan.Shard, moves: Mapping[str, str], target_uri: str) -> None:
    """Writes the files of a shard, which has been written, anew below `target_uri`, with some images in other splits.

    Args:
      shard: its tasks are not looked at.
      moves: {image: the split it belongs to, or '' for none}; other images stay in theirs.
      target_uri: gets what examples_uri has.
    """
    with contextlib.ExitStack() as stack:
      old = {
        split: tf_example.read_records(stack.enter_context(files.open(path)))
        for split, path in self.files_of(shard, self.examples_uri).items()
      }
      new = self._open_splits(stack, target_uri, shard)
      for outcome in self.outcomes([shard]):
        if outcome.reason:
          continue
        record, split = next(old[outcome.split]), moves.get(outcome.image, outcome.split)
        if split:
          _append(new[split], record, outcome)
    self._keep_scans(shard, new)

  def outcomes(self, shards: Sequence[plan.Shard]) -> Iterator[ingest.Outcome]:
    """Everything the workers reported, in the order of shards."""
    for row in exchange.load(map(self._outcomes_of, shards), [_ALL]):
      yield ingest.Outcome(*row)

  def scans(self, shards: Sequence[plan.Shard]) -> dict[str, kept_scans.KeptScan]:
    """What is known of all TFRecord files, by their paths below examples_uri."""
    found: dict[str, kept_scans.KeptScan] = {}
    for shard in shards:
      found |= kept_scans.parse(files.read_text(self._scans_of(shard)))
    return found

  def files_of(self, shard: plan.Shard, examples_uri: str) -> dict[str, str]:
    """{split: TFRecord file of this shard} below `examples_uri`; a file may have no record."""
    splits = [shard.split] if shard.split else list(self.placing.fractions)
    return {split: posixpath.join(examples_uri, f'Split-{split}', shard.name) for split in splits}

  def _open_splits(
    self, stack: contextlib.ExitStack, examples_uri: str, shard: plan.Shard
  ) -> dict[str, record_scan.Writer]:
    paths = self.files_of(shard, examples_uri)
    # Uncompressed: JPEG gains nothing from gzip, and the OD API's reader cannot open it.
    return {split: record_scan.Writer(stack.enter_context(files.whole_file(path))) for split, path in paths.items()}

  def _keep_scans(self, shard: plan.Shard, written: Mapping[str, record_scan.Writer]) -> None:
    paths = self.files_of(shard, '')
    scans = {paths[split]: kept_scans.KeptScan(file.size, file.scan) for split, file in written.items()}
    files.write_text(self._scans_of(shard), kept_scans.dump(scans))

  def _scans_of(self, shard: plan.Shard) -> str:
    return posixpath.join(self.outcomes_uri, f'{shard.split}-{shard.name}.scans.json')

  def _outcomes_of(self, shard: plan.Shard) -> str:
    return posixpath.join(self.outcomes_uri, f'{shard.split}-{shard.name}.outcomes')


def _append(file: record_scan.Writer, record: bytes, outcome: ingest.Outcome) -> None:
  labels = [label for label, _, _ in outcome.objects]
  file.write(record, outcome.image, outcome.width * outcome.height, labels)


def _read_ahead(root: str, batches: Iterable[Batch]) -> Iterator[Batch]:
  """The batches. While one is processed, the system reads the files of those that follow."""
  batches, following = itertools.tee(batches)
  asked = map(functools.partial(_ask_for, files.join(root, '')), following)
  collections.deque(itertools.islice(asked, _AHEAD), maxlen=0)
  for batch in batches:
    next(asked, None)
    yield batch


def _ask_for(folder: str, batch: Batch) -> None:
  for task in batch:
    for path in filter(None, (task.item.image, task.item.annotation_file)):
      files.read_ahead(folder + path)


def in_order(run: Callable[[Batch], Sequence[Result]], batches: Iterable[Batch], threads: int) -> Iterator[Result]:
  """Yields what run(batch) gives for all batches, in order; holds the results of a few batches at a time.

  Threads help although they share one interpreter: reading, hashing and decoding release its lock. A thread gets a
  batch, because passing on single images costs a sixth of the time that processing them takes.
  """
  if threads == 1:
    for batch in batches:
      yield from run(batch)
    return
  waiting: collections.deque[Future[Sequence[Result]]] = collections.deque()
  with ThreadPoolExecutor(max_workers=threads) as pool:
    for batch in batches:
      waiting.append(pool.submit(run, batch))
      if len(waiting) > 3 * threads:
        yield from waiting.popleft().result()
    while waiting:
      yield from waiting.popleft().result()
