"""Puts images into the splits that they belong to, where these are known only when all images have been read."""

import dataclasses
import posixpath
from collections.abc import Iterator

from components.voc_example_gen import plan
from components.voc_example_gen.settle import Settled
from components.voc_example_gen.shard_writer import ShardWriter
from components.voc_example_gen.spread import work_list
from components.voc_example_gen.writing import Written
from detection.base import files

_SHARDS_OF_A_JOB = 8  # each job reads the moves of all images


@dataclasses.dataclass(frozen=True)
class Move:
  """Writes the files of some shards anew, where an image leaves or changes its split.

  Attributes:
    writer: has written the shards.
    shards: without their tasks.
    found: a file with the Settled.
    target_uri: gets the new files, as examples_uri has the old ones.
    output: gets the new files' paths: a list of (new, old).
  """

  writer: ShardWriter
  shards: tuple[plan.Shard, ...]
  found: str
  target_uri: str
  output: str

  def __call__(self) -> None:
    settled: Settled = work_list.load(self.found)
    written: list[tuple[str, str]] = []
    for shard in self.shards:
      images = [outcome.image for outcome in self.writer.outcomes([shard])]
      if moves := {image: settled.moves[image] for image in images if image in settled.moves}:
        self.writer.move(shard, moves, self.target_uri)
        old = self.writer.files_of(shard, self.writer.examples_uri)
        written += [(path, old[split]) for split, path in self.writer.files_of(shard, self.target_uri).items()]
    work_list.save_at(self.output, written)


def jobs(written: Written, settled: Settled) -> list[Move]:
  """What moves the images; the old files stay until `put_in_place`."""
  if not settled.moves:
    return []
  found = work_list.save(written.folder, 'settled', settled)
  target_uri = posixpath.join(written.folder, 'moved')
  return [
    Move(written.writer, shards, found, target_uri, output)
    for shards, output in zip(_groups(written), _outputs(written), strict=True)
  ]


def put_in_place(written: Written, settled: Settled) -> None:
  """Puts the new files into the places of the old ones, when all jobs are done."""
  for output in _outputs(written) if settled.moves else ():
    for new, old in work_list.load(output):
      files.rename(new, old)


def _groups(written: Written) -> Iterator[tuple[plan.Shard, ...]]:
  shards = [plan.without_tasks(shard) for shard in written.planned.shards]
  return (tuple(shards[start : start + _SHARDS_OF_A_JOB]) for start in range(0, len(shards), _SHARDS_OF_A_JOB))


def _outputs(written: Written) -> list[str]:
  count = -(-len(written.planned.shards) // _SHARDS_OF_A_JOB)
  return [posixpath.join(written.folder, f'moved-{index:05}.work') for index in range(count)]
