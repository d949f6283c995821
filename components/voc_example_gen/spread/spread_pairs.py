"""Work on some parts of a large folder: pairs annotations with images, and sorts the pairs into shards.

Only what can be judged without the other parts is judged here: a stem that has one image and one annotation, or one of
them alone. That is nearly always all there is; where it is not, the folder is paired as a whole, see pairing.py.
"""

import dataclasses
import itertools
import posixpath
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from components.voc_example_gen import plan
from components.voc_example_gen.assign import Choice
from components.voc_example_gen.dataset_index import Item
from components.voc_example_gen.formats import voc
from components.voc_example_gen.listing import File, Tree
from components.voc_example_gen.refusals import Refusal
from components.voc_example_gen.split_method import EVAL, TEST, TRAIN
from components.voc_example_gen.spread import exchange, item_rows, spread_listing, spread_parts, work_list
from components.voc_example_gen.spread.spread_listing import Kind, SpreadTree
from components.voc_example_gen.spread.spread_parts import Paired, UnclearError

FORMAT = 'voc'
SPLITS = ('', EVAL, TEST, TRAIN)  # '': computed when the image is read
_PAIRS = _TASKS = 0  # the only part of a file of pairs, or of tasks in order


@dataclasses.dataclass(frozen=True)
class Pair:
  """Pairs the files of some parts. Each worker process gets a copy.

  Attributes:
    tree: a file with the SpreadTree.
    parts: numbers of the parts.
    is_named: see spread_parts.of_format.
    methods: names of the methods that may give the splits.
    output: gets the pairs; and, with the ending .found, a Paired.
  """

  tree: str
  parts: tuple[int, ...]
  is_named: bool
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
    pairs: list[tuple[int, Item]] = []
    refused: list[Refusal] = []
    left: list[str] = []
    for annotations, images in spread_parts.by_stem(spread_parts.of_format(tree, self.parts, Kind.XML, self.is_named)):
      if not images:
        refused.append(_missing(tree.root, annotations[0]))
      elif annotations:
        spread_parts.require_fit(annotations[0].path, images[0].path)
        pairs.append((images[0].size, Item(images[0].path, FORMAT, annotations[0].path)))
      else:
        left.append(spread_parts.alone(images[0].path))
    rows, paired = spread_parts.handed_on(pairs, tree, self.parts, self.methods)
    return rows, paired._replace(refused=tuple(refused), left=tuple(left))


def _missing(root: str, annotation: File) -> Refusal:
  """Refuses an annotation without an image; UnclearError if it names an image of another part."""
  own = spread_listing.common_stem(annotation.path)
  for name in voc.names_inside(root, annotation.path):
    if name and spread_listing.common_stem(name.replace('\\', '/').strip()) != own:
      raise UnclearError
  (refused,) = voc.find(Tree(root, (annotation,))).refused
  return refused


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
    choice: how images get their splits.
    given: {folder: split}, where splits are declared for folders; else the place of the split among those of a row.
    pairs: what a Pair has written.
    buckets: of each split.
    output: gets the tasks; and, with the ending .found, a Cut.
  """

  choice: Choice
  given: Mapping[str, str] | int
  pairs: str
  buckets: int
  output: str

  def __call__(self) -> None:
    pairs = list(exchange.load([self.pairs], [_PAIRS]))
    split_of, left_out = self._splits(pairs)
    rows: dict[int, list[exchange.Row]] = defaultdict(list)
    sizes: Counter[str] = Counter()
    for size, _, image, *rest in pairs:
      if (split := split_of.get(image)) is not None:
        order = plan.order_of(image)
        rows[self._bucket(split, order)].append((order, size, image, *rest))
        sizes[split] += size or plan.TYPICAL_BYTES
    exchange.save(self.output, rows)
    counts = Counter({bucket: len(some) for bucket, some in rows.items()})
    work_list.save_at(f'{self.output}.found', Cut(counts, sizes, left_out))

  def _splits(self, pairs: list[exchange.Row]) -> tuple[Mapping[str, str], tuple[Refusal, ...]]:
    items = [item_rows.without_annotation(row) for _, _, *row in pairs]
    if self.choice.placing.method:
      return dict.fromkeys((item.image for item in items), ''), ()
    given = self.given
    if isinstance(given, int):
      return self.choice.take(items, {image: splits[given] for _, splits, image, *_ in pairs})
    return self.choice.take(items, {item.image: given.get(posixpath.dirname(item.image), '') for item in items})

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
