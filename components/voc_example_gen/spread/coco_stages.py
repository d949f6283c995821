"""The stages by which workers pair a large folder of COCO files: a stream of each, ids, images."""

import functools
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import ClassVar

from components.voc_example_gen import coco_join
from components.voc_example_gen.formats import coco
from components.voc_example_gen.refusals import Refusal, RefusedFileError
from components.voc_example_gen.spread.entry_stages import EntryStages
from components.voc_example_gen.spread.spread_coco import File, Join, ReadCoco


class CocoStages(EntryStages):
  """See EntryStages; decides on files as coco.find does."""

  data_format: ClassVar[str] = 'coco'
  suffix: ClassVar[str] = '.json'

  def _read_job(self, path: str, output: str) -> ReadCoco:
    return ReadCoco(self.tree.root, path, output)

  def _work(self) -> list[File]:
    return [File(index, self.reads[index].runs, self.reads[index].categories) for index in self._used]

  def _join_job(self, work: str, parts: tuple[int, ...], output: str) -> Join:
    return Join(work, parts, output)

  def _refused_files(self) -> list[Refusal]:
    refused = []
    for index, path in enumerate(self.paths):
      if index in self._unread:
        refused.append(self._unread[index])
      else:
        rows = sorted(row for one in self.of_file(index) for row in one.refused)
        refused += [Refusal(path, reason, detail) for _, reason, detail in rows]
    return [*refused, *map(coco.refuse_test, self._tests)]

  def _warnings(self) -> list[str]:
    return [f'{path}: {warning}.' for index, path in self.counting.items() for warning in self._warnings_of(index)]

  def _warnings_of(self, index: int) -> list[str]:
    found, read = self.of_file(index), self.reads[index]
    unknown, images = sum((Counter(one.unknown) for one in found), Counter()), sum(one.images for one in found)
    return coco_join.warnings(unknown, read.turned, read.corners, read.annotations, images)

  @property
  def counting(self) -> Mapping[int, str]:
    return {index: path for index, path in self._used.items() if path not in self._tests}

  @functools.cached_property
  def paths(self) -> Sequence[str]:
    return coco.detection_first(file.path for file in self.tree.others.with_suffix(self.suffix))

  @functools.cached_property
  def _unread(self) -> Mapping[int, Refusal]:
    """{place: refusal} of files that are not read."""
    refused: dict[int, Refusal] = {}
    for index, (path, read) in enumerate(zip(self.paths, self.reads, strict=True)):
      try:
        if len(refused) < index:
          coco.require_things(path)
        if read.refused:
          raise RefusedFileError(*read.refused)
      except RefusedFileError as error:
        refused[index] = coco.refuse(path, error.reason, error.detail)
    return refused

  @property
  def _used(self) -> Mapping[int, str]:
    return {index: path for index, path in enumerate(self.paths) if index not in self._unread}

  @functools.cached_property
  def _tests(self) -> list[str]:
    has_objects = {path: any(one.labelled for one in self.of_file(index)) for index, path in self._used.items()}
    return coco.unlabelled_tests(has_objects)
