"""What the driver makes of a task: the ExecutorInput, and which values it refuses."""

import json

import pytest

from kubeflow.emulator import clusters, driver
from kubeflow.emulator.clusters import ClusterError


def component(kind):
  return {
    'inputDefinitions': {'parameters': {'n': {'parameterType': kind}}},
    'outputDefinitions': {'parameters': {'count': {}}},
  }


def sent(tmp_path, kind, value):
  return driver.executor_input(clusters.Plain(tmp_path), tmp_path / 'pod', 'Train', component(kind), {'n': value}, {})


@pytest.mark.parametrize(
  ('kind', 'value', 'expected'),
  [
    pytest.param('NUMBER_INTEGER', 4, 4, id='an integer'),
    pytest.param('NUMBER_DOUBLE', 0.5, 0.5, id='a number'),
    pytest.param('STRING', 0.00001, '0.00001', id='a number where text is declared becomes text'),
    pytest.param('STRING', {'a': 1}, '{"a":1}', id='so does a struct'),
    pytest.param('BOOLEAN', True, True, id='a truth value'),
  ],
)
def test_values_of_the_declared_type_are_passed_on(tmp_path, kind, value, expected):
  assert sent(tmp_path, kind, value)['inputs']['parameterValues'] == {'n': expected}


@pytest.mark.parametrize(('kind', 'value'), [('NUMBER_INTEGER', '4'), ('NUMBER_DOUBLE', True), ('STRUCT', [1])])
def test_values_of_another_type_are_refused_before_the_pod_starts(tmp_path, kind, value):
  with pytest.raises(ClusterError, match=f'"n" type mismatch: expect {kind}, got '):
    sent(tmp_path, kind, value)


def test_numbers_are_written_as_go_writes_them(tmp_path):
  cluster = clusters.OpenSource(tmp_path, 'minio://b/root')
  examples = {
    'name': '3',
    'uri': 'minio://b/examples',
    'metadata': {'images': 5, 'share': 0.5, 'id': 3248947586784559616},
  }
  given = driver.executor_input(cluster, tmp_path, 'Train', component('NUMBER_DOUBLE'), {'n': 2.0}, {'data': examples})
  (sent_examples,) = given['inputs']['artifacts']['data']['artifacts']
  found = {**given['inputs']['parameterValues'], **sent_examples['metadata']}
  del found['store_session_info']
  assert json.dumps(found) == '{"n": 2, "images": 5, "share": 0.5, "id": 3248947586784559600}'


def test_values_are_written_to_files_of_the_pod(tmp_path):
  outputs = sent(tmp_path, 'STRING', 'a')['outputs']
  assert outputs['parameters'] == {'count': {'outputFile': f'{tmp_path}/pod/tmp/kfp/outputs/count'}}
  assert outputs['outputFile'].endswith('/output_metadata.json')
