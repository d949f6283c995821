"""The stages by which workers pair a large folder of files with many images each, in order: read, join, match."""

import abc
import functools
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from components.voc_example_gen import entries
from components.voc_example_gen.dataset_index import DatasetIndex
from components.voc_example_gen.refusals import Refusal
from components.voc_example_gen.spread import spread_listing, spread_pairs, work_list
from components.voc_example_gen.spread.pair_stages import PAIRING, PairStages
from components.voc_example_gen.spread.spread_entries import Match, Matched, Named
from components.voc_example_gen.spread.spread_parts import Paired, UnclearError

_ROWS_OF_A_JOB = 50_000
_MOST_FILES = 1000


class EntryStages(PairStages):
  """See PairStages."""

  suffix: ClassVar[str]
  names: ClassVar[tuple[str, ...]] = PAIRING

  @property
  def steps(self) -> Sequence[Callable[[], Sequence[Any]]]:
    return self.read, self.join, self.match

  def read(self) -> list[Any]:
    """Jobs that each read a file as a stream."""
    if len(self.paths) > _MOST_FILES:
      raise UnclearError
    return [self._read_job(path, self._read_in(index)) for index, path in enumerate(self.paths)]

  def join(self) -> list[Any]:
    """Jobs that each put together what belongs to some images of all files."""
    work = work_list.save(self.folder, f'{self.data_format}-files', self._work())
    return [self._join_job(work, parts, self._joined_in(index)) for index, parts in enumerate(self._parts)]

  def match(self) -> list[Match]:
    """Jobs that each give the entries of some parts their images."""
    joined = tuple(map(self._joined_in, range(len(self.named))))
    parts = spread_listing.divided(max(self.jobs, len(self._parts)))
    return [
      Match(
        *(self.saved, self.data_format, self.counting, joined, some, self.is_named, self.methods),
        spread_pairs.pairs_in(self.folder, index),
      )
      for index, some in enumerate(parts)
    ]

  def found(self, results: Sequence[Matched]) -> tuple[list[Paired], DatasetIndex]:
    """See PairStages; what is refused is in the order of entries.match."""
    refused, warnings = self._refused_files(), tuple(dict.fromkeys(self._warnings()))
    rows = sorted((row for one in results for row in one.refused), key=lambda row: row[:2])
    refused += [refusal for _, _, refusal in rows]
    refused += entries.repeated(sum((Counter(one.repeats) for one in results), Counter()))
    return [one.paired for one in results], DatasetIndex(self.data_format, (), tuple(refused), warnings)

  @abc.abstractmethod
  def _read_job(self, path: str, output: str) -> Any: ...

  @abc.abstractmethod
  def _work(self) -> Any:
    """What all joining jobs need."""

  @abc.abstractmethod
  def _join_job(self, work: str, parts: tuple[int, ...], output: str) -> Any: ...

  @abc.abstractmethod
  def _refused_files(self) -> list[Refusal]:
    """What is refused without looking for images."""

  @abc.abstractmethod
  def _warnings(self) -> list[str]:
    """What a user should know about the files."""

  @property
  @abc.abstractmethod
  def counting(self) -> Mapping[int, str]:
    """{place: path} of the files whose entries count."""

  @functools.cached_property
  def paths(self) -> Sequence[str]:
    """All files, in the order in which they count."""
    return [file.path for file in self.tree.others.with_suffix(self.suffix)]

  @functools.cached_property
  def reads(self) -> list[Any]:
    """What the jobs that read have found."""
    reads = [work_list.load(f'{self._read_in(index)}.found') for index in range(len(self.paths))]
    if not all(read.is_clear for read in reads):
      raise UnclearError
    return reads

  @functools.cached_property
  def named(self) -> list[tuple[Named, ...]]:
    """What the jobs that join have found."""
    named = [work_list.load(f'{self._joined_in(index)}.found') for index in range(len(self._parts))]
    if not all(one.is_clear for some in named for one in some):
      raise UnclearError
    return named

  def of_file(self, index: int) -> list[Named]:
    """What they have found of one file."""
    return [one for some in self.named for one in some if one.file == index]

  @property
  def _parts(self) -> list[tuple[int, ...]]:
    return spread_listing.divided(-(-sum(read.rows for read in self.reads) // _ROWS_OF_A_JOB))

  def _read_in(self, index: int) -> str:
    return f'{self.folder}/read-{index:05}'

  def _joined_in(self, index: int) -> str:
    return f'{self.folder}/joined-{index:05}'
