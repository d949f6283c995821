"""The stage that reads all images and writes the examples."""

import contextlib
import dataclasses
import functools
from collections.abc import Callable, Iterator
from typing import NamedTuple

from components.voc_example_gen import plan
from components.voc_example_gen.shard_writer import ShardWriter
from components.voc_example_gen.spread.stages import Begun, Result, Stage
from detection.base import files
from detection.base.progress import Progress

STAGES = ('Write',)
# Not a field of a job, which is pickled: other processes have no progress to show.
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


class Count(NamedTuple):
  """So many images are written, of all that there are."""

  images: int
  of: int


def advance(count: Count | None) -> None:
  """Shows that further images are written; None for a job that writes none."""
  if not count:
    return
  for progress in _shown:
    progress.advance(count.images)
    progress.expect(count.of)


@dataclasses.dataclass(frozen=True)
class WriteShard:
  """Writes one shard; images: how many there are in all shards."""

  writer: ShardWriter
  shard: plan.Shard
  images: int

  def __call__(self) -> Count:
    self.writer.write(self.shard, functools.partial(advance, Count(1, self.images)))
    return Count(len(self.shard.tasks), self.images)


@dataclasses.dataclass(frozen=True)
class Written:
  """Shards that are written.

  Attributes:
    planned: their plan; see plan.outline.
    writer: has written them.
    folder: gets what later stages write.
  """

  planned: plan.Plan
  writer: ShardWriter
  folder: str


@dataclasses.dataclass(frozen=True)
class Output:
  """Where and how shards are written.

  Attributes:
    examples_uri, keep_negatives, threads: see ShardWriter.
    folder: gets what stages write for each other.
    then: gives the stage that follows.
  """

  examples_uri: str
  keep_negatives: bool
  threads: int
  folder: str
  then: Callable[[Written], Stage | Result]

  def __call__(self, planned: plan.Plan) -> 'Write':
    """The stage that writes the shards of a plan."""
    return Write(planned, self)


@dataclasses.dataclass(frozen=True)
class Write:
  """Writes all shards."""

  planned: plan.Plan
  output: Output

  def __call__(self) -> Begun:
    planned, output = self.planned, self.output
    outcomes_uri = files.join(output.folder, 'outcomes')
    writer = ShardWriter(
      planned.root, output.examples_uri, outcomes_uri, planned.placing, output.keep_negatives, output.threads
    )
    written = Written(plan.outline(planned), writer, output.folder)
    jobs = [WriteShard(writer, shard, planned.images) for shard in planned.shards]
    return Begun(jobs, output.then(written))
