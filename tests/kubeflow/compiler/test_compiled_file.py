"""Reading a compiled file back."""

import kubeflow_toy as toy
import pytest

from detection.base.errors import ConfigError
from kubeflow.compiler import compiled_file


def test_a_file_of_ours_is_read_with_its_platforms(compile_toy):
  loaded = compiled_file.read(compile_toy(toy.pipeline(), image_pull_secrets=['registry']))
  assert loaded.name == 'toy'
  assert 'kubernetes' in loaded.platforms['platforms']


def test_the_volume_claims_of_each_container_are_named(compile_toy):
  volumes = [{'claim': 'data', 'mount_path': '/data'}]
  loaded = compiled_file.read(compile_toy(toy.pipeline(), components={'Count': {'volumes': volumes, 'scratch': '1Gi'}}))
  assert compiled_file.volumes(loaded.platforms) == {'Count_executor': ['data']}
  assert compiled_file.volumes({}) == {}


@pytest.mark.parametrize(
  ('content', 'message'),
  [
    pytest.param(None, 'No such file', id='no file'),
    pytest.param('a: [', 'not YAML', id='no YAML'),
    pytest.param('a: 1', 'compiled pipeline', id='another YAML file'),
    pytest.param('pipelineSpec: {}', 'PipelineJob', id="TFX's JSON for Vertex AI"),
    pytest.param('{root: {}, schemaVersion: 2.0.0}', '2.1.0', id='an old schema'),
    pytest.param('{root: {dag: []}, schemaVersion: 2.1.0, pipelineInfo: {name: a}}', 'root.dag.tasks', id='a part'),
  ],
)
def test_other_files_are_refused_with_one_line(tmp_path, content, message):
  file = tmp_path / 'pipeline.yaml'
  if content is not None:
    file.write_text(content)
  with pytest.raises(ConfigError, match=message) as refused:
    compiled_file.read(str(file))
  assert '\n' not in str(refused.value)


def test_tasks_come_after_what_they_depend_on():
  artifact = {'taskOutputArtifact': {'producerTask': 'z'}}
  tasks = {'a': {'inputs': {'artifacts': {'x': artifact}}}, 'b': {'dependentTasks': ['a']}, 'z': {}}
  assert compiled_file.ordered(tasks) == ['z', 'a', 'b']


@pytest.mark.parametrize(
  ('tasks', 'message'),
  [
    pytest.param({'a': {'dependentTasks': ['b']}, 'b': {'dependentTasks': ['a']}}, 'a, b wait', id='a circle'),
    pytest.param({'a': {'dependentTasks': ['b']}}, 'a: depends on task "b"', id='a task that is not there'),
  ],
)
def test_tasks_without_an_order_are_refused(tasks, message):
  with pytest.raises(ConfigError, match=message):
    compiled_file.ordered(tasks)


PARAMETERS = {
  'steps': {'parameterType': 'NUMBER_INTEGER', 'defaultValue': 10.0},
  'rate': {'parameterType': 'NUMBER_DOUBLE', 'defaultValue': 0.1},
  'fast': {'parameterType': 'BOOLEAN', 'defaultValue': False},
  'sizes': {'parameterType': 'LIST', 'defaultValue': [1]},
  'data': {'parameterType': 'STRING'},
}


@pytest.mark.parametrize(
  ('given', 'expected'),
  [
    pytest.param(['data=s3://b/a=b'], {'data': 's3://b/a=b', 'steps': 10}, id='defaults stay'),
    pytest.param(['data=x', 'steps=5', 'rate=.1', 'fast=True'], {'steps': 5, 'rate': 0.1, 'fast': True}, id='typed'),
    pytest.param(['data=x', 'sizes=[2, 3]'], {'sizes': [2, 3]}, id='a list'),
  ],
)
def test_parameters_of_a_run(given, expected):
  spec = {'root': {'inputDefinitions': {'parameters': PARAMETERS}}}
  values = compiled_file.run_parameters(spec, given)
  assert {name: values[name] for name in expected} == expected


@pytest.mark.parametrize(
  ('given', 'message'),
  [
    pytest.param([], 'data=VALUE is missing', id='one without a default'),
    pytest.param(['data=x', 'stesp=1'], 'nearest: "steps"', id='a name unknown'),
    pytest.param(['data=x', 'steps=ten'], "steps.*NUMBER_INTEGER.*'ten'", id='a value of another type'),
    pytest.param(['data'], 'NAME=VALUE', id='no value'),
    pytest.param(['data=x', 'sizes=['], 'sizes: expected a LIST', id='no YAML'),
    pytest.param(['data=x', 'sizes=2'], 'sizes: expected a LIST', id='no list'),
  ],
)
def test_parameters_refused(given, message):
  with pytest.raises(ConfigError, match=message):
    compiled_file.run_parameters({'root': {'inputDefinitions': {'parameters': PARAMETERS}}}, given)


def test_a_compiled_file_has_an_order(compile_toy):
  spec = compiled_file.read(compile_toy(toy.pipeline(statistics=True))).spec
  order = compiled_file.ordered(spec['root']['dag']['tasks'])
  assert order.index('WriteExamples') < order.index('StatisticsGen') < order.index('SchemaGen')
  assert order.index('Count') < order.index('Publish')
