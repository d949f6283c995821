"""Pairs label files and images of a large folder, some parts at a time, and reads the label files.

The lists of class names are read by every worker. Where there are rows of more than five columns, all of them tell what
these are: so the label files of such parts are read once more, when the rows that decide are known.
"""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from components.voc_example_gen import class_lists, name_list, spelling, yolo_rows
from components.voc_example_gen.formats import yolo
from components.voc_example_gen.listing import Tree
from components.voc_example_gen.refusals import Refusal
from components.voc_example_gen.spread import exchange, spread_parts, work_list
from components.voc_example_gen.spread.spread_listing import Kind, SpreadTree
from components.voc_example_gen.spread.spread_parts import Paired, UnclearError
from components.voc_example_gen.yolo_rows import Columns
from detection.base import files

_MOST_NUMBERS = 5_000_000  # in rows that decide on columns


class Labelled(NamedTuple):
  """What is known of some parts.

  Attributes:
    paired: what is known of the pairs.
    usage: of the lists of class names.
    columns: (first label file, list of class names, columns) of files with longer rows; nothing else is known then.
    with_more: how many label files have boxes with more numbers; and the first of them.
  """

  paired: Paired
  usage: class_lists.Usage = class_lists.Usage({}, {}, {}, {})
  columns: tuple[tuple[str, str, Columns], ...] = ()
  with_more: tuple[int, Sequence[str]] = (0, ())


@dataclasses.dataclass(frozen=True)
class Label:
  """Pairs the files of some parts, and reads the label files.

  Attributes:
    tree: a file with the SpreadTree.
    parts: numbers of the parts.
    is_named: see spread_parts.of_format.
    methods: names of the methods that may give the splits.
    output: gets the pairs; and, with the ending .found, a Labelled.
    columns: a file with {list of class names: columns}, if all label files have been looked at; else ''.
  """

  tree: str
  parts: tuple[int, ...]
  is_named: bool
  methods: tuple[str, ...]
  output: str
  columns: str = ''

  def __call__(self) -> None:
    try:
      pairs, found = self._judge(work_list.load(self.tree))
    except UnclearError:
      pairs, found = {}, Labelled(Paired(is_clear=False))
    exchange.save(self.output, pairs)
    work_list.save_at(f'{self.output}.found', found)

  def _judge(self, tree: SpreadTree) -> tuple[Mapping[int, list[exchange.Row]], Labelled]:
    doubtful, labels_of = name_list.doubtful_stems(tree.others), {}
    lists = class_lists.find(tree.others)
    sizes: dict[str, int] = {}
    refused: list[Refusal] = []
    left: list[str] = []
    for texts, images in spread_parts.by_stem(spread_parts.of_format(tree, self.parts, Kind.TEXT, self.is_named)):
      if images and spelling.stem(images[0].path) in doubtful:
        raise UnclearError
      if not images:
        refused += yolo.find(Tree(tree.root, tuple(texts), tree.others.unlisted_images)).refused
      elif texts:
        spread_parts.require_fit(texts[0].path, images[0].path)
        labels_of[texts[0].path] = images[0].path
        sizes[images[0].path] = images[0].size
      else:
        left.append(spread_parts.alone(images[0].path))
    labels = yolo.Labels(tree.root, lists, work_list.load(self.columns) if self.columns else None)
    for path, image in sorted(labels_of.items()):
      labels.add(path, image)
    if labels.waiting and not self.columns:
      return {}, Labelled(Paired(), columns=tuple(_columns(labels)))
    with_more = labels.decide()
    left += [spread_parts.alone(image) for image in sizes.keys() - {item.image for item in labels.items}]
    pairs = [(sizes[item.image], item) for item in labels.items]
    rows, paired = spread_parts.handed_on(pairs, tree, self.parts, self.methods)
    if len(lists.usage.first) > spread_parts.MOST_FOLDERS:
      raise UnclearError
    paired = paired._replace(refused=(*refused, *labels.refused), left=tuple(left))
    return rows, Labelled(paired, lists.usage, with_more=(len(with_more), with_more[: yolo.SHOWN]))


@dataclasses.dataclass(frozen=True)
class Copy:
  """Leaves at `output` what the Label before has written to `source`, as that need not be read again."""

  source: str
  output: str

  def __call__(self) -> None:
    for ending in ('', '.found'):
      files.write_bytes(self.output + ending, files.read_bytes(self.source + ending))


def _columns(labels: yolo.Labels) -> Iterator[tuple[str, str, Columns]]:
  """See Labelled.columns."""
  first: dict[str, str] = {}
  for file in labels.waiting:
    first.setdefault(file.names.path, file.path)
  for names, path in first.items():
    yield path, names, labels.columns[names]


def merged(parts: Iterable[Sequence[tuple[str, str, Columns]]]) -> dict[str, Columns]:
  """{list of class names: columns}, of all parts. Raises UnclearError if they are too many to be held."""
  first: dict[str, str] = {}
  columns: dict[str, Columns] = {}
  for some in parts:
    for path, names, own in some:
      known = columns.setdefault(names, Columns(own.keypoints, {}))
      if path <= first.setdefault(names, path):  # the first file tells the keypoints
        first[names], known.keypoints = path, own.keypoints
      for count, samples in own.samples.items():
        known.samples[count] = yolo_rows.first([*known.samples[count], *samples])
    if sum(count * len(found) for one in columns.values() for count, found in one.samples.items()) > _MOST_NUMBERS:
      raise UnclearError
  return columns
