"""What became of a file is left beside its rows, whatever was wrong with it."""

from typing import NamedTuple

import pytest

from components.voc_example_gen.refusals import Reason, RefusedFileError
from components.voc_example_gen.spread import work_list
from components.voc_example_gen.spread.read_file import ReadFile
from components.voc_example_gen.spread.spread_parts import UnclearError


class Read(NamedTuple):
  refused: tuple[Reason, str] | None = None
  is_clear: bool = True


class ReadsIfNamedGood(ReadFile):
  result = Read

  def read(self):
    if self.path == 'bad':
      raise RefusedFileError(Reason.ANNOTATION_MALFORMED, 'no text')
    if self.path == 'odd':
      raise UnclearError
    return Read()


@pytest.mark.parametrize(
  ('path', 'found'),
  [('good', Read()), ('bad', Read((Reason.ANNOTATION_MALFORMED, 'no text'))), ('odd', Read(is_clear=False))],
)
def test_what_became_of_the_file_is_kept(tmp_path, path, found):
  ReadsIfNamedGood('data', path, str(tmp_path / 'read'))()
  assert work_list.load(str(tmp_path / 'read.found')) == found
