"""Stages run by processes of this machine: in order, to their result or to what one of them raises."""

import importlib
import os
from pathlib import Path

import pytest

from components.voc_example_gen.spread import local_stages
from components.voc_example_gen.spread.stages import Begun, Result
from components.voc_example_gen.spread.worker_processes import WorkerLostError
from detection.base.errors import DataError
from tests.support import few_stages


@pytest.fixture
def work(monkeypatch):
  """few_stages, where a process finds it: other packages too have a folder of the name `tests`."""
  monkeypatch.syspath_prepend(Path(few_stages.__file__).parent)
  return importlib.import_module('few_stages')


@pytest.fixture
def run(tmp_path):
  def run_one(first, names, processes=2, after_job=lambda result: None):
    return local_stages.run(first, str(tmp_path / 'work'), names, processes, after_job)

  return run_one


def test_a_stage_begins_when_all_jobs_before_it_are_done(run, work, tmp_path):
  assert run(work.Add(str(tmp_path), 1, stop=3), ('A', 'B', 'C', 'D')) == (0, 1, 3, 6)


def test_a_stage_may_have_no_jobs_and_stages_may_end_early(run, work, tmp_path):
  assert run(work.Add(str(tmp_path), 0, stop=1), ('A', 'B', 'C', 'D', 'E')) == (0, 0, 1)


def test_no_process_is_started_for_nothing(run, work, tmp_path, monkeypatch):
  monkeypatch.setattr(local_stages.worker_processes.POOL, 'run', pytest.fail)
  assert run(work.Add(str(tmp_path), 1, stop=0), ('A',)) == (0,)


def test_the_mistake_that_a_stage_finds_is_raised_as_it_is(run, work):
  with pytest.raises(DataError, match=r'^photos: no such class\.$'):
    run(work.Refuse(), ('A', 'B', 'C'))


def test_more_stages_than_names_are_a_bug(run, work, tmp_path):
  with pytest.raises(RuntimeError, match='expected a result after 2 stages, received Add'):
    run(work.Add(str(tmp_path), 1, stop=3), ('A', 'B'))


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason='as many jobs run at a time as there are cores: needs two')
def test_jobs_run_at_the_same_time_and_what_they_return_is_told(run, work, tmp_path):
  noted = []
  jobs = [work.Meet(str(tmp_path), 'a', 'b'), work.Meet(str(tmp_path), 'b', 'a')]
  assert run(lambda: Begun(jobs, Result('done')), ('A',), after_job=noted.append) == 'done'
  assert len({*noted, os.getpid()}) == 3


@pytest.mark.parametrize(
  ('killed', 'error', 'words'),
  [(False, OSError, 'the disk is full'), (True, WorkerLostError, 'ended with status -9')],
  ids=['fails', 'is killed'],
)
def test_no_job_begins_after_one_that(run, work, tmp_path, killed, error, words):
  done = tmp_path / 'done'
  done.mkdir()
  jobs = [work.Note(str(done), number, killed) for number in range(200)]
  with pytest.raises(error, match=words):
    run(lambda: Begun(jobs, Result('done')), ('A',), processes=1)
  assert len(list(done.iterdir())) < 199
