"""Work on some parts of a large folder: pairs annotations with images, and sorts the pairs for shards.

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
      pairs, found = {}, Paired(is_clear=False)
    exchange.save(self.output, pairs)
    work_list.save_at(f'{self.output}.found', found)

  def _judge(self, tree: SpreadTree) -> tuple[Mapping[int, list[exchange.Row]], Paired]:
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
  """What is known of the tasks of one bucket.

  Attributes:
    tasks: {split: how many}.
    bytes: {split: of its images, as far as shards are concerned}.
    left_out: images that are in no split.
  """

  tasks: Counter[str]
  bytes: Counter[str]
  left_out: tuple[Refusal, ...]


@dataclasses.dataclass(frozen=True)
class Sort:
  """Gives the images of one bucket their splits, and puts the tasks of each split in the order of shards.

  Attributes:
    choice: how images get their splits.
    given: {folder: split}, where splits are declared for folders; else the place of the split among those of a row.
    folder, files: where the pairs are, in as many files; the folder gets the tasks, and a Cut.
    bucket: its number.
  """

  choice: Choice
  given: Mapping[str, str] | int
  folder: str
  files: int
  bucket: int

  def __call__(self) -> None:
    pairs = sorted(exchange.load((pairs_in(self.folder, index) for index in range(self.files)), [self.bucket]))
    split_of, left_out = self._splits(pairs)
    rows: dict[int, list[exchange.Row]] = defaultdict(list)
    counts: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    for _, size, _, image, *rest in pairs:
      if (split := split_of.get(image)) is not None:
        rows[SPLITS.index(split)].append((size, image, *rest))
        counts[split] += 1
        sizes[split] += size or plan.TYPICAL_BYTES
    output = sorted_in(self.folder, self.bucket)
    exchange.save(output, rows)
    work_list.save_at(f'{output}.found', Cut(counts, sizes, left_out))

  def _splits(self, pairs: list[exchange.Row]) -> tuple[Mapping[str, str], tuple[Refusal, ...]]:
    if self.choice.placing.method:
      return dict.fromkeys((image for _, _, _, image, *_ in pairs), ''), ()
    items = [item_rows.without_annotation(row) for _, _, _, *row in pairs]
    given = self.given
    if isinstance(given, int):
      return self.choice.take(items, {image: splits[given] for _, _, splits, image, *_ in pairs})
    return self.choice.take(items, {item.image: given.get(posixpath.dirname(item.image), '') for item in items})


@dataclasses.dataclass(frozen=True)
class Slice:
  """Tasks of a shard, read from files when they are wanted.

  Attributes:
    folder: where what Sorts have written is.
    split: of the tasks.
    buckets: those in which the tasks are, in order.
    start, end: places of the tasks among those of the split in these buckets.
  """

  folder: str
  split: str
  buckets: tuple[int, ...]
  start: int
  end: int

  def __len__(self) -> int:
    return self.end - self.start

  def __iter__(self) -> Iterator[plan.Task]:
    rows = exchange.load((sorted_in(self.folder, bucket) for bucket in self.buckets), [SPLITS.index(self.split)])
    for size, *row in itertools.islice(rows, self.start, self.end):
      yield plan.Task(item_rows.to_item(row), size)


def pairs_in(folder: str, index: int) -> str:
  """The file that the Pair of this index writes."""
  return f'{folder}/pairs-{index:05}'


def sorted_in(folder: str, bucket: int) -> str:
  """The file that the Sort of this bucket writes."""
  return f'{folder}/sorted-{bucket:05}'
