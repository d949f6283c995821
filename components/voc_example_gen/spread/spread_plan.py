"""The plan of a large folder, made by workers: this process holds a few bytes for a thousand images.

Made only for folders whose parts can be judged one by one (see spread_pairs.py, entry_stages.py). Gives the plan that
plan.py gives.
"""

import bisect
import dataclasses
import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from components.voc_example_gen import assign, detect, digests, leftovers, plan, spelling
from components.voc_example_gen.dataset_index import DatasetIndex
from components.voc_example_gen.listing import Tree
from components.voc_example_gen.settings import AUTO, IngestSettings, SplitSettings
from components.voc_example_gen.split_method import GivenMethod
from components.voc_example_gen.splits import METHODS, declared, imagesets
from components.voc_example_gen.spread import spread_lists, spread_pairs, spread_parts, work_list
from components.voc_example_gen.spread.coco_stages import CocoStages
from components.voc_example_gen.spread.csv_stages import CsvStages
from components.voc_example_gen.spread.pair_stages import PAIRING, PairStages
from components.voc_example_gen.spread.spread_listing import SpreadTree
from components.voc_example_gen.spread.spread_pairs import SPLITS, Cut, Slice, Sort
from components.voc_example_gen.spread.spread_parts import Paired, UnclearError
from components.voc_example_gen.spread.stages import Begun, Result, Stage, begin
from components.voc_example_gen.spread.voc_stages import VocStages
from components.voc_example_gen.spread.yolo_stages import YoloStages

_KINDS: tuple[type[PairStages], ...] = (VocStages, CocoStages, YoloStages, CsvStages)
_FORMATS = {stages.data_format: stages for stages in _KINDS}
_FILES_OF_A_JOB = 20_000
_MOST_LISTS = 1000
Then = Callable[[plan.Plan], Stage | Result]  # picklable


def pairing(settings: IngestSettings, has_xml: bool = False) -> tuple[str, ...]:
  """Names of the stages that pair: those of all formats, where the format is not known yet.

  Args:
    settings: the user's choices.
    has_xml: whether an XML file was seen.
  """
  kind = _FORMATS.get(_format(settings, 'voc' if has_xml else ''))
  return tuple(name for name in PAIRING if kind is None or name in (PAIRING[0], *kind.names))


def _format(settings: IngestSettings, likely: str) -> str:
  return likely if settings.data_format == AUTO else settings.data_format


def first(
  tree: SpreadTree,
  settings: IngestSettings,
  folder: str,
  then: Then,
  known: str = '',
  names: Sequence[str] = PAIRING,
) -> 'Pairing | None':
  """The first of the stages that make the plan.

  Args:
    tree: the folder's listing.
    settings: the user's choices.
    folder: gets the files that workers write; the plan refers to them.
    then: gives the stage that follows when the plan is made.
    known: the folder's fingerprint by content, if it has been computed already.
    names: of the stages that pair.

  Returns:
    The stage; None if it is known already that the folder has to be planned as a whole, by plan.of_tree. Where that
    is found out later, there is no next stage, and the Result's value is None. Stages raise a DataError if the folder
    cannot be divided.
  """
  methods = _methods(settings.split)
  lists = _lists(methods, tree.others)
  by_content = settings.fingerprint != digests.LISTING
  is_named = settings.data_format != AUTO
  kind = _FORMATS.get(_format(settings, tree.likely_format))
  if kind is None or lists is None or (by_content and not known) or not set(names).issuperset(kind.names):
    return None
  found = (spread_lists.Found(one, f'{folder}/list-{number:05}') for number, one in enumerate(lists))
  tree = dataclasses.replace(tree, lists=tuple(found))
  stages = kind(tree, f'{folder}/tree.work', folder, methods, is_named, -(-tree.files // _FILES_OF_A_JOB))
  return Pairing(stages, settings, known if by_content else tree.others.state, then, tuple(names))


@dataclasses.dataclass(frozen=True)
class Planning:
  """Gives the first of the stages that make the plan, or a Result of None. Picklable; for the fields see `first`."""

  settings: IngestSettings
  folder: str
  then: Then
  known: str = ''
  names: tuple[str, ...] = PAIRING

  @property
  def stages(self) -> tuple[str, ...]:
    """Names of the stages that make the plan."""
    return (*self.names, 'Sort')

  def __call__(self, tree: SpreadTree) -> Stage | Result:
    return first(tree, self.settings, self.folder, self.then, self.known, self.names) or Result(None)


@dataclasses.dataclass(frozen=True)
class Pairing:
  """One of the stages that pair annotations with images.

  Attributes:
    stages: makes the jobs.
    settings, then: see `first`.
    fingerprint: of the folder.
    names: of all stages that pair; a format may have nothing to do in one of them.
    number: of this stage, from 0.
  """

  stages: PairStages
  settings: IngestSettings
  fingerprint: str
  then: Then
  names: tuple[str, ...] = PAIRING
  number: int = 0

  def __call__(self) -> Begun:
    steps = dict(zip(self.stages.names, self.stages.steps, strict=True))
    if not self.number:
      work_list.save_at(self.stages.saved, self.stages.tree)
    try:
      jobs = steps[self.names[self.number]]() if self.names[self.number] in steps else []
    except UnclearError:
      return Begun((), Result(None))
    following = dataclasses.replace(self, number=self.number + 1)
    if following.number == len(self.names):
      return Begun(jobs, Sorting(self, len(jobs)))
    return Begun(jobs if self.number else [*self._list(), *jobs], following)

  def _list(self) -> list[spread_lists.ReadList]:
    tree = self.stages.tree
    return [spread_lists.ReadList(tree.root, one.list, one.output) for one in tree.lists]


@dataclasses.dataclass(frozen=True)
class Sorting:
  """Chooses how images are divided, and sorts the pairs; `jobs`: how many have paired."""

  before: Pairing
  jobs: int

  def __call__(self) -> Begun:
    before, stages = self.before, self.before.stages
    try:
      paired, index = stages.found([_found(spread_pairs.pairs_in(stages.folder, job)) for job in range(self.jobs)])
    except UnclearError:
      return Begun((), Result(None))
    lists: list[spread_lists.Lines] = [_found(one.output) for one in stages.tree.lists]
    if not (all(one.is_clear for one in paired) and all(one.is_clear for one in lists)) or self._may_be_another(paired):
      return Begun((), Result(None))
    images, others = sum(one.images for one in paired), stages.tree.others
    has_declared = spread_lists.any_declared(stages.tree.lists)
    declared_as = _rank(paired) if has_declared else _by_folder(others, paired)
    if declared_as is None:
      return Begun((), Result(None))
    counts = _counts(stages.methods, paired, declared_as)
    choice = assign.choose(before.settings.split, others, lambda method: counts.get(method.name, {}), images)
    index = index if stages.is_named else dataclasses.replace(index, elsewhere={})
    left = [leftovers.unannotated(image, index) for image in sorted(image for one in paired for image in one.left)]
    index = dataclasses.replace(index, refused=(*index.refused, *left))
    given = declared_as
    if not choice.placing.method and choice.method != declared.METHOD.name:
      given = spread_parts.place_of(choice.method, stages.methods)
    buckets = range(spread_parts.buckets(stages.tree))
    sort = [Sort(choice, given, stages.folder, self.jobs, bucket) for bucket in buckets]
    return Begun(sort, Cutting(before, choice, index, len(sort)))

  def _may_be_another(self, paired: Sequence[Paired]) -> bool:
    """Whether another format may describe some of the images, or more of them."""
    stages, images = self.before.stages, sum(one.images for one in paired)
    if stages.is_named or not images:
      return not images
    # A file may describe an image by having no line.
    if len(stages.tree.others.files) + stages.texts_of_others >= images:
      return True
    return detect.describes(stages.tree.others, stages.data_format)


@dataclasses.dataclass(frozen=True)
class Cutting:
  """Cuts what is sorted into shards; the plan is known then.

  Attributes:
    before: one of the stages that have paired.
    choice: how images are divided.
    index: without items; all files that pairing has refused.
    buckets: how many there are.
  """

  before: Pairing
  choice: assign.Choice
  index: DatasetIndex
  buckets: int

  def __call__(self) -> Begun:
    stages = self.before.stages
    tree, folder = stages.tree, stages.folder
    cut: list[Cut] = [_found(spread_pairs.sorted_in(folder, bucket)) for bucket in range(self.buckets)]
    left_out = sorted((refusal for one in cut for refusal in one.left_out), key=lambda refusal: refusal.path)
    planned = plan.Plan(
      root=tree.root,
      data_format=self.index.data_format,
      split_method=self.choice.method,
      placing=self.choice.placing,
      shards=tuple(_shards(cut, folder)),
      refused=(*self.index.refused, *left_out),
      warnings=(*self.index.warnings, *self.choice.warnings),
      state=tree.others.state,
      fingerprint=self.before.fingerprint,
    )
    return begin(self.before.then(planned))


def _found(output: str) -> Any:
  """What a job has found, beside the rows that it has handed on."""
  return work_list.load(f'{output}.found')


def _methods(settings: SplitSettings) -> tuple[str, ...]:
  """The methods that may give the splits."""
  if settings.method != AUTO:
    asked = [METHODS[settings.method]]
  else:
    asked = [method for method in METHODS.values() if method.preference is not None]
  return tuple(method.name for method in asked if isinstance(method, GivenMethod))


def _lists(methods: Sequence[str], others: Tree) -> list[spread_lists.List] | None:
  """The lists that may give splits; None if it takes all images to tell what is declared, or there are too many."""
  found: list[spread_lists.List] = [*imagesets.lists(others)] if imagesets.METHOD.name in methods else []
  if declared.METHOD.name in methods and not declared.declares_folders_alone(others):
    declaring = declared.lists_alone(others)
    if declaring is None:
      return None
    found += declaring
  return found if len(found) <= _MOST_LISTS else None


def _by_folder(others: Tree, paired: Sequence[Paired]) -> dict[str, str] | None:
  """{folder: split}, where splits may be declared for folders; None if that is not clear."""
  folders = {folder for one in paired for folder in one.folders}
  if len(folders) > spread_parts.MOST_FOLDERS or len(set(map(spelling.folded, folders))) < len(folders):
    return None
  return declared.by_folder(others, folders)


def _rank(paired: Sequence[Paired]) -> int:
  """The rank of the lists that count; see declared.read."""
  first, second = (sum((Counter(one.listed[rank]) for one in paired if one.listed), Counter()) for rank in (0, 1))
  return 0 if declared.divides(first) or not second else 1


def _counts(
  methods: Iterable[str], paired: Sequence[Paired], declared_as: Mapping[str, str] | int
) -> dict[str, Counter[str]]:
  """{method: {split: images that the folder gives it}}; declared_as: see Sort.given."""
  counts: dict[str, Counter[str]] = {name: Counter() for name in methods}
  for one in paired:
    for name, found in one.counts.items():
      counts[name].update(found)
    if isinstance(declared_as, int):
      counts[declared.METHOD.name].update(one.listed[declared_as] if one.listed else {})
      continue
    for folder, images in one.folders.items():
      if folder in declared_as:
        counts[declared.METHOD.name][declared_as[folder]] += images
  return counts


def _shards(cut: Sequence[Cut], folder: str) -> Iterator[plan.Shard]:
  """The shards of every split, as plan._shards cuts them. cut: what is known of each bucket."""
  for split in SPLITS:
    filled = [bucket for bucket, one in enumerate(cut) if one.tasks[split]]
    ends = [0, *itertools.accumulate(cut[bucket].tasks[split] for bucket in filled)]
    if filled:
      bounds = plan.bounds(ends[-1], sum(one.bytes[split] for one in cut))
      for index, (start, end) in enumerate(itertools.pairwise(bounds)):
        first, last = bisect.bisect_right(ends, start) - 1, bisect.bisect_left(ends, end)
        before = ends[first]
        place = Slice(folder, split, tuple(filled[first:last]), start - before, end - before)
        yield plan.Shard(split, index, len(bounds) - 1, place)
