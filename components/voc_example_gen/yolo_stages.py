"""The stage by which workers pair a large folder of YOLO label files, and read these."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from components.voc_example_gen import class_lists, name_list, spread_listing, spread_pairs, spread_parts
from components.voc_example_gen.dataset_index import DatasetIndex
from components.voc_example_gen.pair_stages import PairStages
from components.voc_example_gen.spread_parts import Paired, UnclearError
from components.voc_example_gen.spread_yolo import Label, Labelled


class YoloStages(PairStages):
  """See PairStages."""

  data_format: ClassVar[str] = 'yolo'

  @property
  def texts_of_others(self) -> int:
    return 0

  @property
  def steps(self) -> Sequence[Callable[[], Sequence[Label]]]:
    return (self.label,)

  def label(self) -> list[Label]:
    if name_list.refers_to_texts(self.tree.others):
      raise UnclearError
    return [
      Label(self.saved, parts, self.is_named, self.methods, spread_pairs.pairs_in(self.folder, index))
      for index, parts in enumerate(spread_listing.divided(self.jobs))
    ]

  def found(self, results: Sequence[Labelled]) -> tuple[list[Paired], DatasetIndex]:
    paired = [one.paired for one in results]
    if len({key for one in results for key in one.usage.first}) > spread_parts.MOST_FOLDERS:
      raise UnclearError
    lists = class_lists.find(self.tree.others)
    lists.add([one.usage for one in results])
    if lists.off_by_one():
      raise UnclearError
    refused = sorted((refusal for one in paired for refusal in one.refused), key=lambda refusal: refusal.path)
    return paired, DatasetIndex(self.data_format, (), tuple(refused), tuple(lists.warnings()))
