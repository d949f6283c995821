"""Pairs label files and images of a large folder, some parts at a time, and reads the label files.

The lists of class names are read by every worker. What all label files together tell is left to formats/yolo.py: the
layout of rows with more than five columns.
"""

import dataclasses
from typing import NamedTuple

from components.voc_example_gen import (
  class_lists,
  exchange,
  name_list,
  spelling,
  spread_parts,
  work_list,
)
from components.voc_example_gen.formats import yolo
from components.voc_example_gen.listing import Tree
from components.voc_example_gen.refusals import Refusal
from components.voc_example_gen.spread_listing import Kind, SpreadTree
from components.voc_example_gen.spread_parts import Paired, UnclearError

_PAIRS = 0  # the only part of a file of pairs


class Labelled(NamedTuple):
  """What is known of some parts; usage: of the lists of class names."""

  paired: Paired
  usage: class_lists.Usage = class_lists.Usage({}, {}, {}, {})


@dataclasses.dataclass(frozen=True)
class Label:
  """Pairs the files of some parts, and reads the label files.

  Attributes:
    tree: a file with the SpreadTree.
    parts: numbers of the parts.
    is_named: see spread_parts.of_format.
    methods: names of the methods that may give the splits.
    output: gets the pairs; and, with the ending .found, a Labelled.
  """

  tree: str
  parts: tuple[int, ...]
  is_named: bool
  methods: tuple[str, ...]
  output: str

  def __call__(self) -> None:
    try:
      pairs, found = self._judge(work_list.load(self.tree))
    except UnclearError:
      pairs, found = [], Labelled(Paired(is_clear=False))
    exchange.save(self.output, {_PAIRS: pairs})
    work_list.save_at(f'{self.output}.found', found)

  def _judge(self, tree: SpreadTree) -> tuple[list[exchange.Row], Labelled]:
    lists, labels_of = name_list.doubtful_stems(tree.others), {}
    sizes: dict[str, int] = {}
    refused: list[Refusal] = []
    left: list[str] = []
    for texts, images in spread_parts.by_stem(spread_parts.of_format(tree, self.parts, Kind.TEXT, self.is_named)):
      if images and spelling.stem(images[0].path) in lists:
        raise UnclearError
      if not images:
        refused += yolo.find(Tree(tree.root, tuple(texts), tree.others.unlisted_images)).refused
      elif texts:
        spread_parts.require_fit(texts[0].path, images[0].path)
        labels_of[texts[0].path] = images[0].path
        sizes[images[0].path] = images[0].size
      else:
        left.append(spread_parts.alone(images[0].path))
    labels, usage = _read(tree, labels_of)
    left += [spread_parts.alone(image) for image in sizes.keys() - {item.image for item in labels.items}]
    pairs = [(sizes[item.image], item) for item in labels.items]
    rows, paired = spread_parts.handed_on(pairs, tree, self.parts, self.methods)
    return rows, Labelled(paired._replace(refused=(*refused, *labels.refused), left=tuple(left)), usage)


def _read(tree: SpreadTree, labels_of: dict[str, str]) -> tuple[yolo.Labels, class_lists.Usage]:
  """Reads the label files of images; {label file: image}."""
  lists = class_lists.find(tree.others)
  labels = yolo.Labels(tree.root, lists)
  for path, image in sorted(labels_of.items()):
    labels.add(path, image)
  if labels.waiting or len(lists.usage.first) > spread_parts.MOST_FOLDERS:
    raise UnclearError
  return labels, lists.usage
