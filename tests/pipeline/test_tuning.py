"""Where a search stands in the pipeline, for the local runner and compiled."""

import json

import pytest
import yaml

from detection.base.errors import ConfigError
from detection.pipeline_config import hyperparameters
from kubeflow.compiler import targets
from pipeline import config, pipeline

SEARCH = {'space': {'learning_rate': {'min': 0.001, 'max': 0.1, 'scale': 'log'}}, 'trials': 3, 'steps': 50}


@pytest.fixture
def load(tmp_path):
  def load(tune, root='/data', **sections):
    path = tmp_path / 'run.yaml'
    path.write_text(yaml.safe_dump({'name': 'tuned', 'data': {'root': root}, 'tune': tune, **sections}))
    return config.load(str(path))

  return load


def components(loaded):
  made = pipeline.create_pipeline(loaded, pipeline.RunContext('/pipeline', '/data', '/serving', target_root='/night'))
  return {component.id: component for component in made.components}


def test_what_the_tuner_finds_goes_to_the_patcher(load):
  found = components(load(SEARCH))

  assert found['ConfigPatcher'].inputs['hyperparameters'] == found['DetectionTuner'].outputs['hyperparameters']
  assert found['DetectionTuner'].exec_properties['num_steps'] == 50
  assert found['ConfigPatcher'].exec_properties['num_steps'] == 2000


def test_what_an_earlier_search_found_is_imported_in_place_of_a_search(load, tmp_path):
  hyperparameters.write(str(tmp_path / 'found'), {'learning_rate': 0.03})

  found = components(load({'import': str(tmp_path / 'found')}))

  assert 'DetectionTuner' not in found
  assert json.loads(found['ConfigPatcher'].exec_properties['overrides']) == {'learning_rate': 0.03}


def test_no_search_unless_asked(load):
  assert 'DetectionTuner' not in components(load(None))


def test_trials_adapt_as_the_training_does(load):
  found = components(load(SEARCH, adapt={'target': '/night', 'weight': 0.3}))

  (target,) = {found[name].inputs['target_examples'] for name in ('DetectionTuner', 'ODAPITrainer')}
  assert target == found['TargetExampleGen'].outputs['examples']
  (adapt,) = {found[name].exec_properties['adapt'] for name in ('DetectionTuner', 'ODAPITrainer')}
  assert json.loads(adapt)['weight'] == 0.3
  assert list(found).index('TargetExampleGen') < list(found).index('DetectionTuner')


def test_a_family_that_cannot_adapt_is_refused_before_anything_is_ingested(load):
  wanted = {'adapt': {'target': '/night'}, 'model': {'base': 'faster_rcnn_resnet50_v1_640'}}
  with pytest.raises(ConfigError, match='adapt: not for model faster_rcnn'):
    components(load(None, **wanted))


@pytest.mark.parametrize('target', targets.TARGETS)
def test_a_search_is_compiled_and_follows_the_runs_parameters(load, tmp_path, target):
  output = tmp_path / 'out.yaml'

  targets.compile_config(load(SEARCH, root='s3://bucket/data'), target, str(output))

  assert 'components.tuner.executor.Executor' in output.read_text() or 'DetectionTuner' in output.read_text()
  parameters = targets.default_parameters(load(SEARCH))
  assert 'DetectionTuner.batch_size' in parameters['batch_size']
  assert 'DetectionTuner.work_root' in parameters['work_root']
