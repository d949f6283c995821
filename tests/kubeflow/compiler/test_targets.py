"""From a run config to compiled files: the real pipeline."""

import re

import pytest
import tensorflow as tf
import yaml

from detection.base.errors import ConfigError
from kubeflow.compiler import compiled_file, targets
from pipeline import config as run_config
from pipeline.config import RunConfig
from tests.support.environments import PROJECT
from tests.support.stacks import legacy_only

TARGETS = ['kfp', pytest.param('kfp-v1', marks=legacy_only)]
GPU = {'components': {'ODAPITrainer': {'gpus': 1}}}


def config(data='s3://bucket/data', **changes):
  return RunConfig(**{'name': 'raccoon', 'data': {'root': data}, 'kubeflow': GPU, **changes})


@pytest.fixture(scope='module')
def spec(tmp_path_factory):
  output = str(tmp_path_factory.mktemp('compiled') / 'pipeline.yaml')
  targets.compile_config(config(), 'kfp', output)
  return compiled_file.read(output).spec


def test_the_trainer_alone_gets_the_gpu(spec):
  executors = spec['deploymentSpec']['executors']
  with_resources = [label for label, executor in executors.items() if 'resources' in executor['container']]
  assert with_resources == ['ODAPITrainer_executor']


def test_steps_that_only_some_runs_have_get_what_is_named_for_them_and_no_other_does(tmp_path):
  resources = {'DetectionTuner': {'gpus': 2}, 'TargetExampleGen': {'cpu': 2}, 'ModelExporter': {'memory': '4G'}}
  more = {
    'tune': {'space': {'learning_rate': {'values': [0.01, 0.02]}}},
    'adapt': {'target': 's3://bucket/night'},
    'export': {'onnx': True},
  }
  targets.compile_config(config(kubeflow={'components': resources}, **more), 'kfp', str(tmp_path / 'out.yaml'))
  executors = compiled_file.read(str(tmp_path / 'out.yaml')).spec['deploymentSpec']['executors']
  given = {label: executor['container'].get('resources') for label, executor in executors.items()}
  assert {label: got for label, got in given.items() if got} == {
    'DetectionTuner_executor': {'accelerator': {'type': 'nvidia.com/gpu', 'count': '2'}},
    'TargetExampleGen_executor': {'cpuLimit': 2.0},
    'ModelExporter_executor': {'memoryLimit': 4.0},
  }


def test_each_step_is_told_where_runs_are_logged_if_the_config_says_so(spec, tmp_path):
  targets.compile_config(config(track={'mlflow': 'http://mlflow:5000'}), 'kfp', str(tmp_path / 'out.yaml'))
  tracked = compiled_file.read(str(tmp_path / 'out.yaml')).spec['deploymentSpec']['executors']
  assert tracked['ODAPITrainer_executor']['container']['env'] == [
    {'name': 'DETECTION_EXPERIMENT', 'value': 'raccoon'},
    {'name': 'MLFLOW_TRACKING_URI', 'value': 'http://mlflow:5000'},
  ]
  assert 'env' not in spec['deploymentSpec']['executors']['ODAPITrainer_executor']['container']


def test_everything_that_outlives_a_step_is_below_the_pipeline_root(spec):
  parameters = spec['root']['inputDefinitions']['parameters']
  defaults = {name: parameter['defaultValue'] for name, parameter in parameters.items()}
  home = 'minio://mlpipeline/v2/artifacts/raccoon'
  assert defaults == {
    'data_root': 's3://bucket/data',
    'num_steps': 2000,
    'batch_size': 8,
    'work_root': f'{home}/training',
    'push_destination': f'{home}/serving',
  }


def test_the_evaluators_baseline_is_where_models_are_pushed(spec):
  tasks = spec['root']['dag']['tasks']
  expected = {'componentInputParameter': 'push_destination'}
  assert tasks['MapEvaluator']['inputs']['parameters']['baseline_destination'] == expected
  assert tasks['DetectionPusher']['inputs']['parameters']['destination'] == expected


def test_ingestion_is_never_cached_and_the_rest_is(spec):
  tasks = spec['root']['dag']['tasks']
  assert [name for name, task in tasks.items() if 'cachingOptions' not in task] == ['VocExampleGen']


def test_caching_is_as_the_config_says(tmp_path):
  section = {'components': {'VocExampleGen': {'cache': True}, 'MapEvaluator': {'cache': False}}}
  targets.compile_config(config(kubeflow=section), 'kfp', str(tmp_path / 'out.yaml'))
  tasks = compiled_file.read(str(tmp_path / 'out.yaml')).spec['root']['dag']['tasks']
  assert [name for name, task in tasks.items() if 'cachingOptions' not in task] == ['MapEvaluator']
  with pytest.raises(ConfigError, match='VocExampleGen: cache is for KFP 2'):
    targets.compile_config(config(kubeflow=section), 'kfp-v1', str(tmp_path / 'v1.yaml'))


def test_another_threshold_changes_one_task_so_that_kfp_can_take_the_model_from_its_cache(tmp_path):
  parts = []
  for threshold in (0.5, 0.6):
    targets.compile_config(config(evaluate={'thresholds': {'AP50': threshold}}), 'kfp', str(tmp_path / 'out.yaml'))
    spec = compiled_file.read(str(tmp_path / 'out.yaml')).spec
    executors = spec['deploymentSpec']['executors']
    tasks = spec['root']['dag']['tasks']
    parts.append({name: (tasks[name], executors[f'{name}_executor'], spec['components'][name]) for name in tasks})
  before, after = parts
  assert [name for name in before if before[name] != after[name]] == ['MapEvaluator']


@pytest.mark.parametrize('target', TARGETS)
def test_every_target_compiles(target, tmp_path):
  targets.compile_config(config(), target, str(tmp_path / 'out.yaml'))
  assert 'nvidia.com/gpu' in (tmp_path / 'out.yaml').read_text()


def test_a_target_domain_is_ingested_by_a_step_of_its_own_that_is_never_cached(tmp_path):
  adapt = {'target': 's3://bucket/night', 'weight': 0.05}
  targets.compile_config(config(adapt=adapt), 'kfp', str(tmp_path / 'out.yaml'))
  root = compiled_file.read(str(tmp_path / 'out.yaml')).spec['root']
  assert root['inputDefinitions']['parameters']['target_root']['defaultValue'] == 's3://bucket/night'
  tasks = root['dag']['tasks']
  assert 'cachingOptions' not in tasks['TargetExampleGen']
  artifact = tasks['ODAPITrainer']['inputs']['artifacts']['target_examples']
  assert artifact['taskOutputArtifact']['producerTask'] == 'TargetExampleGen'
  assert '"weight": 0.05' in str(tasks['ODAPITrainer']['inputs']['parameters']['adapt'])


@pytest.mark.parametrize('target', ['kfp', 'kfp-v1'])
@pytest.mark.parametrize(
  ('changes', 'message'),
  [
    pytest.param({'data': 'demo/data'}, 'data.root.*demo/data', id='data on the laptop'),
    pytest.param({'push': {'destination': 'serving'}}, 'push.destination', id='a destination on the laptop'),
    pytest.param({'adapt': {'target': 'night'}}, 'adapt.target.*night', id='target images on the laptop'),
    pytest.param({'kubeflow': {'components': {'Trainer': {'gpus': 1}}}}, 'ODAPITrainer', id='a component unknown'),
    pytest.param({'kubeflow': {'pipeline_root': '/mnt'}}, 'pipeline_root', id='a local root'),
    pytest.param({'kubeflow': {'imag': 'x'}}, 'nearest: "image"', id='a key misspelt'),
  ],
)
def test_what_could_not_run_is_refused_and_nothing_is_written(target, changes, message, tmp_path):
  with pytest.raises(ConfigError, match=message):
    targets.compile_config(config(**changes), target, str(tmp_path / 'out.yaml'))
  assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize('target', TARGETS)
def test_the_readmes_section_compiles(target, tmp_path):
  text = (PROJECT / 'kubeflow/README.md').read_text()
  (section,) = re.findall(r'```yaml\nkubeflow:\n.*?```', text, re.DOTALL)
  kubeflow = yaml.safe_load(section.strip('`').removeprefix('yaml'))['kubeflow']
  targets.compile_config(config(kubeflow=kubeflow), target, str(tmp_path / 'out.yaml'))
  assert 'REGISTRY/detection-pipeline:1-gpu' in (tmp_path / 'out.yaml').read_text()


SEARCH = {'space': {'learning_rate': {'min': 0.001, 'max': 0.1, 'scale': 'log'}}, 'trials': 3, 'steps': 50}


@pytest.mark.parametrize('target', TARGETS)
def test_a_search_is_compiled_and_follows_the_runs_parameters(tmp_path, target):
  output = tmp_path / 'out.yaml'
  targets.compile_config(config(tune=SEARCH), target, str(output))
  assert 'components.tuner.executor.Executor' in output.read_text() or 'DetectionTuner' in output.read_text()
  parameters = targets.default_parameters(config(tune=SEARCH))
  assert 'DetectionTuner.batch_size' in parameters['batch_size']
  assert 'DetectionTuner.work_root' in parameters['work_root']


@pytest.mark.parametrize('target', TARGETS)
@pytest.mark.parametrize('two_stage', [{}, {'detector': 's3://bucket/serving'}])
def test_a_classifier_is_compiled_with_the_parameters_that_its_steps_have(tmp_path, target, two_stage):
  output = tmp_path / 'out.yaml'
  loaded = config(two_stage=two_stage, kubeflow={})
  targets.compile_config(loaded, target, str(output))
  assert 'CropClassifier' in output.read_text()
  assert ('num_steps' in targets.default_parameters(loaded)) == (not two_stage)


@pytest.mark.parametrize('two_stage', [{'detector': 'runs/serving'}, {'backbone': 'MobileNetV2=weights.h5'}])
def test_a_detector_that_no_container_can_see_is_refused(tmp_path, two_stage):
  with pytest.raises(ConfigError, match=f'two_stage.{next(iter(two_stage))}: .* means nothing in a container'):
    targets.compile_config(config(two_stage=two_stage), 'kfp', str(tmp_path / 'out.yaml'))


@pytest.mark.parametrize('checkpoint', ['imagenet', 's3://bucket/net.h5'])
def test_weights_to_start_from_are_looked_at_by_the_training_step_alone(tmp_path, monkeypatch, checkpoint):
  # Here there is no cache of Keras to find them in, and nothing is fetched.
  monkeypatch.setenv('KERAS_HOME', str(tmp_path / 'keras'))
  monkeypatch.setattr(tf.keras.applications, 'MobileNetV2', None)
  loaded = run_config.load(
    str(PROJECT / 'configs/finetune.yaml'), 's3://bucket/data', [f'model.checkpoint={checkpoint}']
  )
  targets.compile_config(loaded, 'kfp', str(tmp_path / 'out.yaml'))
  tasks = compiled_file.read(str(tmp_path / 'out.yaml')).spec['root']['dag']['tasks']
  assert tasks['ConfigPatcher']['inputs']['parameters']['checkpoint']['runtimeValue']['constant'] == checkpoint


def test_weights_that_no_container_can_see_are_refused(tmp_path):
  model = {'mode': 'classification', 'checkpoint': 'net.h5'}
  with pytest.raises(ConfigError, match=r'model.checkpoint: "net.h5" means nothing in a container'):
    targets.compile_config(config(model=model), 'kfp', str(tmp_path / 'out.yaml'))
