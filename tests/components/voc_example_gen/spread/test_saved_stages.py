"""Stages in files: each begins by its number, and the last one leaves a result or a user's mistake."""

import dataclasses
from pathlib import Path

import pytest

from components.voc_example_gen.spread import saved_stages
from components.voc_example_gen.spread.stages import Begun, Result
from detection.base.errors import DataError


@dataclasses.dataclass(frozen=True)
class Write:
  path: str

  def __call__(self):
    return Path(self.path).write_text('done')


@dataclasses.dataclass(frozen=True)
class First:
  folder: str

  def __call__(self):
    return Begun([Write(f'{self.folder}/{index}') for index in range(2)], Second(self.folder))


@dataclasses.dataclass(frozen=True)
class Second:
  folder: str

  def __call__(self):
    written = sorted(path.read_text() for path in Path(self.folder).glob('[0-9]'))
    if not written:
      raise DataError('nothing is written.')
    return Begun([], Result(written))


def test_jobs_run_by_the_names_of_their_files_and_stages_begin_by_number(tmp_path):
  folder = str(tmp_path)
  jobs = saved_stages.save(folder, 0, First(folder)())
  assert [saved_stages.run(job) for job in jobs] == [4, 4]
  assert saved_stages.begin(folder, 1) == []
  assert saved_stages.result(folder, 2) == ['done', 'done']


def test_after_the_last_stage_the_result_is_handed_on(tmp_path):
  saved_stages.save(str(tmp_path), 0, Begun([], Result(5)))
  assert saved_stages.begin(str(tmp_path), 1) == []
  assert saved_stages.result(str(tmp_path), 1) == saved_stages.result(str(tmp_path), 2) == 5


def test_a_users_mistake_is_kept_until_the_result_is_asked_for(tmp_path):
  folder = str(tmp_path)
  saved_stages.save(folder, 0, First(folder)())
  assert saved_stages.begin(folder, 1) == []
  with pytest.raises(DataError, match=r'^nothing is written\.$'):
    saved_stages.result(folder, 2)


def test_a_stage_that_is_left_is_a_bug(tmp_path):
  saved_stages.save(str(tmp_path), 0, First(str(tmp_path))())
  with pytest.raises(RuntimeError, match='expected a result after 1 stages, received Second'):
    saved_stages.result(str(tmp_path), 1)
