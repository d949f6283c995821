"""Stages run as one Beam pipeline: in order, to their result or to the mistake that one of them found."""

import os

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions

from components.voc_example_gen import parallelism
from components.voc_example_gen.spread import beam_stages
from components.voc_example_gen.spread.stages import Begun, Result
from detection.base.errors import DataError
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


def test_no_pipeline_is_made_for_nothing(tmp_path):
  assert beam_stages.run(pytest.fail, str(tmp_path), Add(str(tmp_path), 1, stop=0), ('A',)) == (0,)


def test_the_mistake_that_a_stage_finds_is_raised_as_it_is(run):
  with pytest.raises(DataError, match=r'^photos: no such class\.$'):
    run(Refuse(), ('A', 'B', 'C'))


def note(result):
  NOTED.append(result)


def test_jobs_run_in_processes_and_what_they_return_is_told(tmp_path):
  NOTED.clear()

  def make():
    return beam.Pipeline(options=PipelineOptions([f'--runner={parallelism.LOCAL_RUNNER}']))

  def first():
    return Begun([os.getpid] * 3, Result('done'))

  assert beam_stages.run(make, str(tmp_path), first, ('A',), processes=2, after_job=note) == 'done'
  assert len(NOTED) == 3
  assert os.getpid() not in NOTED


def test_more_stages_than_names_are_a_bug(run, tmp_path):
  with pytest.raises(RuntimeError, match='expected a result after 2 stages, received Add'):
    run(Add(str(tmp_path), 1, stop=3), ('A', 'B'))
