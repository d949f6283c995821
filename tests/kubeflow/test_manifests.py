"""Manifests and the job that one of them runs."""

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


def test_the_server_watches_the_folder_that_versions_are_copied_to():
  deployment, service = manifest('tf-serving.yaml')
  serving, mirror = deployment['spec']['template']['spec']['containers']
  source, folder = mirror['args']
  assert source.endswith('/serving')
  assert f'--model_base_path={folder}' in serving['args']
  assert all(folder in [m['mountPath'] for m in container['volumeMounts']] for container in (serving, mirror))
  assert mirror['command'] == ['python', '-m', 'kubeflow.mirror']
  assert service['spec']['selector'] == deployment['spec']['template']['metadata']['labels']
