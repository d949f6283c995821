"""Compiled files against the kfp SDK and kfp-kubernetes of today, in an environment of their own."""

import json
import subprocess

import kubeflow_toy as toy
import pytest
import yaml

from tests.support.environments import PROJECT, python_with

SECTION = {
  'components': {
    'Count': {
      'gpus': 2,
      'scratch': '1Gi',
      'shared_memory': '1Gi',
      'node_selector': {'pool': 'gpu'},
      'tolerations': [{'key': 'nvidia.com/gpu'}],
      'volumes': [{'claim': 'data', 'mount_path': '/data', 'sub_path': 'x'}],
      'secrets': [{'name': 'keys', 'env': {'KEY': 'key'}}, {'name': 'files', 'mount_path': '/secrets'}],
    }
  },
  'image_pull_secrets': ['registry'],
  'image_pull_policy': 'Always',
  'runtime_parameters': {'images': 'WriteExamples.count'},
}


@pytest.fixture
def loaded(compile_toy):
  python = python_with('kfp', 'kfp==2.17.0', 'kfp-kubernetes==2.17.0')
  path = compile_toy(toy.pipeline(), **SECTION)
  done = subprocess.run(
    [python, str(PROJECT / 'tests/support/load_with_current_kfp.py'), path], capture_output=True, text=True
  )
  assert done.returncode == 0, done.stderr
  return json.loads(done.stdout)


@pytest.mark.slow
def test_a_compiled_file_loads_with_the_current_sdk_and_the_proto_kept_here_is_the_current_one(loaded):
  assert loaded['name'] == 'toy'
  assert loaded['parameters'] == ['images']
  assert {label: int(count) for label, count in loaded['gpus'].items() if int(count)} == {'Count_executor': 2}
  assert loaded['labels'] == ['Count_executor', 'Publish_executor', 'WriteExamples_executor']
  kept = yaml.safe_load((PROJECT / 'kubeflow/compiler/kubernetes_executor_config.yaml').read_text())
  assert loaded['descriptor'] == kept
