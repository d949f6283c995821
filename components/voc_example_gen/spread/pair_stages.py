"""What pairing the files of a large folder needs, of whatever format: stages of jobs, of which the last write pairs."""

import abc
import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from components.voc_example_gen.dataset_index import DatasetIndex
from components.voc_example_gen.spread.spread_listing import SpreadTree
from components.voc_example_gen.spread.spread_parts import Paired

PAIRING = ('Read', 'Join', 'Pair')  # stages; lists are read in the first, formats have some of them, and the last


@dataclasses.dataclass(frozen=True)
class PairStages(abc.ABC):
  """Makes the jobs of each stage, when those of the stage before have been done. Picklable.

  All methods raise UnclearError if the folder has to be paired as a whole.

  Attributes:
    tree: the folder's listing.
    saved: a file with it.
    folder: gets what workers write.
    methods: names of the methods that may give the splits.
    is_named: whether the user named the format; if not, annotations of another one make all unclear.
    jobs: how many are worth it for as many files.
  """

  tree: SpreadTree
  saved: str
  folder: str
  methods: tuple[str, ...]
  is_named: bool
  jobs: int

  data_format: ClassVar[str]
  names: ClassVar[tuple[str, ...]] = ('Pair',)  # of the steps, as in PAIRING

  @property
  def texts_of_others(self) -> int:
    """How many texts may be of another format, if they have no line."""
    return self.tree.labels

  @property
  @abc.abstractmethod
  def steps(self) -> Sequence[Callable[[], Sequence[Any]]]:
    """Each gives the jobs of a stage; those of the last one write pairs, each to spread_pairs.pairs_in its number."""

  @abc.abstractmethod
  def found(self, results: Sequence[Any]) -> tuple[list[Paired], DatasetIndex]:
    """What is known of all parts, and the index without its items; results: what the jobs of the last stage found."""
