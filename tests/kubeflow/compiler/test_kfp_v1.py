"""What compile writes for clusters that still run KFP v1."""

import functools
import graphlib
import json
import os
import subprocess
import sys

import kubeflow_toy as toy
import pytest
import yaml

from detection.base.errors import ConfigError
from detection.base.settings import parse_settings
from kubeflow.compiler import kfp_v1
from kubeflow.settings import KubeflowConfig
from tests.support import mlmd_server
from tests.support.stacks import legacy_only

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
  kfp_v1.compile_pipeline(toy.pipeline(), parse_settings(KubeflowConfig, SECTION, 'kubeflow'), str(output))
  return yaml.safe_load(output.read_text())


def template(workflow, component):
  return next(template for template in workflow['spec']['templates'] if template['name'] == component)


@legacy_only
def test_only_the_components_named_get_gpus_and_as_strings(workflow):
  limits = template(workflow, 'count')['container']['resources']['limits']
  assert limits == {'cpu': '500m', 'memory': '16Gi', 'nvidia.com/gpu': '2'}
  assert 'resources' not in template(workflow, 'writeexamples')['container']
  assert 'resources' not in template(workflow, 'publish')['container']


@legacy_only
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


@legacy_only
def test_steps_find_the_metadata_store_and_run_our_entrypoint_in_our_image(workflow):
  for component in ('writeexamples', 'count', 'publish'):
    container = template(workflow, component)['container']
    assert container['command'] == ['python', '-m', 'kubeflow.runtime.entrypoint_v1']
    assert container['image'] == 'registry/detection:1'
    assert container['envFrom'] == [{'configMapRef': {'name': 'metadata-grpc-configmap', 'optional': True}}]
  assert workflow['spec']['imagePullSecrets'] == [{'name': 'registry'}]


@legacy_only
def test_parameters_of_a_run_keep_their_defaults(workflow):
  parameters = {p['name']: p.get('value') for p in workflow['spec']['arguments']['parameters']}
  assert parameters['images'] == '5'
  assert parameters['pipeline-root'] == '/unused'


@legacy_only
@pytest.mark.slow
def test_each_step_runs_as_argo_starts_it(tmp_path):
  published, root = tmp_path / 'published', tmp_path / 'root'
  file = tmp_path / 'workflow.yaml'
  kfp_v1.compile_pipeline(toy.pipeline(destination=str(published)), KubeflowConfig(), str(file))
  workflow = yaml.safe_load(file.read_text())
  with mlmd_server.running() as port:
    for step in steps_in_order(workflow):
      run_step(template(workflow, step), tmp_path, port, str(root))
  assert json.loads((published / 'label_map.pbtxt').read_text()) == {'records': 5, 'weight': 0.5, 'images': 5}
  assert list(root.glob('Count/report/*/label_map.pbtxt'))


def steps_in_order(workflow):
  """Names of the DAG's templates, each after those it depends on."""
  dag = template(workflow, workflow['spec']['entrypoint'])['dag']['tasks']
  needs = {task['name']: task.get('dependencies', []) for task in dag}
  return list(graphlib.TopologicalSorter(needs).static_order())


def run_step(step, folder, metadata_port, pipeline_root):
  """Runs a template's exact command in a process of its own, with what Argo and Kubernetes put into it."""
  container = step['container']
  filled = {'{{inputs.parameters.pipeline-root}}': pipeline_root, '/tmp/mlpipeline-ui': f'{folder}/mlpipeline-ui'}
  command = [sys.executable, *container['command'][1:]]
  for argument in container['args']:
    command.append(functools.reduce(lambda text, name: text.replace(name, filled[name]), filled, argument))
  # Values that the pod takes from its own description.
  variables = {entry['name']: entry.get('value', 'workflow-1') for entry in container['env']}
  variables |= {'METADATA_GRPC_SERVICE_HOST': '127.0.0.1', 'METADATA_GRPC_SERVICE_PORT': str(metadata_port)}
  done = subprocess.run(command, env={**os.environ, **variables}, cwd=folder, capture_output=True, text=True)
  assert done.returncode == 0, done.stdout + done.stderr


def test_an_unknown_component_is_refused(tmp_path):
  config = parse_settings(KubeflowConfig, {'components': {'Cuont': {'gpus': 1}}}, 'kubeflow')
  with pytest.raises(ConfigError, match='nearest: "components.Count"'):
    kfp_v1.compile_pipeline(toy.pipeline(), config, str(tmp_path / 'workflow.yaml'))
  assert list(tmp_path.iterdir()) == []


def test_a_tfx_that_cannot_compile_for_v1_is_named_in_one_line(tmp_path, monkeypatch):
  monkeypatch.setitem(sys.modules, 'tfx.orchestration.kubeflow.kubeflow_dag_runner', None)  # as in TFX 1.21
  monkeypatch.delattr('tfx.orchestration.kubeflow.kubeflow_dag_runner', raising=False)
  with pytest.raises(ConfigError, match='--target kfp-v1: expected TFX 1.15.*STACK=legacy'):
    kfp_v1.compile_pipeline(toy.pipeline(), KubeflowConfig(), str(tmp_path / 'workflow.yaml'))
  assert list(tmp_path.iterdir()) == []
