"""What ingestion will do, decided before any image is decoded: which images, in which split and shard."""

import dataclasses
import functools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from components.voc_example_gen import assign, detect, digests, leftovers, listing
from components.voc_example_gen.dataset_index import DatasetIndex, Item
from components.voc_example_gen.formats import READERS
from components.voc_example_gen.refusals import Refusal, RefusedFileError
from components.voc_example_gen.settings import IngestSettings, SplitSettings
from components.voc_example_gen.split_method import EVAL, TEST, TRAIN

SHARD_BYTES = 32 * 2**20
BATCH_BYTES = 2**20
TYPICAL_BYTES = 100_000  # taken as the size of an image in a remote folder, whose listing gives no sizes


@dataclasses.dataclass(frozen=True)
class Task:
  """One image to be checked and written."""

  item: Item
  digest: str
  size: int


@dataclasses.dataclass(frozen=True)
class Shard:
  """One TFRecord file to be written whole by one worker: the tasks and their order make its content."""

  split: str
  index: int
  of: int
  tasks: tuple[Task, ...]

  @property
  def name(self) -> str:
    return f'data_tfrecord-{self.index:05}-of-{self.of:05}'

  def batches(self) -> Iterator[tuple[Task, ...]]:
    """The tasks in their order, a few small images together, a large one alone: about BATCH_BYTES each."""
    start, total = 0, 0
    for end, task in enumerate(self.tasks):
      size = task.size or TYPICAL_BYTES
      if total and total + size > BATCH_BYTES:
        yield self.tasks[start:end]
        start, total = end, 0
      total += size
    if total:
      yield self.tasks[start:]


@dataclasses.dataclass(frozen=True)
class Plan:
  """All that is decided before an image is decoded.

  Attributes:
    root: the data folder, absolute.
    data_format, split_method: what was used; never 'auto'.
    shards: all records that will be written.
    refused: files that are not used, as far as is digest_of without decoding.
    warnings: one sentence each.
    state: of the folder's listing; see listing.Tree.
    fingerprint: of the folder; see digests.fingerprint.
    labelled: whether the format has annotations; if not, everything is in train and no object is expected.
  """

  root: str
  data_format: str
  split_method: str
  shards: tuple[Shard, ...]
  refused: tuple[Refusal, ...]
  warnings: tuple[str, ...]
  state: str
  fingerprint: str
  labelled: bool = True

  @property
  def splits(self) -> tuple[str, ...]:
    """The splits that get images: of train, eval and test, in this order."""
    filled = {shard.split for shard in self.shards}
    return tuple(split for split in (TRAIN, EVAL, TEST) if split in filled)

  @property
  def images(self) -> int:
    """How many images will be decoded."""
    return sum(len(shard.tasks) for shard in self.shards)


def make(root: str, settings: IngestSettings, say: Callable[[str], None] = lambda line: None, known: str = '') -> Plan:
  """Lists, pairs, digests and divides the folder's files; reads annotations only where the split method needs classes.

  Args:
    root: the data folder.
    settings: the user's choices.
    say: called with one line for each thing found, as soon as it is found.
    known: the folder's fingerprint by content, if it has been computed already.

  Raises:
    DataError: if the folder cannot be read, holds no images or annotations, or cannot be divided.
  """
  say(f'{root}: listing files')
  tree = listing.list_folder(root)
  say(f'{len(tree.images)} images, {len(tree.files) - len(tree.images)} other files')
  index = detect.find(tree, settings.data_format)
  say(f'format {index.data_format}: {len(index.items)} images')
  digest_of = digests.of_files(tree.root, [file.path for file in tree.images])
  assignment = _assign(tree, index, digest_of, settings.split)
  left_over, notices = leftovers.set_aside([image.path for image in tree.images], index)
  return Plan(
    root=tree.root,
    data_format=index.data_format,
    split_method=assignment.method,
    shards=_all_shards(tree, index.items, assignment.split_of, digest_of),
    refused=(*index.refused, *left_over, *assignment.left_out),
    warnings=(*index.warnings, *notices, *assignment.warnings),
    state=tree.state,
    fingerprint=tree.state
    if settings.fingerprint == digests.LISTING
    else known or digests.fingerprint(tree, digests.CONTENT),
    labelled=READERS[index.data_format].labelled,
  )


def _assign(
  tree: listing.Tree, index: DatasetIndex, digest_of: dict[str, str], settings: SplitSettings
) -> assign.Assignment:
  """Divides the items; without any, or if the format is not labelled, there is nothing to divide."""
  if index.items and READERS[index.data_format].labelled:
    return assign.assign(index.items, digest_of, settings, tree, _LabelReader(tree.root, index.items))
  return assign.Assignment('none', {item.image: TRAIN for item in index.items})


def _all_shards(
  tree: listing.Tree,
  items: tuple[Item, ...],
  split_of: dict[str, str],
  digest_of: dict[str, str],
) -> tuple[Shard, ...]:
  """The shards of every split, by the split's name."""
  sizes = {file.path: file.size for file in tree.files}
  tasks: dict[str, list[Task]] = {}
  for item in items:
    if split := split_of.get(item.image):
      tasks.setdefault(split, []).append(Task(item, digest_of[item.image], sizes[item.image]))
  return tuple(shard for split in sorted(tasks) for shard in _shards(split, tasks[split]))


def _shards(split: str, tasks: list[Task]) -> list[Shard]:
  """Cuts a split into files of about SHARD_BYTES; ordered by digest, which shuffles equally on every machine."""
  tasks = sorted(tasks, key=lambda task: (task.digest, task.item.image))
  count = max(1, -(-sum(task.size or TYPICAL_BYTES for task in tasks) // SHARD_BYTES))
  bounds = [len(tasks) * index // count for index in range(count + 1)]
  cut = [tuple(tasks[start:end]) for start, end in zip(bounds, bounds[1:], strict=False)]
  return [Shard(split, index, count, part) for index, part in enumerate(cut)]


class _LabelReader:
  """Gives an item's class names; the first call reads all annotation files, four at a time."""

  def __init__(self, root: str, items: tuple[Item, ...]) -> None:
    self._root, self._items = root, items

  def __call__(self, item: Item) -> frozenset[str]:
    return self._labels[item.image]

  @functools.cached_property
  def _labels(self) -> dict[str, frozenset[str]]:
    with ThreadPoolExecutor(max_workers=4) as pool:
      labels = pool.map(self._read, self._items, chunksize=64)
      return {item.image: names for item, names in zip(self._items, labels, strict=True)}

  def _read(self, item: Item) -> frozenset[str]:
    try:
      return frozenset(thing.label for thing in detect.annotation_of(self._root, item).objects)
    except RefusedFileError:  # refused by name when its image is processed
      return frozenset()
