"""The plan of a large folder, made by workers: this process holds a few bytes for a thousand images.

Made only for folders whose parts can be judged one by one (see spread_pairs.py), and for Pascal VOC alone, as other
formats keep many images in one file. Gives the plan that plan.py gives.
"""

import bisect
import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from components.voc_example_gen import assign, detect, digests, leftovers, plan, spread_pairs, work_list
from components.voc_example_gen.dataset_index import DatasetIndex
from components.voc_example_gen.listing import Tree
from components.voc_example_gen.settings import AUTO, IngestSettings, SplitSettings
from components.voc_example_gen.split_method import GivenMethod
from components.voc_example_gen.splits import METHODS, declared
from components.voc_example_gen.spread_listing import PARTS, SpreadTree
from components.voc_example_gen.spread_pairs import SPLITS, Cut, Merge, Pair, Paired, Slice, Sort

_FILES_OF_A_JOB = 20_000
_TASKS_OF_A_BUCKET = 8_000
_MOST_BUCKETS = 4096
RunAll = Callable[[Sequence[str]], None]  # runs the jobs in these files, each a call of what work_list loads


def make(tree: SpreadTree, settings: IngestSettings, folder: str, run_all: RunAll, known: str = '') -> plan.Plan | None:
  """Makes the plan.

  Args:
    tree: the folder's listing.
    settings: the user's choices.
    folder: gets the files that workers write; the plan refers to them.
    run_all: runs jobs on workers.
    known: the folder's fingerprint by content, if it has been computed already.

  Returns:
    The plan; None if the folder has to be planned as a whole, by plan.of_tree.

  Raises:
    DataError: if the folder cannot be divided.
  """
  methods = _methods(settings.split, tree.others)
  by_content = settings.fingerprint != digests.LISTING
  if settings.data_format not in (AUTO, spread_pairs.FORMAT) or methods is None or (by_content and not known):
    return None
  run = _Jobs(folder, run_all, min(PARTS, -(-tree.files // _FILES_OF_A_JOB)))
  saved = work_list.save(folder, 'tree', tree)
  found = run.pairs(saved, methods)
  index = _index(tree, settings, found)
  if index is None:
    return None
  images = sum(one.images for one in found)
  counts = {name: sum((one.counts[name] for one in found), Counter()) for name in methods}
  choice = assign.choose(settings.split, tree.others, lambda method: counts.get(method.name, {}), images)
  cut = run.sort(saved, choice, buckets := max(1, min(_MOST_BUCKETS, images // _TASKS_OF_A_BUCKET)))
  tasks, sizes = sum((one.tasks for one in cut), Counter()), sum((one.bytes for one in cut), Counter())
  run.merge(tasks)
  left = sorted(image for one in found for image in one.left)
  return plan.Plan(
    root=tree.root,
    data_format=index.data_format,
    split_method=choice.method,
    placing=choice.placing,
    shards=tuple(_shards(tasks, sizes, buckets, folder)),
    refused=(
      *index.refused,
      *(leftovers.unannotated(image, index) for image in left),
      *sorted((refusal for one in cut for refusal in one.left_out), key=lambda refusal: refusal.path),
    ),
    warnings=choice.warnings,
    state=tree.others.state,
    fingerprint=known if by_content else tree.others.state,
  )


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


class _Jobs:
  """Runs the jobs of each stage, and gives what they have found."""

  def __init__(self, folder: str, run_all: RunAll, count: int) -> None:
    self._folder, self._run_all, self._count = folder, run_all, count

  def pairs(self, tree: str, methods: tuple[str, ...]) -> list[Paired]:
    bounds = [PARTS * index // self._count for index in range(self._count + 1)]
    jobs = [
      Pair(tree, tuple(range(*bounds[index : index + 2])), methods, spread_pairs.pairs_in(self._folder, index))
      for index in range(self._count)
    ]
    return list(self._run(jobs))

  def sort(self, tree: str, choice: assign.Choice, buckets: int) -> list[Cut]:
    jobs = [
      Sort(
        tree,
        choice,
        spread_pairs.pairs_in(self._folder, index),
        buckets,
        spread_pairs.sorted_in(self._folder, index),
      )
      for index in range(self._count)
    ]
    return list(self._run(jobs))

  def merge(self, buckets: Iterable[int]) -> None:
    jobs = [Merge(self._folder, self._count, bucket) for bucket in buckets]
    self._run_all([work_list.save(self._folder, f'merge-{job.bucket:05}', job) for job in jobs])

  def _run(self, jobs: Sequence[Any]) -> Iterator[Any]:
    self._run_all([work_list.save_at(f'{job.output}.work', job) for job in jobs])
    return (work_list.load(f'{job.output}.found') for job in jobs)


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
