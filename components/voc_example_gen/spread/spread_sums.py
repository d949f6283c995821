"""Settles the splits of many images and adds up what became of them, on workers that hold a part of all at a time.

Gives what sums.py gives, which holds something of every image. The stages are at the end, their jobs before them.
"""

import dataclasses
import itertools
import posixpath
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from components.voc_example_gen import listing, moving, outcomes, plan, settle, sums
from components.voc_example_gen.report import lookalikes, summary
from components.voc_example_gen.settle import Row, Settled
from components.voc_example_gen.shard_writer import ShardWriter
from components.voc_example_gen.spread import exchange, work_list
from components.voc_example_gen.spread.list_stages import Parts
from components.voc_example_gen.spread.stages import Begun, Result
from components.voc_example_gen.writing import Written

STAGES = ('Hand on and list again', 'Find copies', 'Settle and add up')
MANY = 20_000  # images; of fewer, one process keeps what it needs
_IMAGES_OF_A_JOB = 20_000  # at most
_FEWEST_JOBS = 32  # then workers that got more than others do not keep the next stage waiting
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
class HandOn:
  """Hands on what is compared of the images of a group of shards: their content, and their thumbs.

  Attributes:
    place: gets an exchange file with the rows (image, split, digest), in parts by content; and one with the rows
      (image, split, thumb), each in all parts in which another image may be that looks alike.
    index: of the group.
    writer: has written the shards.
    shards: of the group, without their tasks.
  """

  place: Place
  index: int
  writer: ShardWriter
  shards: tuple[plan.Shard, ...]

  def __call__(self) -> None:
    parts = self.place.parts
    rows: dict[int, list[exchange.Row]] = defaultdict(list)
    thumbs: dict[int, list[exchange.Row]] = defaultdict(list)
    for outcome in self.writer.outcomes(self.shards):
      image, split, digest, thumb = outcome.image, outcome.split, outcome.digest, outcome.thumb
      rows[int(digest[:8] or '0', 16) % parts].append((image, split, digest))
      if not outcome.reason and thumb is not None:
        for part in lookalikes.parts_of(thumb, parts):
          thumbs[part].append((image, split, thumb))
    exchange.save(self.place.file(_ROWS, self.index), rows)
    exchange.save(self.place.file(_THUMBS, self.index), thumbs)


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
  """Adds up what became of the images of a group of shards.

  Attributes:
    place: gets the Tally.
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
    for outcome in outcomes.settled(self.writer.outcomes(self.shards), found):
      tally.add(outcome)
    work_list.save_at(self.place.file(_SUMS, self.index), tally)


@dataclasses.dataclass(frozen=True)
class Compare:
  """Finds images that look alike across splits in one part of all thumbs.

  Attributes:
    place: gets the Lookalikes.
    index: of the part.
    found: a file with the Settled.
  """

  place: Place
  index: int
  found: str

  def __call__(self) -> None:
    moves = work_list.load(self.found).moves
    rows = self.place.part(_THUMBS, self.index)
    if moves:
      placed = ((image, moves.get(image, split), thumb) for image, split, thumb in rows)
      rows = (row for row in placed if row[1])
    work_list.save_at(self.place.file(_ALIKE, self.index), lookalikes.across_splits(lookalikes.Thumbs(rows)))


@dataclasses.dataclass(frozen=True)
class HandingOn:
  """Hands on what is compared of all images, and lists the folder, to see whether it has changed.

  Attributes:
    written: what was written.
    place: of files of these stages.
    groups: the shards, in groups without their tasks.
  """

  written: Written
  place: Place
  groups: tuple[tuple[plan.Shard, ...], ...]

  @classmethod
  def of(cls, written: Written) -> 'HandingOn':
    planned = written.planned
    images = max(1, min(_IMAGES_OF_A_JOB, planned.images // _FEWEST_JOBS))
    groups = tuple(_groups(planned.shards, images))
    parts = max(1, min(_MOST_PARTS, planned.images // images))
    return cls(written, Place(posixpath.join(written.folder, 'sums'), len(groups), parts), groups)

  def __call__(self) -> Begun:
    root, place, writer = self.written.planned.root, self.place, self.written.writer
    # Divided anew: there may be other folders by now.
    again = Parts(root, posixpath.join(place.folder, 'again'), listing.divide(root).parts, keeps_files=False)
    hand_on = [HandOn(place, index, writer, shards) for index, shards in enumerate(self.groups)]
    return Begun([*again.jobs(), *hand_on], FindingCopies(self, again))


@dataclasses.dataclass(frozen=True)
class FindingCopies:
  """Finds images of equal content, and lists what is left.

  Attributes:
    before: the stage before.
    again: parts of the folder, which have been listed again.
  """

  before: HandingOn
  again: Parts

  def __call__(self) -> Begun:
    place, again = self.before.place, self.again.with_rest()
    find = [FindCopies(place, part) for part in range(place.parts)]
    return Begun([*again.jobs(len(self.again.parts)), *find], Settling(self.before, again))


@dataclasses.dataclass(frozen=True)
class Settling:
  """Settles the splits; moves images, adds up what became of all, and finds those that look alike.

  Attributes:
    before: has handed on what is compared.
    again: the folder, as it is when all images have been read.
  """

  before: HandingOn
  again: Parts

  def __call__(self) -> Begun:
    place, written = self.before.place, self.before.written
    counts: Counter[str] = Counter()
    copies: list[Row] = []
    for part in range(place.parts):
      found: Copies = work_list.load(place.file(_COPIES, part))
      counts.update(found.counts)
      copies += found.rows
    settled = settle.settle_copies(written.planned.placing, counts, sorted(copies), self._rows)
    planned = plan.with_settled(written.planned, settled)
    saved = work_list.save(place.folder, 'settled', settled)
    adding = [AddUp(place, index, written.writer, shards, saved) for index, shards in enumerate(self.before.groups)]
    comparing = [Compare(place, part, saved) for part in range(place.parts)]
    result = Result(Sums(written, planned, settled, place, self.again))
    return Begun([*moving.jobs(written, settled), *comparing, *adding], result)

  def _rows(self) -> Iterator[Row]:
    written = self.before.written
    return outcomes.rows(written.writer.outcomes(written.planned.shards))


@dataclasses.dataclass(frozen=True)
class Sums(sums.Sums):
  """What is known of many images.

  Attributes:
    place: where the stages have left it.
    again: the folder, as it is when all images have been read.
  """

  place: Place
  again: Parts

  def state_now(self) -> str:
    return self.again.state()

  def tally(self) -> summary.Tally:
    """See summary.gather."""
    total = summary.Tally(list(self.planned.refused), alike=[])
    for index in range(self.place.groups):
      total.merge(work_list.load(self.place.file(_SUMS, index)))
    alike = (pair for part in range(self.place.parts) for pair in work_list.load(self.place.file(_ALIKE, part)))
    total.alike = lookalikes.nearest(alike)
    return total


def _groups(shards: Sequence[plan.Shard], images: int) -> Iterator[tuple[plan.Shard, ...]]:
  """Shards in their order, at most about so many images together, without their tasks."""
  before = itertools.accumulate(len(shard.tasks) for shard in shards)
  places = zip(shards, before, strict=True)
  for _, group in itertools.groupby(places, lambda place: place[1] // images):
    yield tuple(plan.without_tasks(shard) for shard, _ in group)
