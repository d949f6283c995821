"""Settles the splits of many images and adds up what became of them, on workers that hold a part of all at a time.

Gives what sums.py gives, which holds something of every image.
"""

import dataclasses
import itertools
import posixpath
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from components.voc_example_gen import exchange, outcomes, plan, settle, work_list
from components.voc_example_gen.report import lookalikes, summary
from components.voc_example_gen.settle import Row, Settled
from components.voc_example_gen.shard_writer import ShardWriter
from components.voc_example_gen.spread_plan import RunAll

MANY = 20_000  # images; of fewer, one process keeps what it needs
_IMAGES_OF_A_JOB = 20_000
_MOST_PARTS = 1024
_ROWS, _COPIES, _SUMS, _THUMBS, _ALIKE = 'rows', 'copies', 'sums', 'thumbs', 'alike'  # names of files


@dataclasses.dataclass(frozen=True)
class Place:
  """Where jobs find what others have written.

  Attributes:
    folder: of all files.
    groups: of shards; a job reads the shards of one group.
    parts: of all rows, or of all thumbs; a job reads one part of what the jobs of all groups have written.
  """

  folder: str
  groups: int
  parts: int

  def file(self, name: str, index: int) -> str:
    return posixpath.join(self.folder, f'{name}-{index:05}')

  def part(self, name: str, part: int) -> Iterator[exchange.Row]:
    """The rows of a part that all groups have written, in the order of shards."""
    return exchange.load((self.file(name, group) for group in range(self.groups)), [part])


@dataclasses.dataclass(frozen=True)
class Rows:
  """Hands on the rows (see settle.Row) of a group of shards, in parts by content.

  Attributes:
    place: gets an exchange file.
    index: of the group.
    writer: has written the shards.
    shards: of the group, without their tasks.
  """

  place: Place
  index: int
  writer: ShardWriter
  shards: tuple[plan.Shard, ...]

  def __call__(self) -> None:
    rows: dict[int, list[exchange.Row]] = defaultdict(list)
    for row in outcomes.rows(self.writer.outcomes(self.shards)):
      rows[int(row.digest[:8] or '0', 16) % self.place.parts].append((row.image, row.split, row.digest))
    exchange.save(self.place.file(_ROWS, self.index), rows)


class Copies(NamedTuple):
  """What a part of all contents holds.

  Attributes:
    counts: {split: images that were placed in it}.
    rows: of images whose content another one has.
  """

  counts: Counter[str]
  rows: list[Row]


@dataclasses.dataclass(frozen=True)
class FindCopies:
  """Finds images of equal content in one part of all contents; `place` gets the Copies."""

  place: Place
  index: int

  def __call__(self) -> None:
    counts: Counter[str] = Counter()
    same: dict[str, list[Row]] = defaultdict(list)
    for image, split, digest in self.place.part(_ROWS, self.index):
      counts[split] += 1
      if digest:
        same[digest].append(Row(image, split, digest))
    rows = [row for rows in same.values() if len(rows) > 1 for row in rows]
    work_list.save_at(self.place.file(_COPIES, self.index), Copies(counts, rows))


@dataclasses.dataclass(frozen=True)
class AddUp:
  """Adds up what became of the images of a group of shards, and hands on their thumbs in parts.

  Attributes:
    place: gets the Tally and an exchange file.
    index: of the group.
    writer: has written the shards.
    shards: of the group, without their tasks.
    found: a file with the Settled.
  """

  place: Place
  index: int
  writer: ShardWriter
  shards: tuple[plan.Shard, ...]
  found: str

  def __call__(self) -> None:
    found: Settled = work_list.load(self.found)
    tally = summary.Tally([], alike=[])
    thumbs: dict[int, list[exchange.Row]] = defaultdict(list)
    for outcome in outcomes.settled(self.writer.outcomes(self.shards), found):
      tally.add(outcome)
      if not outcome.reason and outcome.thumb is not None:
        for part in lookalikes.parts_of(outcome.thumb, self.place.parts):
          thumbs[part].append((outcome.image, outcome.split, outcome.thumb))
    exchange.save(self.place.file(_THUMBS, self.index), thumbs)
    work_list.save_at(self.place.file(_SUMS, self.index), tally)


@dataclasses.dataclass(frozen=True)
class Compare:
  """Finds images that look alike across splits in one part of all thumbs; `place` gets the Lookalikes."""

  place: Place
  index: int

  def __call__(self) -> None:
    thumbs = lookalikes.Thumbs(self.place.part(_THUMBS, self.index))
    work_list.save_at(self.place.file(_ALIKE, self.index), lookalikes.across_splits(thumbs))


class Sums:
  """Settles and adds up the images that a writer has written."""

  def __init__(self, planned: plan.Plan, writer: ShardWriter, folder: str, run_all: RunAll) -> None:
    """folder: gets the files that workers write."""
    self._shards, self._writer, self._run_all = planned.shards, writer, run_all
    self._groups = list(_groups(planned.shards))
    parts = max(1, min(_MOST_PARTS, planned.images // _IMAGES_OF_A_JOB))
    self._place = Place(folder, len(self._groups), parts)

  def settled(self, planned: plan.Plan) -> tuple[plan.Plan, Settled]:
    """See plan.settled."""
    place = self._place
    self._run([Rows(place, index, self._writer, shards) for index, shards in enumerate(self._groups)])
    self._run([FindCopies(place, part) for part in range(place.parts)])
    counts: Counter[str] = Counter()
    copies: list[Row] = []
    for part in range(place.parts):
      found: Copies = work_list.load(place.file(_COPIES, part))
      counts.update(found.counts)
      copies += found.rows
    settled = settle.settle_copies(planned.placing, counts, sorted(copies), self._rows)
    return plan.with_settled(planned, settled), settled

  def gather(self, planned: plan.Plan, found: Settled) -> summary.Tally:
    """See summary.gather. planned, found: as `settled` gave them."""
    place = self._place
    saved = work_list.save(place.folder, 'settled', found)
    self._run([AddUp(place, index, self._writer, shards, saved) for index, shards in enumerate(self._groups)])
    self._run([Compare(place, part) for part in range(place.parts)])
    total = summary.Tally(list(planned.refused), alike=[])
    for index in range(place.groups):
      total.merge(work_list.load(place.file(_SUMS, index)))
    alike = (pair for part in range(place.parts) for pair in work_list.load(place.file(_ALIKE, part)))
    total.alike = lookalikes.nearest(alike)
    return total

  def _rows(self) -> Iterator[Row]:
    return outcomes.rows(self._writer.outcomes(self._shards))

  def _run(self, jobs: Sequence[Any]) -> None:
    names = (f'{type(job).__name__}-{job.index:05}' for job in jobs)
    self._run_all([work_list.save(self._place.folder, name, job) for name, job in zip(names, jobs, strict=True)])


def _groups(shards: Sequence[plan.Shard]) -> Iterator[tuple[plan.Shard, ...]]:
  """Shards in their order, at most about _IMAGES_OF_A_JOB images together, without their tasks."""
  before = itertools.accumulate(len(shard.tasks) for shard in shards)
  places = zip(shards, before, strict=True)
  for _, group in itertools.groupby(places, lambda place: place[1] // _IMAGES_OF_A_JOB):
    yield tuple(dataclasses.replace(shard, tasks=()) for shard, _ in group)
