"""Work on some parts of a large folder: pairs annotations with images, and sorts the pairs into shards.

Only what can be judged without the other parts is judged here: a stem that has one image and one annotation, or one of
them alone. That is nearly always all there is; where it is not, the folder is paired as a whole, see pairing.py.
"""

import dataclasses
import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from components.voc_example_gen import agreement, exchange, folder_roles, item_rows, plan, spread_listing, work_list
from components.voc_example_gen.assign import Choice
from components.voc_example_gen.dataset_index import Item
from components.voc_example_gen.formats import voc
from components.voc_example_gen.listing import File, Tree
from components.voc_example_gen.refusals import Refusal
from components.voc_example_gen.split_method import EVAL, TEST, TRAIN, GivenMethod
from components.voc_example_gen.splits import METHODS
from components.voc_example_gen.spread_listing import SpreadTree

FORMAT = 'voc'
SPLITS = ('', EVAL, TEST, TRAIN)  # '': computed when the image is read
_PAIRS = _TASKS = 0  # the only part of a file of pairs, or of tasks in order


class Paired(NamedTuple):
  """What is known of some parts.

  Attributes:
    images: how many are annotated.
    refused: annotations that are not used.
    left: images that no annotation describes.
    counts: {method: {split: images that the folder gives it}}.
    is_clear: whether all files could be judged without those of other parts; if not, nothing else counts.
  """

  images: int = 0
  refused: tuple[Refusal, ...] = ()
  left: tuple[str, ...] = ()
  counts: Mapping[str, Counter[str]] = {}
  is_clear: bool = True


class UnclearError(Exception):
  """Files that have to be judged together with those of other parts."""


@dataclasses.dataclass(frozen=True)
class Pair:
  """Pairs the files of some parts. Each worker process gets a copy.

  Attributes:
    tree: a file with the SpreadTree.
    parts: numbers of the parts.
    methods: names of the methods that may give the splits.
    output: gets the pairs; and, with the ending .found, a Paired.
  """

  tree: str
  parts: tuple[int, ...]
  methods: tuple[str, ...]
  output: str

  def __call__(self) -> None:
    tree: SpreadTree = work_list.load(self.tree)
    try:
      pairs, found = self._judge(tree)
    except UnclearError:
      pairs, found = [], Paired(is_clear=False)
    exchange.save(self.output, {_PAIRS: pairs})
    work_list.save_at(f'{self.output}.found', found)

  def _judge(self, tree: SpreadTree) -> tuple[list[exchange.Row], Paired]:
    pairs: list[exchange.Row] = []
    refused: list[Refusal] = []
    left: list[str] = []
    for annotations, images in _by_stem(tree.parts(self.parts)):
      if len(annotations) > 1 or len(images) > 1:
        raise UnclearError
      if not images:
        refused.append(_missing(tree.root, annotations[0]))
      elif annotations:
        _require_fit(annotations[0].path, images[0].path)
        item = Item(images[0].path, FORMAT, annotations[0].path)
        pairs.append((images[0].size, *item_rows.of_item(item)))
      else:
        left.append(alone(images[0].path))
    return pairs, paired(pairs, tree.others, self.methods, refused, left)


def paired(
  pairs: Sequence[exchange.Row], others: Tree, methods: Iterable[str], refused: Iterable[Refusal], left: Iterable[str]
) -> Paired:
  """What is known of these pairs, each (size of the image, row of the item)."""
  items = [item_rows.without_annotation(row) for _, *row in pairs]
  counts = {name: Counter(given(name, others, items).values()) for name in methods}
  return Paired(len(pairs), tuple(refused), tuple(left), counts)


def _by_stem(files: list[File]) -> Iterator[tuple[list[File], list[File]]]:
  """(annotations, images) that may belong together."""
  found: dict[str, tuple[list[File], list[File]]] = defaultdict(lambda: ([], []))
  for file in files:
    if not spread_listing.is_paired(file.path):
      raise UnclearError
    found[spread_listing.common_stem(file.path)][not spread_listing.is_annotation(file.path)].append(file)
  yield from found.values()


def _require_fit(annotation: str, image: str) -> None:
  """Raises UnclearError unless the first step of pairing would take them as a pair."""
  file, picture = agreement.File.of(annotation), agreement.File.of(image)
  stems = (file.stem, *(other.stem for other in agreement.other_spellings(annotation)))
  if picture.stem not in stems or not agreement.agree_surely(file.folder, picture.folder):
    raise UnclearError


def _missing(root: str, annotation: File) -> Refusal:
  """Refuses an annotation without an image; UnclearError if it names an image of another part."""
  own = spread_listing.common_stem(annotation.path)
  for name in voc.names_inside(root, annotation.path):
    if name and spread_listing.common_stem(name.replace('\\', '/').strip()) != own:
      raise UnclearError
  (refused,) = voc.find(Tree(root, (annotation,))).refused
  return refused


def alone(image: str) -> str:
  """An image without an annotation; UnclearError if it may be the mask of another one."""
  if folder_roles.original_stem(agreement.File.of(image).stem):
    raise UnclearError
  return image


def given(name: str, others: Tree, items: list[Item]) -> Mapping[str, str]:
  """The splits that the folder gives these items by a method; none if that computes them."""
  method = METHODS[name]
  return method.read(others, items) if isinstance(method, GivenMethod) else {}


class Cut(NamedTuple):
  """What is known of the tasks of some parts.

  Attributes:
    tasks: {bucket: how many}.
    bytes: {split: of its images, as far as shards are concerned}.
    left_out: images that are in no split.
  """

  tasks: Counter[int]
  bytes: Counter[str]
  left_out: tuple[Refusal, ...]


@dataclasses.dataclass(frozen=True)
class Sort:
  """Sorts pairs into buckets: each split has as many, and an image's place in the order of shards tells which.

  Attributes:
    tree: a file with the SpreadTree.
    choice: how images get their splits.
    pairs: what a Pair has written.
    buckets: of each split.
    output: gets the tasks; and, with the ending .found, a Cut.
  """

  tree: str
  choice: Choice
  pairs: str
  buckets: int
  output: str

  def __call__(self) -> None:
    pairs = list(exchange.load([self.pairs], [_PAIRS]))
    split_of, left_out = self._splits([item_rows.without_annotation(row) for _, *row in pairs])
    rows: dict[int, list[exchange.Row]] = defaultdict(list)
    sizes: Counter[str] = Counter()
    for size, image, *rest in pairs:
      if (split := split_of.get(image)) is not None:
        order = plan.order_of(image)
        rows[self._bucket(split, order)].append((order, size, image, *rest))
        sizes[split] += size or plan.TYPICAL_BYTES
    exchange.save(self.output, rows)
    counts = Counter({bucket: len(some) for bucket, some in rows.items()})
    work_list.save_at(f'{self.output}.found', Cut(counts, sizes, left_out))

  def _splits(self, items: list[Item]) -> tuple[Mapping[str, str], tuple[Refusal, ...]]:
    if self.choice.placing.method:
      return dict.fromkeys((item.image for item in items), ''), ()
    tree: SpreadTree = work_list.load(self.tree)
    return self.choice.take(items, given(self.choice.method, tree.others, items))

  def _bucket(self, split: str, order: bytes) -> int:
    return SPLITS.index(split) * self.buckets + int.from_bytes(order[:4], 'big') * self.buckets // 2**32


@dataclasses.dataclass(frozen=True)
class Merge:
  """Puts the tasks of one bucket in order: a shard then reads one file, or two, and not those of all Sorts.

  Attributes:
    folder, files: where `files` files of Sorts are; the folder gets the tasks.
    bucket: its number, counted through all splits.
  """

  folder: str
  files: int
  bucket: int

  def __call__(self) -> None:
    rows = exchange.load((sorted_in(self.folder, index) for index in range(self.files)), [self.bucket])
    exchange.save(merged_in(self.folder, self.bucket), {_TASKS: sorted(rows)})


@dataclasses.dataclass(frozen=True)
class Slice:
  """Tasks of a shard, read from files when they are wanted.

  Attributes:
    folder: where what Merges have written is.
    buckets: those in which the tasks are, in order.
    start, end: places of the tasks in these buckets together.
  """

  folder: str
  buckets: tuple[int, ...]
  start: int
  end: int

  def __len__(self) -> int:
    return self.end - self.start

  def __iter__(self) -> Iterator[plan.Task]:
    rows = exchange.load((merged_in(self.folder, bucket) for bucket in self.buckets), [_TASKS])
    for _, size, *row in itertools.islice(rows, self.start, self.end):
      yield plan.Task(item_rows.to_item(row), size)


def pairs_in(folder: str, index: int) -> str:
  """The file that the Pair of this index writes."""
  return f'{folder}/pairs-{index:05}'


def sorted_in(folder: str, index: int) -> str:
  """The file that the Sort of this index writes."""
  return f'{folder}/sorted-{index:05}'


def merged_in(folder: str, bucket: int) -> str:
  """The file that the Merge of this bucket writes."""
  return f'{folder}/merged-{bucket:05}'
