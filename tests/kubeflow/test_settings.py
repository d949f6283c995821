"""The `kubeflow:` section: what a component gets, and what is refused in one line."""

import pytest

from detection.base.errors import ConfigError
from detection.base.settings import parse_settings
from kubeflow import settings
from kubeflow.settings import KubeflowConfig

CLAIM = {'claim': 'a', 'mount_path': '/a'}


def parse(section):
  return parse_settings(KubeflowConfig, section, 'gpu.yaml: kubeflow')


@pytest.mark.parametrize(
  ('text', 'number'), [('500m', 0.5), ('4', 4), ('2.5', 2.5), ('16Gi', 16 * 2**30), ('2G', 2e9), ('1k', 1000)]
)
def test_quantities_are_read_as_kubernetes_reads_them(text, number):
  assert settings.quantity(text) == number


@pytest.mark.parametrize('text', ['', 'lots', '-1', '16 Gi', '16gi'])
def test_what_is_no_quantity_is_refused(text):
  with pytest.raises(ValueError, match='expected a Kubernetes quantity'):
    settings.quantity(text)


def test_a_components_values_win_and_its_maps_and_lists_are_joined_to_the_defaults():
  toleration = {'key': 'gpu'}
  section = parse(
    {
      'defaults': {'cpu': 1, 'env': {'A': 1, 'B': True}, 'tolerations': [toleration], 'retries': 2},
      'components': {'Trainer': {'cpu': 8, 'env': {'B': 'no'}, 'tolerations': [toleration], 'gpus': 1}},
    }
  )
  trainer = section.resources_of('Trainer')
  assert (trainer.cpu, trainer.gpus, trainer.retries) == ('8', 1, 2)
  assert trainer.env == {'A': '1', 'B': 'no'}
  assert len(trainer.tolerations) == 2
  assert section.resources_of('Pusher').env == {'A': '1', 'B': 'true'}


def test_scratch_and_shared_memory_are_volumes_that_begin_empty():
  resources = settings.Resources(scratch='20Gi', shared_memory='2Gi')
  assert [(volume.mount_path, volume.medium, volume.size) for volume in resources.empty_dirs] == [
    ('/tmp', '', '20Gi'),
    ('/dev/shm', 'Memory', '2Gi'),
  ]
  assert settings.Resources().empty_dirs == []


def test_one_target_of_a_parameter_is_a_list_of_one():
  assert parse({'runtime_parameters': {'n': 'A.b'}}).runtime_parameters == {'n': ['A.b']}


@pytest.mark.parametrize(
  ('section', 'message'),
  [
    pytest.param({'components': {'Count': {'gpus': 'two'}}}, 'components.Count.gpus.*two', id='gpus not a number'),
    pytest.param({'components': {'Count': {'gpus': '2'}}}, 'components.Count.gpus', id='gpus a string'),
    pytest.param({'components': {'Count': {'gpus': -1}}}, 'components.Count.gpus', id='gpus below none'),
    pytest.param({'components': {'Count': {'memory': '16 gigs'}}}, 'memory.*16Gi', id='memory no quantity'),
    pytest.param({'components': {'Count': {'gpu': 1}}}, 'nearest: "components.Count.gpus"', id='a field misspelt'),
    pytest.param({'pipeline_root': '/mnt/pvc'}, 'pipeline_root.*minio://, s3://, gs://', id='a local root'),
    pytest.param({'runtime_parameters': {'n': 'weight'}}, 'n: expected "Component.prop', id='a property of nothing'),
    pytest.param(
      {'defaults': {'secrets': [{'name': 'keys'}]}}, 'either mount_path or env', id='a secret that goes nowhere'
    ),
    pytest.param(
      {'defaults': {'volumes': [{'claim': 'a', 'mount_path': 'data'}]}}, 'absolute path', id='a relative mount'
    ),
    pytest.param(
      {'defaults': {'volumes': [{'claim': 'a', 'mount_path': '/a'}, {'claim': 'a', 'mount_path': '/b'}]}},
      'mounted twice',
      id='a claim mounted twice',
    ),
    pytest.param(
      {'defaults': {'scratch': '1Gi', 'volumes': [{'claim': 'a', 'mount_path': '/tmp'}]}},
      '/tmp is the mount path of two',
      id='two volumes in one place',
    ),
    pytest.param(
      {'defaults': {'volumes': [CLAIM]}, 'components': {'Count': {'volumes': [CLAIM]}}},
      'components.Count, with defaults: "a" is mounted twice',
      id='a claim mounted by the defaults and by a component',
    ),
  ],
)
def test_refused_with_one_line(section, message):
  with pytest.raises(ConfigError, match=message) as refused:
    parse(section)
  assert '\n' not in str(refused.value)
