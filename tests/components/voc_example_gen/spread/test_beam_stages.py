"""Stages run as one Beam pipeline: in order, to their result or to the mistake that one of them found."""

import functools
import importlib
import os
from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions

from components.voc_example_gen import parallelism
from components.voc_example_gen.spread import beam_stages
from components.voc_example_gen.spread.stages import Begun, Result
from detection.base.errors import DataError
from tests.support import few_stages
from tests.support.few_stages import Add, Refuse

NOTED = []


@pytest.fixture
def run(tmp_path):
  pipelines = []

  def make():
    pipelines.append(beam.Pipeline(options=PipelineOptions([f'--runner={parallelism.LOCAL_RUNNER}'])))
    return pipelines[-1]

  def run_one(first, names):
    result = beam_stages.run(make, str(tmp_path / 'work'), first, names)
    assert len(pipelines) == 1
    return result

  return run_one


def test_a_stage_begins_when_all_jobs_before_it_are_done(run, tmp_path):
  assert run(Add(str(tmp_path), 1, stop=3), ('A', 'B', 'C', 'D')) == (0, 1, 3, 6)


def test_a_stage_may_have_no_jobs_and_stages_may_end_early(run, tmp_path):
  assert run(Add(str(tmp_path), 0, stop=1), ('A', 'B', 'C', 'D', 'E')) == (0, 0, 1)


def test_the_output_of_every_stage_is_taken(tmp_path):
  """Prism keeps a core busy while jobs run whose output nothing takes."""
  pipeline = beam.Pipeline(options=PipelineOptions([f'--runner={parallelism.LOCAL_RUNNER}']))
  beam_stages.run(lambda: pipeline, str(tmp_path), Add(str(tmp_path), 1, stop=2), ('A', 'B', 'C'))
  transforms = pipeline.to_runner_api().components.transforms.values()
  taken = {collection for one in transforms if one.unique_name.startswith('End ') for collection in one.inputs.values()}
  outputs = [one.outputs.values() for one in transforms if one.unique_name in ('A', 'B', 'C')]
  assert len(outputs) == 3
  assert taken == {collection for of_one in outputs for collection in of_one}


def test_no_pipeline_is_made_for_nothing(tmp_path):
  assert beam_stages.run(pytest.fail, str(tmp_path), Add(str(tmp_path), 1, stop=0), ('A',)) == (0,)


def test_the_mistake_that_a_stage_finds_is_raised_as_it_is(run):
  with pytest.raises(DataError, match=r'^photos: no such class\.$'):
    run(Refuse(), ('A', 'B', 'C'))


def note(result):
  NOTED.append(result)


def in_processes(folder, jobs):
  """Runs jobs, each in a process; returns what these return."""
  NOTED.clear()

  def make():
    return beam.Pipeline(options=PipelineOptions([f'--runner={parallelism.LOCAL_RUNNER}']))

  first = functools.partial(Begun, jobs, Result('done'))
  assert beam_stages.run(make, str(folder), first, ('A',), processes=2, after_job=note) == 'done'
  return NOTED


def test_jobs_run_in_processes_and_what_they_return_is_told(tmp_path):
  noted = in_processes(tmp_path, [os.getpid] * 3)
  assert len(noted) == 3
  assert os.getpid() not in noted


@pytest.fixture
def work(monkeypatch):
  """few_stages, where a process finds it: other packages too have a folder of the name `tests`."""
  monkeypatch.syspath_prepend(Path(few_stages.__file__).parent)
  return importlib.import_module('few_stages')


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason='as many jobs run at a time as there are cores: needs two')
def test_two_jobs_of_a_worker_run_at_the_same_time(tmp_path, work):
  assert len(set(in_processes(tmp_path, [work.Meet(str(tmp_path), *names) for names in ('ab', 'ba')]))) == 2


def test_a_job_that_fails_ends_the_run(tmp_path, work):
  (tmp_path / 'done').mkdir()
  with pytest.raises(Exception, match='the disk is full'):
    in_processes(tmp_path, [work.Note(str(tmp_path / 'done'), number, False) for number in range(3)])


def test_an_engine_that_knows_reshuffle_is_told_of_it(tmp_path):
  pipeline = beam.Pipeline(options=PipelineOptions([f'--runner={parallelism.LOCAL_RUNNER}']))
  beam_stages.run(lambda: pipeline, str(tmp_path), Add(str(tmp_path), 1, stop=1), ('A', 'B'))
  transforms = pipeline.to_runner_api().components.transforms.values()
  spread = {transform.unique_name for transform in transforms if transform.spec.urn == 'beam:transform:reshuffle:v1'}
  assert spread == {'Spread A', 'Spread B'}


def test_more_stages_than_names_are_a_bug(run, tmp_path):
  with pytest.raises(RuntimeError, match='expected a result after 2 stages, received Add'):
    run(Add(str(tmp_path), 1, stop=3), ('A', 'B'))
