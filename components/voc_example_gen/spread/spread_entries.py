"""Gives the entries of annotation files that hold many images each their images, some parts of a folder at a time.

All that may decide on an image is in one part: files and names of equal stems. What the folder as a whole would have to
tell, such as whether a folder holds masks, is left to entries.py.
"""

import dataclasses
import functools
import itertools
import operator
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from components.voc_example_gen import entries, folder_roles, matching, spelling
from components.voc_example_gen.refusals import Reason, Refusal
from components.voc_example_gen.spread import exchange, item_rows, spread_listing, spread_parts, work_list
from components.voc_example_gen.spread.spread_listing import Kind, SpreadTree
from components.voc_example_gen.spread.spread_parts import Paired, UnclearError


class Entry(NamedTuple):
  """One entry of an annotation file, a row of an exchange file.

  Attributes:
    file: its place among all files.
    place: among the entries of this file.
    annotation: see item_rows.
  """

  file: int
  place: int
  annotation: exchange.Row


class Named(NamedTuple):
  """What is known of some entries of one file.

  Attributes:
    file: its place among all files.
    images: how many images are named.
    labelled: how many of them have an object, or one that cannot be read.
    refused: (place, reason, detail) of entries that cannot be used.
    unknown: see coco_join.Categories.
    is_clear: whether the entries could be read without those of other parts; if not, nothing else counts.
  """

  file: int = 0
  images: int = 0
  labelled: int = 0
  refused: tuple[tuple[int, Reason, str], ...] = ()
  unknown: Mapping[str, int] = {}
  is_clear: bool = True


class Matched(NamedTuple):
  """What is known of some parts.

  Attributes:
    paired: without what is refused.
    refused: (file, place, refusal) of entries that are not used.
    repeats: see entries.Entries.
  """

  paired: Paired
  refused: tuple[tuple[int, int, Refusal], ...] = ()
  repeats: Mapping[tuple[str, str], int] = {}


@functools.lru_cache(maxsize=4096)  # a table has a row an object
def part_of_name(name: str) -> int:
  """The part of the images that an entry may mean. Raises UnclearError if they may be in several parts."""
  parts = set()
  for written in (name, spelling.decoded(name)):
    last = written.replace('\\', '/').strip().rpartition('/')[2]
    if last != last.strip() or ('.' in last and spread_listing.kind_of(last) is not Kind.IMAGE):
      raise UnclearError
    parts.add(spread_listing.part_of(last))
  if len(parts) > 1:
    raise UnclearError
  return parts.pop()


@dataclasses.dataclass(frozen=True)
class Match:
  """Gives the entries of some parts their images.

  Attributes:
    tree: a file with the SpreadTree.
    data_format: its name.
    files: {place among all files: path} of those whose entries count.
    rows: exchange files with Entries.
    parts: numbers of the parts.
    is_named: see spread_parts.of_format.
    methods: names of the methods that may give the splits.
    output: gets the pairs; and, with the ending .found, a Matched.
  """

  tree: str
  data_format: str
  files: Mapping[int, str]
  rows: tuple[str, ...]
  parts: tuple[int, ...]
  is_named: bool
  methods: tuple[str, ...]
  output: str

  def __call__(self) -> None:
    try:
      pairs, found = self._match(work_list.load(self.tree))
    except UnclearError:
      pairs, found = {}, Matched(Paired(is_clear=False))
    exchange.save(self.output, pairs)
    work_list.save_at(f'{self.output}.found', found)

  def _match(self, tree: SpreadTree) -> tuple[Mapping[int, list[exchange.Row]], Matched]:
    images = dict(sorted(spread_parts.of_format(tree, self.parts, None, self.is_named)))
    names = _NamesOfParts(images)
    found = entries.Entries(self.data_format, names)
    refused: list[tuple[int, int, Refusal]] = []
    rows = sorted(map(Entry._make, exchange.load(self.rows, self.parts)), key=lambda entry: entry[:2])
    for number, of_file in itertools.groupby(rows, operator.attrgetter('file')):
      if number in self.files:
        self._add_file(found, number, list(of_file), refused)
    if found.warnings():
      raise UnclearError
    left = tuple(_alone(image, names) for image in images if image not in found.items)
    pairs = [(images[item.image], item) for item in found.items.values()]
    handed_on, paired = spread_parts.handed_on(pairs, tree, self.parts, self.methods)
    return handed_on, Matched(paired._replace(left=left), tuple(refused), dict(found.repeats))

  def _add_file(
    self, found: entries.Entries, number: int, rows: Sequence[Entry], refused: list[tuple[int, int, Refusal]]
  ) -> None:
    place_of: dict[str, int] = {}
    annotations = [item_rows.to_annotation(row.annotation) for row in rows]
    for row, annotation in zip(rows, annotations, strict=True):
      place_of.setdefault(annotation.filename, row.place)
    for annotation in entries.merged(annotations):
      before = len(found.refused)
      found.add(self.files[number], annotation)
      refused += [(number, place_of[annotation.filename], refusal) for refusal in found.refused[before:]]


class _NamesOfParts(matching.Names):
  """Finds images among those of some parts."""

  def __init__(self, paths: Iterable[str]) -> None:
    super().__init__(paths)
    self.stems = Counter(map(spelling.stem, paths))
    for path in paths:
      folder, _, name = path.rpartition('/')
      is_doubtful = folder_roles.roles_of_folder(folder) & {folder_roles.DERIVED, folder_roles.ANNOTATION}
      if is_doubtful or name != name.strip():
        raise UnclearError

  @functools.cached_property
  def derived(self) -> frozenset[str]:
    return frozenset()

  @functools.cached_property
  def splits(self) -> frozenset[str]:
    raise UnclearError


def _alone(image: str, names: _NamesOfParts) -> str:
  """An image without an entry; UnclearError if it may have been made from another one."""
  if names.stems[spelling.stem(image)] > 1:
    raise UnclearError
  return spread_parts.alone(image)
