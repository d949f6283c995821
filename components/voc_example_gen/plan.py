"""What ingestion will do, decided before any image is decoded: which images, in which split and shard."""

import dataclasses
import functools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from components.voc_example_gen import digests, scan
from components.voc_example_gen.formats import detect, voc
from components.voc_example_gen.formats.annotation import SET_ASIDE, Annotation, Reason, Refused
from components.voc_example_gen.formats.found import Item, Refusal
from components.voc_example_gen.settings import EVAL, TEST, TRAIN, IngestSettings
from components.voc_example_gen.splits import assign

SHARD_BYTES = 32 * 2**20
BATCH_BYTES = 2**20
TYPICAL_BYTES = 100_000  # of an image whose size is not known, as listing a remote folder does not tell it


@dataclasses.dataclass(frozen=True)
class Task:
  """One image to be checked and written; with `single_class`, all its objects get this name."""

  item: Item
  digest: str
  size: int
  single_class: str = ''


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
  """Attributes:
  root: the data folder, absolute.
  data_format, split_method: what was used; never 'auto'.
  shards: all records that will be written.
  refused: files that are out already.
  warnings: one sentence each.
  fingerprint: of the folder's content.
  """

  root: str
  data_format: str
  split_method: str
  shards: tuple[Shard, ...]
  refused: tuple[Refusal, ...]
  warnings: tuple[str, ...]
  fingerprint: str

  @property
  def splits(self) -> tuple[str, ...]:
    found = {shard.split for shard in self.shards}
    return tuple(split for split in (TRAIN, EVAL, TEST) if split in found)


def make(root: str, settings: IngestSettings, progress: Callable[[str], None] = lambda line: None) -> Plan:
  """Lists, pairs, digests and divides the folder's files; reads annotations only where the split method needs classes.

  Args:
    root: the data folder.
    settings: the user's choices.
    progress: told in one line what was found, as soon as it is.

  Raises:
    DataError: if the folder cannot be read, holds no images or annotations, or cannot be divided.
  """
  progress(f'{root}: listing files')
  tree = scan.scan(root)
  progress(f'{len(tree.images)} images, {len(tree.files) - len(tree.images)} other files')
  found = detect.find(tree, settings.data_format)
  progress(f'format {found.data_format}: {len(found.items)} images')
  known = digests.of_files(tree.root, [file.path for file in tree.files])
  refused = [*found.refused, *_not_annotated(tree, found.items)]
  if not found.items:
    return Plan(tree.root, found.data_format, 'none', (), tuple(refused), (), digests.fingerprint(tree, known))
  if found.data_format == detect.IMAGES:
    assignment = assign.Assignment('none', dict.fromkeys((item.image for item in found.items), TRAIN))
  else:
    assignment = assign.assign(found.items, known, settings.split, tree, _LabelReader(tree.root, found.items))
  sizes = {file.path: file.size for file in tree.files}
  tasks: dict[str, list[Task]] = {}
  for item in found.items:
    if split := assignment.split_of.get(item.image):
      task = Task(item, known[item.image], sizes[item.image], settings.single_class)
      tasks.setdefault(split, []).append(task)
  shards = [shard for split in sorted(tasks) for shard in _shards(split, tasks[split])]
  refused += assignment.left_out
  fingerprint = digests.fingerprint(tree, known)
  return Plan(
    tree.root,
    found.data_format,
    assignment.method,
    tuple(shards),
    tuple(refused),
    assignment.warnings,
    fingerprint,
  )


def _not_annotated(tree: scan.Tree, items: tuple[Item, ...]) -> list[Refusal]:
  annotated = {item.image for item in items}
  return [
    Refusal(image.path, Reason.IMAGE_NOT_ANNOTATED, 'no annotation names this image')
    for image in tree.images
    if image.path not in annotated
  ]


def _shards(split: str, tasks: list[Task]) -> list[Shard]:
  """Cuts a split into files of about SHARD_BYTES, in the order of digests: shuffled, and the same on every machine."""
  tasks = sorted(tasks, key=lambda task: (task.digest, task.item.image))
  count = max(1, -(-sum(task.size or TYPICAL_BYTES for task in tasks) // SHARD_BYTES))
  bounds = [len(tasks) * index // count for index in range(count + 1)]
  cut = [tuple(tasks[start:end]) for start, end in zip(bounds, bounds[1:], strict=False)]
  return [Shard(split, index, count, part) for index, part in enumerate(cut)]


class _LabelReader:
  """An item's class names; all annotation files are read at the first question, a few at a time."""

  def __init__(self, root: str, items: tuple[Item, ...]) -> None:
    self._root, self._items = root, items

  def __call__(self, item: Item) -> frozenset[str]:
    return self._labels[item.image]

  @functools.cached_property
  def _labels(self) -> dict[str, frozenset[str]]:
    with ThreadPoolExecutor(max_workers=4) as pool:
      labels = pool.map(self._read, self._items, chunksize=64)
      return {item.image: found for item, found in zip(self._items, labels, strict=True)}

  def _read(self, item: Item) -> frozenset[str]:
    try:
      return frozenset(thing.label for thing in annotation_of(self._root, item).objects)
    except Refused:  # counted and named when its turn comes
      return frozenset()


def annotation_of(root: str, item: Item) -> Annotation:
  """An item's annotation, read now if it has a file of its own.

  Raises:
    Refused: if that file cannot be used.
  """
  return item.annotation if item.annotation is not None else voc.read(root, item.annotation_file)


def is_bad(reason: Reason) -> bool:
  """Whether a refused file counts against max_bad_fraction; what is set aside does not."""
  return reason not in SET_ASIDE
