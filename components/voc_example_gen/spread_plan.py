"""The plan of a large folder, made by workers: this process holds a few bytes for a thousand images.

Made only for folders whose parts can be judged one by one (see spread_pairs.py), and for Pascal VOC alone, as other
formats keep many images in one file. Gives the plan that plan.py gives.
"""

import bisect
import dataclasses
import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from components.voc_example_gen import assign, detect, digests, leftovers, plan, spread_pairs, work_list
from components.voc_example_gen.dataset_index import DatasetIndex
from components.voc_example_gen.listing import Tree
from components.voc_example_gen.settings import AUTO, IngestSettings, SplitSettings
from components.voc_example_gen.split_method import GivenMethod
from components.voc_example_gen.splits import METHODS, declared
from components.voc_example_gen.spread_listing import PARTS, SpreadTree
from components.voc_example_gen.spread_pairs import SPLITS, Cut, Merge, Pair, Paired, Slice, Sort
from components.voc_example_gen.stages import Begun, Result, Stage

STAGES = ('Pair', 'Sort', 'Merge')
_FILES_OF_A_JOB = 20_000
_TASKS_OF_A_BUCKET = 8_000
_MOST_BUCKETS = 4096
Then = Callable[[plan.Plan], Stage | Result]  # picklable


def first(tree: SpreadTree, settings: IngestSettings, folder: str, then: Then, known: str = '') -> Stage | None:
  """The first of the stages that make the plan.

  Args:
    tree: the folder's listing.
    settings: the user's choices.
    folder: gets the files that workers write; the plan refers to them.
    then: gives the stage that follows when the plan is made.
    known: the folder's fingerprint by content, if it has been computed already.

  Returns:
    The stage; None if it is known already that the folder has to be planned as a whole, by plan.of_tree. Where that
    is found out later, there is no next stage, and the Result's value is None. Stages raise a DataError if the folder
    cannot be divided.
  """
  methods = _methods(settings.split, tree.others)
  by_content = settings.fingerprint != digests.LISTING
  if settings.data_format not in (AUTO, spread_pairs.FORMAT) or methods is None or (by_content and not known):
    return None
  fingerprint = known if by_content else tree.others.state
  return Pairing(tree, settings, folder, methods, fingerprint, then)


@dataclasses.dataclass(frozen=True)
class Pairing:
  """Pairs annotations with images.

  Attributes:
    tree, settings, folder, then: see `first`.
    methods: those that may give the splits.
    fingerprint: of the folder.
  """

  tree: SpreadTree
  settings: IngestSettings
  folder: str
  methods: tuple[str, ...]
  fingerprint: str
  then: Then

  @property
  def jobs(self) -> int:
    """How many jobs pair, and how many sort."""
    return min(PARTS, -(-self.tree.files // _FILES_OF_A_JOB))

  @property
  def saved_tree(self) -> str:
    return f'{self.folder}/tree.work'

  def __call__(self) -> Begun:
    work_list.save_at(self.saved_tree, self.tree)
    bounds = [PARTS * index // self.jobs for index in range(self.jobs + 1)]
    parts = [tuple(range(start, end)) for start, end in itertools.pairwise(bounds)]
    outputs = (spread_pairs.pairs_in(self.folder, index) for index in range(self.jobs))
    pairs = [Pair(self.saved_tree, some, self.methods, output) for some, output in zip(parts, outputs, strict=True)]
    return Begun(pairs, Sorting(self))


@dataclasses.dataclass(frozen=True)
class Sorting:
  """Chooses how images are divided, and sorts the pairs."""

  before: Pairing

  def __call__(self) -> Begun:
    before = self.before
    found = [_found(spread_pairs.pairs_in(before.folder, index)) for index in range(before.jobs)]
    index = _index(before.tree, before.settings, found)
    if index is None:
      return Begun((), Result(None))
    images = sum(one.images for one in found)
    counts: dict[str, Counter[str]] = {
      name: sum((one.counts[name] for one in found), Counter()) for name in before.methods
    }
    choice = assign.choose(
      before.settings.split, before.tree.others, lambda method: counts.get(method.name, {}), images
    )
    left = tuple(leftovers.unannotated(image, index) for image in sorted(image for one in found for image in one.left))
    buckets = max(1, min(_MOST_BUCKETS, images // _TASKS_OF_A_BUCKET))
    merging = Merging(before, choice, dataclasses.replace(index, refused=(*index.refused, *left)), buckets)
    return Begun([self._sort(choice, number, buckets) for number in range(before.jobs)], merging)

  def _sort(self, choice: assign.Choice, number: int, buckets: int) -> Sort:
    folder = self.before.folder
    pairs, output = spread_pairs.pairs_in(folder, number), spread_pairs.sorted_in(folder, number)
    return Sort(self.before.saved_tree, choice, pairs, buckets, output)


@dataclasses.dataclass(frozen=True)
class Merging:
  """Puts what is sorted together; the plan is known then.

  Attributes:
    before: the first stage.
    choice: how images are divided.
    index: without items; all files that pairing has refused.
    buckets: of each split.
  """

  before: Pairing
  choice: assign.Choice
  index: DatasetIndex
  buckets: int

  def __call__(self) -> Begun:
    folder, files = self.before.folder, self.before.jobs
    cut: list[Cut] = [_found(spread_pairs.sorted_in(folder, index)) for index in range(files)]
    tasks, sizes = sum((one.tasks for one in cut), Counter()), sum((one.bytes for one in cut), Counter())
    left_out = sorted((refusal for one in cut for refusal in one.left_out), key=lambda refusal: refusal.path)
    planned = plan.Plan(
      root=self.before.tree.root,
      data_format=self.index.data_format,
      split_method=self.choice.method,
      placing=self.choice.placing,
      shards=tuple(_shards(tasks, sizes, self.buckets, folder)),
      refused=(*self.index.refused, *left_out),
      warnings=self.choice.warnings,
      state=self.before.tree.others.state,
      fingerprint=self.before.fingerprint,
    )
    return Begun([Merge(folder, files, bucket) for bucket in tasks], self.before.then(planned))


def _found(output: str) -> Any:
  """What a job has found, beside the rows that it has handed on."""
  return work_list.load(f'{output}.found')


def _methods(settings: SplitSettings, others: Tree) -> tuple[str, ...] | None:
  """The methods that may give the splits; None if one of them must know all images."""
  if settings.method != AUTO:
    asked = [METHODS[settings.method]]
  else:
    asked = [method for method in METHODS.values() if method.preference is not None]
  given = [method.name for method in asked if isinstance(method, GivenMethod)]
  if declared.METHOD.name in given and (settings.method != AUTO or declared.declares(others)):
    return None
  return tuple(name for name in given if name != declared.METHOD.name)


def _index(tree: SpreadTree, settings: IngestSettings, found: Sequence[Paired]) -> DatasetIndex | None:
  """The index without its items; None if another format may describe some of the images, or pairing is not clear."""
  images = sum(one.images for one in found)
  if not all(one.is_clear for one in found) or len(tree.others.files) >= images:
    return None
  refused = sorted((refusal for one in found for refusal in one.refused), key=lambda refusal: refusal.path)
  if settings.data_format != AUTO:
    return DatasetIndex(spread_pairs.FORMAT, (), tuple(refused))
  if detect.describes(tree.others, spread_pairs.FORMAT):
    return None
  return DatasetIndex(spread_pairs.FORMAT, (), tuple(refused), elsewhere={})


def _shards(tasks: Mapping[int, int], sizes: Mapping[str, int], buckets: int, folder: str) -> Iterator[plan.Shard]:
  """The shards of every split, as plan._shards cuts them. tasks: in each bucket; sizes: in bytes, of each split."""
  for number, split in enumerate(SPLITS):
    if split in sizes:
      filled = [bucket for bucket in range(number * buckets, (number + 1) * buckets) if tasks.get(bucket)]
      ends = list(itertools.accumulate(tasks[bucket] for bucket in filled))
      bounds = plan.bounds(ends[-1], sizes[split])
      for index, (start, end) in enumerate(itertools.pairwise(bounds)):
        first, last = bisect.bisect_right(ends, start), bisect.bisect_left(ends, end)
        before = ends[first] - tasks[filled[first]]
        place = Slice(folder, tuple(filled[first : last + 1]), start - before, end - before)
        yield plan.Shard(split, index, len(bounds) - 1, place)
