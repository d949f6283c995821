"""The stages by which workers pair a large folder of tables: lines of each, rows, images."""

from collections.abc import Mapping
from typing import ClassVar

from components.voc_example_gen.formats import csv_table
from components.voc_example_gen.refusals import Refusal
from components.voc_example_gen.spread.entry_stages import EntryStages
from components.voc_example_gen.spread.spread_csv import File, Join, ReadTable


class CsvStages(EntryStages):
  """See EntryStages; decides on files as csv_table.find does."""

  data_format: ClassVar[str] = 'csv'
  suffix: ClassVar[str] = '.csv'

  def _read_job(self, path: str, output: str) -> ReadTable:
    return ReadTable(self.tree.root, path, output)

  def _work(self) -> tuple[list[File], dict[str, str]]:
    names = {code: name for read in self.reads for code, name in read.names.items()}
    return [File(index, self.reads[index].runs, self.reads[index].relative) for index in self.counting], names

  def _join_job(self, work: str, parts: tuple[int, ...], output: str) -> Join:
    return Join(work, parts, output)

  def _refused_files(self) -> list[Refusal]:
    return [
      csv_table.refuse(path, *read.refused) for path, read in zip(self.paths, self.reads, strict=True) if read.refused
    ]

  def _warnings(self) -> list[str]:
    return [f'{path}: {warning}.' for index, path in self.counting.items() for warning in self.reads[index].warnings]

  @property
  def counting(self) -> Mapping[int, str]:
    return {index: path for index, path in enumerate(self.paths) if not self.reads[index].refused}
