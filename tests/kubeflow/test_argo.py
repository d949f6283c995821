"""What compile writes for clusters that still run KFP v1."""

import kubeflow_toy as toy
import pytest
import yaml

from components import typed
from components.errors import ConfigError
from kubeflow import argo
from kubeflow.settings import KubeflowConfig

SECTION = {
  'image': 'registry/detection:1',
  'image_pull_secrets': ['registry'],
  'components': {
    'Count': {
      'gpus': 2,
      'cpu': '500m',
      'memory': '16Gi',
      'retries': 3,
      'scratch': '20Gi',
      'node_selector': {'pool': 'gpu'},
      'tolerations': [{'key': 'nvidia.com/gpu', 'effect': 'NoSchedule'}],
      'volumes': [{'claim': 'data', 'mount_path': '/data'}],
      'secrets': [{'name': 's3-keys', 'env': {'AWS_ACCESS_KEY_ID': 'id'}}],
      'env': {'S3_USE_HTTPS': False},
    }
  },
  'runtime_parameters': {'images': 'WriteExamples.count'},
}


@pytest.fixture
def workflow(tmp_path):
  output = tmp_path / 'workflow.yaml'
  argo.compile_pipeline(toy.pipeline(), typed.parse(KubeflowConfig, SECTION, 'kubeflow'), str(output))
  return yaml.safe_load(output.read_text())


def template(workflow, component):
  return next(template for template in workflow['spec']['templates'] if template['name'] == component)


def test_only_the_components_named_get_gpus_and_as_strings(workflow):
  limits = template(workflow, 'count')['container']['resources']['limits']
  assert limits == {'cpu': '500m', 'memory': '16Gi', 'nvidia.com/gpu': '2'}
  assert 'resources' not in template(workflow, 'writeexamples')['container']
  assert 'resources' not in template(workflow, 'publish')['container']


def test_the_rest_of_what_the_component_was_given(workflow):
  count = template(workflow, 'count')
  assert count['nodeSelector'] == {'pool': 'gpu'}
  assert count['tolerations'] == [{'key': 'nvidia.com/gpu', 'operator': 'Exists', 'effect': 'NoSchedule'}]
  assert count['retryStrategy']['limit'] == 3
  assert {mount['mountPath'] for mount in count['container']['volumeMounts']} == {'/data', '/tmp'}
  variables = {variable['name']: variable for variable in count['container']['env']}
  assert variables['S3_USE_HTTPS']['value'] == 'false'
  assert variables['AWS_ACCESS_KEY_ID']['valueFrom']['secretKeyRef'] == {
    'name': 's3-keys',
    'key': 'id',
    'optional': False,
  }


def test_steps_find_the_metadata_store_and_run_our_entrypoint_in_our_image(workflow):
  for component in ('writeexamples', 'count', 'publish'):
    container = template(workflow, component)['container']
    assert container['command'] == ['python', '-m', 'kubeflow.entrypoint_v1']
    assert container['image'] == 'registry/detection:1'
    assert container['envFrom'] == [{'configMapRef': {'name': 'metadata-grpc-configmap', 'optional': True}}]
  assert workflow['spec']['imagePullSecrets'] == [{'name': 'registry'}]


def test_parameters_of_a_run_keep_their_defaults(workflow):
  parameters = {p['name']: p.get('value') for p in workflow['spec']['arguments']['parameters']}
  assert parameters['images'] == '5'
  assert parameters['pipeline-root'] == '/unused'


def test_an_unknown_component_is_refused(tmp_path):
  config = typed.parse(KubeflowConfig, {'components': {'Cuont': {'gpus': 1}}}, 'kubeflow')
  with pytest.raises(ConfigError, match='nearest: "components.Count"'):
    argo.compile_pipeline(toy.pipeline(), config, str(tmp_path / 'workflow.yaml'))
  assert list(tmp_path.iterdir()) == []
