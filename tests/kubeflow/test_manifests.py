"""Manifests and the job that one of them runs."""

import contextlib
import json
import os
import re
import socket
import subprocess
import sys

import pytest
import yaml
from environments import PROJECT

from kubeflow import train_job

CONFIG = """
train_input_reader { label_map_path: "/minio/b/LabelMapGen/1/label_map/label_map.pbtxt"
  tf_record_input_reader { input_path: "/minio/b/VocExampleGen/1/examples/Split-train/*" } }
eval_input_reader { label_map_path: "/minio/b/LabelMapGen/1/label_map/label_map.pbtxt"
  tf_record_input_reader { input_path: "/minio/b/VocExampleGen/1/examples/Split-eval/*" } }
"""


def manifest(name):
  return list(yaml.safe_load_all((PROJECT / 'kubeflow/manifests' / name).read_text()))


def test_a_pipelines_config_is_pointed_to_data_outside_its_pods():
  pointed = train_job.point_to(CONFIG, 's3://b/examples/', 's3://b/label_map.pbtxt')
  assert '/minio' not in pointed
  assert pointed.count('label_map_path: "s3://b/label_map.pbtxt"') == 2
  assert 'input_path: "s3://b/examples/Split-train/*"' in pointed
  assert 'input_path: "s3://b/examples/Split-eval/*"' in pointed


def test_the_jobs_nodes_run_the_trainer_with_the_arguments_it_takes(capsys):
  (job,) = manifest('tfjob.yaml')
  nodes = job['spec']['tfReplicaSpecs']
  assert {role: node['replicas'] for role, node in nodes.items()} == {'Chief': 1, 'Worker': 3}
  for node in nodes.values():
    (container,) = node['template']['spec']['containers']
    # The operator knows the trainer's container by this name.
    assert container['name'] == 'tensorflow'
    assert container['command'] == ['python', '-m', 'kubeflow.train_job']
    with pytest.raises(SystemExit):
      train_job.main([*container['args'], '--not-an-argument'])
    assert 'unrecognized arguments: --not-an-argument' in capsys.readouterr().err


@pytest.mark.slow
def test_two_nodes_train_as_the_operator_starts_them_and_the_chief_writes_the_model(finished_run, tmp_path):
  text = (finished_run.artifact('ConfigPatcher', 'pipeline_config') / 'pipeline.config').read_text()
  (tmp_path / 'pipeline.config').write_text(re.sub(r'\bnum_steps: \d+', 'num_steps: 2', text))
  values = {
    '--pipeline-config': tmp_path / 'pipeline.config',
    '--examples': finished_run.artifact('VocExampleGen', 'examples'),
    '--label-map': finished_run.artifact('LabelMapGen', 'label_map') / 'label_map.pbtxt',
    '--work-root': tmp_path / 'work',
    '--output': tmp_path / 'output',
  }
  cluster = {role: [f'localhost:{port}'] for role, port in zip(('chief', 'worker'), free_ports(2), strict=True)}
  (job,) = manifest('tfjob.yaml')
  nodes = []
  for role in cluster:
    (container,) = job['spec']['tfReplicaSpecs'][role.capitalize()]['template']['spec']['containers']
    given = [argument.partition('=')[0] for argument in container['args']]
    command = [sys.executable, *container['command'][1:], *(f'{name}={values[name]}' for name in given)]
    # As the operator writes it.
    tf_config = {'cluster': cluster, 'task': {'type': role, 'index': 0}, 'environment': 'cloud'}
    variables = {**os.environ, 'TF_CONFIG': json.dumps(tf_config)}
    pipes = {'stdout': subprocess.PIPE, 'stderr': subprocess.STDOUT, 'text': True}
    nodes.append(subprocess.Popen(command, env=variables, cwd=tmp_path, **pipes))
  try:
    outputs = [node.communicate(timeout=400)[0] for node in nodes]
  finally:
    for node in nodes:
      node.kill()  # one whose fellow is gone waits for ever
  assert [node.returncode for node in nodes] == [0, 0], '\n'.join(outputs)
  assert (tmp_path / 'output/model/Format-Serving/saved_model.pb').exists()
  assert json.loads((tmp_path / 'output/model_run/run.json').read_text())['steps'] == 2
  assert list((tmp_path / 'work').iterdir()) == []


def free_ports(count):
  with contextlib.ExitStack() as open_sockets:
    sockets = [open_sockets.enter_context(socket.socket()) for _ in range(count)]
    for each in sockets:
      each.bind(('localhost', 0))
    return [each.getsockname()[1] for each in sockets]


def test_the_server_watches_the_folder_that_versions_are_copied_to():
  deployment, service = manifest('tf-serving.yaml')
  serving, mirror = deployment['spec']['template']['spec']['containers']
  source, folder = mirror['args']
  assert source.endswith('/serving')
  assert f'--model_base_path={folder}' in serving['args']
  assert all(folder in [m['mountPath'] for m in container['volumeMounts']] for container in (serving, mirror))
  assert mirror['command'] == ['python', '-m', 'kubeflow.mirror']
  assert service['spec']['selector'] == deployment['spec']['template']['metadata']['labels']
