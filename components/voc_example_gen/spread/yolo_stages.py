"""The stages by which workers pair a large folder of YOLO label files, and read these."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import ClassVar

from components.voc_example_gen import class_lists, name_list
from components.voc_example_gen.dataset_index import DatasetIndex
from components.voc_example_gen.formats import yolo
from components.voc_example_gen.spread import spread_listing, spread_pairs, spread_parts, spread_yolo, work_list
from components.voc_example_gen.spread.pair_stages import PairStages
from components.voc_example_gen.spread.spread_parts import Paired, UnclearError
from components.voc_example_gen.spread.spread_yolo import Copy, Label, Labelled


class YoloStages(PairStages):
  """See PairStages."""

  data_format: ClassVar[str] = 'yolo'

  @property
  def texts_of_others(self) -> int:
    return 0

  names: ClassVar[tuple[str, ...]] = ('Join', 'Pair')

  @property
  def steps(self) -> Sequence[Callable[[], Sequence[Label | Copy]]]:
    return self.label, self.label_again

  def label(self) -> list[Label]:
    """Jobs that pair, and read rows of five columns."""
    if name_list.refers_to_texts(self.tree.others):
      raise UnclearError
    return [
      Label(self.saved, parts, self.is_named, self.methods, f'{self.folder}/labelled-{index:05}')
      for index, parts in enumerate(spread_listing.divided(self.jobs))
    ]

  def label_again(self) -> list[Label | Copy]:
    """Jobs for the parts with longer rows, when it is known what these are; what the others have written is copied.

    What the first jobs have written stays as it is, so that this stage may begin twice.
    """
    jobs = self.label()
    columns = spread_yolo.merged(_found(job.output).columns for job in jobs)
    saved = work_list.save(self.folder, 'columns', columns) if columns else ''
    return [self._again(job, saved, spread_pairs.pairs_in(self.folder, index)) for index, job in enumerate(jobs)]

  def _again(self, job: Label, columns: str, output: str) -> Label | Copy:
    if _found(job.output).columns:
      return dataclasses.replace(job, columns=columns, output=output)
    return Copy(job.output, output)

  def found(self, results: Sequence[Labelled]) -> tuple[list[Paired], DatasetIndex]:
    paired = [one.paired for one in results]
    if len({key for one in results for key in one.usage.first}) > spread_parts.MOST_FOLDERS:
      raise UnclearError
    lists = class_lists.find(self.tree.others)
    lists.add([one.usage for one in results])
    if lists.off_by_one():
      raise UnclearError
    count, first = (
      sum(one.with_more[0] for one in results),
      sorted(path for one in results for path in one.with_more[1]),
    )
    with_more = yolo.warn_of_more(count, first)
    refused = sorted((refusal for one in paired for refusal in one.refused), key=lambda refusal: refusal.path)
    return paired, DatasetIndex(self.data_format, (), tuple(refused), (*lists.warnings(), *with_more))


def _found(output: str) -> Labelled:
  return work_list.load(f'{output}.found')
