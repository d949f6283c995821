"""The stage by which workers pair a large folder of Pascal VOC files."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from components.voc_example_gen.dataset_index import DatasetIndex
from components.voc_example_gen.spread import spread_listing, spread_pairs
from components.voc_example_gen.spread.pair_stages import PairStages
from components.voc_example_gen.spread.spread_pairs import Pair
from components.voc_example_gen.spread.spread_parts import Paired


class VocStages(PairStages):
  """See PairStages."""

  data_format: ClassVar[str] = spread_pairs.FORMAT

  @property
  def steps(self) -> Sequence[Callable[[], Sequence[Pair]]]:
    return (self.pair,)

  def pair(self) -> list[Pair]:
    return [
      Pair(self.saved, parts, self.is_named, self.methods, spread_pairs.pairs_in(self.folder, index))
      for index, parts in enumerate(spread_listing.divided(self.jobs))
    ]

  def found(self, results: Sequence[Paired]) -> tuple[list[Paired], DatasetIndex]:
    refused = sorted((refusal for one in results for refusal in one.refused), key=lambda refusal: refusal.path)
    return list(results), DatasetIndex(self.data_format, (), tuple(refused))
