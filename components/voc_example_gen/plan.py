"""What ingestion will do, decided by names alone: which images, in which shard, and how they get their splits."""

import dataclasses
import hashlib
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, Protocol

from components.voc_example_gen import assign, detect, digests, leftovers, listing, settle
from components.voc_example_gen.assign import Assignment, Placing
from components.voc_example_gen.dataset_index import DatasetIndex, Item
from components.voc_example_gen.formats import READERS
from components.voc_example_gen.refusals import Refusal
from components.voc_example_gen.settings import IngestSettings, SplitSettings
from components.voc_example_gen.settle import Rows, Settled
from components.voc_example_gen.split_method import TRAIN

SHARD_BYTES = 32 * 2**20
SHARD_IMAGES = 2500  # at most: one worker writes a shard, and small images take time as well
BATCH_BYTES = 2**20
_NONE = 'none'  # the split method of images that need not be divided
TYPICAL_BYTES = 100_000  # taken as the size of an image where the listing could not ask for it


class Tasks(Protocol):
  """Tasks, which may be read from files each time they are wanted."""

  def __len__(self) -> int: ...

  def __iter__(self) -> 'Iterator[Task]': ...


class Task(NamedTuple):
  """One image to be checked and written; size in bytes, as listed."""

  item: Item
  size: int


@dataclasses.dataclass(frozen=True)
class Untold:
  """Tasks of which only the number is known."""

  number: int

  def __len__(self) -> int:
    return self.number

  def __iter__(self) -> 'Iterator[Task]':
    raise TypeError(f'expected tasks, received the number of them, {self.number}')


@dataclasses.dataclass(frozen=True)
class Shard:
  """Images that one worker reads, in this order, and writes to one TFRecord file in each split that they may be in.

  split: where the folder gives it; '' where it is computed when an image is read.
  """

  split: str
  index: int
  of: int
  tasks: Tasks

  @property
  def name(self) -> str:
    """Of the TFRecord file in each split."""
    return f'data_tfrecord-{self.index:05}-of-{self.of:05}'

  def batches(self) -> Iterator[tuple[Task, ...]]:
    """The tasks in their order, a few small images together, a large one alone: about BATCH_BYTES each."""
    batch: list[Task] = []
    total = 0
    for task in self.tasks:
      size = task.size or TYPICAL_BYTES
      if total and total + size > BATCH_BYTES:
        yield tuple(batch)
        batch, total = [], 0
      batch.append(task)
      total += size
    if total:
      yield tuple(batch)


@dataclasses.dataclass(frozen=True)
class Plan:
  """What is known before and, once it is `settled`, after the images are read.

  Attributes:
    root: the data folder, absolute.
    data_format, split_method: what is used; never 'auto'.
    placing: how images get their splits, where shards have none.
    shards: all that will be read.
    refused: files that are not used, as far as is known without decoding.
    warnings: one sentence each.
    state: of the folder's listing; see listing.Tree.
    fingerprint: of the folder; see digests.fingerprint.
    labelled: whether the format has annotations; if not, everything is in train and no object is expected.
  """

  root: str
  data_format: str
  split_method: str
  placing: Placing
  shards: tuple[Shard, ...]
  refused: tuple[Refusal, ...]
  warnings: tuple[str, ...]
  state: str
  fingerprint: str
  labelled: bool = True

  @property
  def images(self) -> int:
    """How many images will be decoded."""
    return sum(len(shard.tasks) for shard in self.shards)

  def items(self) -> Iterator[Item]:
    """All images that will be decoded."""
    return (task.item for shard in self.shards for task in shard.tasks)


def make(root: str, settings: IngestSettings, say: Callable[[str], None] = lambda line: None, known: str = '') -> Plan:
  """Lists, pairs and groups the folder's files; annotations are read only where the format keeps many images in one.

  Args:
    root: the data folder.
    settings: the user's choices.
    say: called with one line for each thing found, as soon as it is found.
    known: the folder's fingerprint by content, if it has been computed already.

  Raises:
    DataError: if the folder cannot be read, holds no images or annotations, or cannot be divided.
  """
  return of_tree(listing.list_folder(root), settings, say, known)


def of_tree(
  tree: listing.Tree, settings: IngestSettings, say: Callable[[str], None] = lambda line: None, known: str = ''
) -> Plan:
  """The same for a folder that has been listed."""
  say(f'{len(tree.images)} images, {len(tree.files) - len(tree.images)} other files')
  index = detect.find(tree, settings.data_format)
  say(f'format {index.data_format}: {len(index.items)} images')
  assignment = _assign(tree, index, settings.split)
  left_over, notices = leftovers.set_aside([image.path for image in tree.images], index)
  by_listing = settings.fingerprint == digests.LISTING
  return Plan(
    root=tree.root,
    data_format=index.data_format,
    split_method=assignment.method,
    placing=assignment.placing,
    shards=_all_shards(tree, index.items, assignment),
    refused=(*index.refused, *left_over, *assignment.left_out),
    warnings=(*index.warnings, *notices, *assignment.warnings),
    state=tree.state,
    fingerprint=tree.state if by_listing else known or digests.fingerprint(tree, digests.CONTENT),
    labelled=READERS[index.data_format].labelled,
  )


def settled(planned: Plan, rows: Rows) -> tuple[Plan, Settled]:
  """The plan with all that is known when the images have been read, and what changes for them.

  Args:
    planned: as it was made.
    rows: of all images that were read.

  Raises:
    DataError: if train or eval is left without an image.
  """
  found = settle.settle(planned.placing, rows)
  return with_settled(planned, found), found


def with_settled(planned: Plan, found: Settled) -> Plan:
  """The plan with what is known when the images have been read. Raises DataError as `settled` does."""
  if planned.split_method != _NONE:
    assign.require_both(planned.root, planned.split_method, found.splits, planned.images)
  refused, warnings = (*planned.refused, *found.left_out), (*planned.warnings, *found.warnings)
  return dataclasses.replace(planned, refused=refused, warnings=warnings)


def outline(planned: Plan) -> Plan:
  """The plan with the number of tasks in each shard instead of those that are held in memory."""
  shards = (without_tasks(shard) if isinstance(shard.tasks, tuple) else shard for shard in planned.shards)
  return dataclasses.replace(planned, shards=tuple(shards))


def without_tasks(shard: Shard) -> Shard:
  """The shard with the number of its tasks instead of these."""
  return dataclasses.replace(shard, tasks=Untold(len(shard.tasks)))


def _assign(tree: listing.Tree, index: DatasetIndex, settings: SplitSettings) -> Assignment:
  """Divides the items; without any, or if the format is not labelled, there is nothing to divide."""
  if index.items and READERS[index.data_format].labelled:
    return assign.assign(index.items, settings, tree)
  return Assignment(_NONE, {item.image: TRAIN for item in index.items})


def _all_shards(tree: listing.Tree, items: tuple[Item, ...], assignment: Assignment) -> tuple[Shard, ...]:
  """The shards of every split that the folder gives; or shards without a split, where it is computed."""
  sizes = dict(tree.images)
  if assignment.placing.method:
    return tuple(_shards('', [Task(item, sizes[item.image]) for item in items]))
  tasks: dict[str, list[Task]] = {}
  for item in items:
    if split := assignment.split_of.get(item.image):
      tasks.setdefault(split, []).append(Task(item, sizes[item.image]))
  return tuple(itertools.chain.from_iterable(_shards(split, tasks[split]) for split in sorted(tasks)))


def _shards(split: str, tasks: Iterable[Task]) -> list[Shard]:
  """Cuts images into shards; ordered by a digest of their paths, always the same shuffle."""
  tasks = shuffled(tasks)
  ends = bounds(len(tasks), sum(task.size or TYPICAL_BYTES for task in tasks))
  cut = [tuple(tasks[start:end]) for start, end in itertools.pairwise(ends)]
  return [Shard(split, index, len(cut), part) for index, part in enumerate(cut)]


def bounds(tasks: int, size: int) -> list[int]:
  """Where each shard of so many tasks begins, and the last one ends; size: of all their images, in bytes."""
  count = max(1, -(-size // SHARD_BYTES), -(-tasks // SHARD_IMAGES))
  return [tasks * index // count for index in range(count + 1)]


def shuffled(tasks: Iterable[Task]) -> list[Task]:
  """The tasks in an order that has nothing to do with their images, and is the same each time."""
  return sorted(tasks, key=lambda task: order_of(task.item.image))


def order_of(image: str) -> bytes:
  """Where an image comes in the order of `shuffled`."""
  return hashlib.sha256(image.encode('utf-8', 'surrogateescape')).digest()[:16]
