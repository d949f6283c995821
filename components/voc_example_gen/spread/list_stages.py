"""The stages by which workers list a large folder: its parts, then what these have left, as two of them may lead there.

Parts are described by the paths of folders and by names between which files are listed: see detection/base/branches.py.
"""

import collections
import dataclasses
import itertools
import posixpath
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple

from components.voc_example_gen import listing
from components.voc_example_gen.listing import File, Tree
from components.voc_example_gen.spread import exchange, spread_listing, stages, work_list
from components.voc_example_gen.spread.spread_listing import Kind, SpreadTree
from components.voc_example_gen.spread.stages import Begun, Result, Stage
from detection.base import file_tree, files
from detection.base.branches import Part
from detection.base.errors import UserError

STAGES = ('List', 'List what is left')
MOST_HELD = 40_000  # files; a folder with more is listed by workers
MOST_OTHERS = 20_000  # files of a large folder that describe no single image, and are held
_RUN = 100_000  # files that are held before they are written
Then = Callable[[SpreadTree], Stage | Result]


def begin(
  root: str, folder: str, most: int | None = None, counted: Callable[[int], object] = lambda names: None
) -> 'Tree | Large':
  """Lists a folder, if it is small, and divides it, if it is large.

  Args:
    root: the data folder.
    folder: gets the files that workers write.
    most: so many files are few; None for MOST_HELD.
    counted: called with how many names are in the folder before it is listed; with 0, if that cannot be told.

  Raises:
    DataError: if `root` is no folder that can be listed. So do the stages.
  """
  walk, most = listing.Walk(root), MOST_HELD if most is None else most
  # The names of a local folder are read in a fifth of the time of a walk, and nearly always tell how large it is.
  division = None if files.is_remote(walk.root) else listing.divide(walk.root)
  examples, names = (division.examples, division.names or 0) if division else ((), 0)
  counted(names)
  if names <= most:
    first = list(itertools.islice(walk, most + 1))
    if len(first) <= most:
      return Tree(walk.root, tuple(sorted(first)), tuple(sorted(walk.unlisted)), walk.state)
    examples = tuple(file.path for file in first)
  division = division or listing.divide(walk.root)
  parts = Parts(walk.root, posixpath.join(folder, 'listed'), division.parts)
  return Large(parts, folder, division.names, division.leaves, spread_listing.has_annotations(examples))


def tree_in(folder: str) -> SpreadTree:
  """What the stages have listed."""
  return work_list.load(_saved_in(folder))


class Found(NamedTuple):
  """What is known of a part.

  Attributes:
    sum, left, unlisted: see listing.Walk.
    others: files that describe no single image, up to MOST_OTHERS.
    runs: exchange files with all others; see SpreadTree.
    kinds: how many files there are of each kind.
  """

  sum: int
  left: list[str]
  unlisted: list[str]
  others: list[File]
  runs: list[str]
  kinds: Counter[Kind | None]


@dataclasses.dataclass(frozen=True)
class ListPart:
  """Lists a part of a folder.

  Attributes:
    root: the folder.
    part: of it.
    output: gets a Found, or the user's mistake that was found.
    keeps_files: whether the files are wanted; if not, their state alone.
  """

  root: str
  part: Part
  output: str
  keeps_files: bool

  def __call__(self) -> None:
    try:
      found: Found | UserError = self._list()
    except UserError as error:  # for the stage that follows: an engine would make a traceback of it
      found = error
    work_list.save_at(self.output, found)

  def _list(self) -> Found:
    walk, kept = listing.Walk(self.root, self.part), _Kept(self.output)
    if self.keeps_files:
      for file in walk:
        kept.add(file)
    else:
      collections.deque(walk, maxlen=0)
    kept.runs.flush()
    return Found(walk.sum, walk.left, walk.unlisted, kept.others, kept.runs.paths, kept.kinds)


class _Kept:
  """Files that are kept: few here, most in files."""

  def __init__(self, output: str) -> None:
    self.others: list[File] = []
    # The order of files is left to chance. If the job is done again, its files must not be mixed with these.
    self.runs = exchange.Runs(f'{output}-{uuid.uuid4().hex[:8]}', _RUN)
    self.kinds: Counter[Kind | None] = Counter()

  def add(self, file: File) -> None:
    self.kinds[kind := spread_listing.kind_of(file.path)] += 1
    if kind is None and len(self.others) < MOST_OTHERS:
      self.others.append(file)
    else:
      self.runs.add(spread_listing.part_of(file.path), tuple(file))


@dataclasses.dataclass(frozen=True)
class Parts:
  """Parts of a folder, which jobs list.

  Attributes:
    root: the folder.
    output: how the paths of files begin that jobs write.
    parts: of the folder.
    keeps_files: see ListPart.
  """

  root: str
  output: str
  parts: tuple[Part, ...]
  keeps_files: bool = True

  def jobs(self, first: int = 0) -> list[ListPart]:
    """Jobs that list the parts, from this one on."""
    return [
      ListPart(self.root, self.parts[index], self._output(index), self.keeps_files)
      for index in range(first, len(self.parts))
    ]

  def found(self) -> Iterator[Found]:
    """What jobs have found, part by part. Raises the mistake that one of them has found."""
    for index in range(len(self.parts)):
      found = work_list.load(self._output(index))
      if isinstance(found, UserError):
        raise found
      yield found

  def with_rest(self) -> 'Parts':
    """With parts for what these have left."""
    rest = file_tree.rest(self.root, self.parts, (path for found in self.found() for path in found.left))
    return dataclasses.replace(self, parts=(*self.parts, *rest))

  def state(self) -> str:
    """Tree.state."""
    return listing.state_of_sum(sum(found.sum for found in self.found()))

  def _output(self, index: int) -> str:
    return f'{self.output}-{index:05}'


@dataclasses.dataclass(frozen=True)
class Large:
  """A large folder.

  Attributes:
    parts: to be listed.
    folder: gets the files that workers write.
    names: how many are in it, and so images at most; None if that is not known.
    leaves: whether jobs that list the parts may leave something to a second stage.
    has_xml: whether an XML file was seen, so that no other format than 'voc' is likely.
  """

  parts: Parts
  folder: str
  names: int | None
  leaves: bool
  has_xml: bool

  @property
  def stages(self) -> tuple[str, ...]:
    """Names of the stages that list it."""
    return STAGES if self.leaves else STAGES[:1]

  def stage(self, then: Then) -> 'List':
    """The first of the stages that list it. then: gives the stage that follows these; picklable."""
    return List(self, then)


@dataclasses.dataclass(frozen=True)
class List:
  """Lists a large folder."""

  large: Large
  then: Then

  def __call__(self) -> Begun:
    large = self.large
    return Begun(large.parts.jobs(), ListRest(large.parts, self._put_together, is_stage=large.leaves))

  def _put_together(self, parts: Parts) -> 'PutTogether':
    return PutTogether(parts, self.large.folder, self.then)


@dataclasses.dataclass(frozen=True)
class ListRest:
  """Lists what is left when `parts` are listed.

  Attributes:
    parts: of the folder, which have been listed.
    then: gives the stage that follows; picklable.
    is_stage: whether jobs list it. If not, it is listed here: nothing was left when the folder was divided.
  """

  parts: Parts
  then: Callable[[Parts], Stage | Result]
  is_stage: bool = True

  def __call__(self) -> Begun:
    parts = self.parts.with_rest()
    jobs, following = parts.jobs(len(self.parts.parts)), self.then(parts)
    if self.is_stage:
      return Begun(jobs, following)
    for job in jobs:
      job()
    return stages.begin(following)


@dataclasses.dataclass(frozen=True)
class PutTogether:
  """Puts together what was found, and begins the stage that follows."""

  parts: Parts
  folder: str
  then: Then

  def __call__(self) -> Begun:
    tree = self._tree()
    work_list.save_at(_saved_in(self.folder), tree)
    return stages.begin(self.then(tree))

  def _tree(self) -> SpreadTree:
    others: list[File] = []
    unlisted: list[str] = []
    runs: list[str] = []
    kinds: Counter[Kind | None] = Counter()
    more = exchange.Runs(f'{self.parts.output}-more', _RUN)
    for found in self.parts.found():
      unlisted += found.unlisted
      runs += found.runs
      kinds.update(found.kinds)
      place = MOST_OTHERS - len(others)
      others += found.others[:place]
      for file in found.others[place:]:
        more.add(spread_listing.part_of(file.path), tuple(file))
    more.flush()
    tree = Tree(self.parts.root, tuple(sorted(others)), tuple(sorted(unlisted)), self.parts.state())
    images, annotations, labels = (kinds[kind] for kind in Kind)
    return SpreadTree(tree, (*runs, *more.paths), kinds.total() - len(others), images, annotations, labels)


def _saved_in(folder: str) -> str:
  return posixpath.join(folder, 'listed.work')
