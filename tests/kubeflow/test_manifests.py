"""Manifests and the job that one of them runs."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from concurrent import futures

import numpy as np
import pytest
import tensorflow as tf
import yaml

from components.tuner import inputs, results, storage
from components.tuner.results import TrialResult
from components.tuner.study import SearchStudy
from detection.base.errors import ConfigError
from kubeflow.runtime import train_job, tune_job
from tests.support.environments import PROJECT

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


@pytest.mark.parametrize(('name', 'module'), [('tfjob.yaml', train_job), ('tuning-tfjob.yaml', tune_job)])
def test_the_jobs_nodes_run_a_program_with_the_arguments_it_takes(capsys, name, module):
  (job,) = manifest(name)
  nodes = job['spec']['tfReplicaSpecs']
  assert {role: node['replicas'] for role, node in nodes.items()} == {'Chief': 1, 'Worker': 3}
  for node in nodes.values():
    pod = node['template']['spec']
    (container,) = pod['containers']
    # The operator knows the job's container by this name.
    assert container['name'] == 'tensorflow'
    assert container['command'] == ['python', '-m', module.__name__]
    assert {mount['name'] for mount in container['volumeMounts']} == {volume['name'] for volume in pod['volumes']}
    with pytest.raises(SystemExit):
      module.main([*container['args'], '--not-an-argument'])
    assert 'unrecognized arguments: --not-an-argument' in capsys.readouterr().err


def test_a_job_that_is_to_search_nothing_says_so_in_one_line(tmp_path, capsys, monkeypatch):
  monkeypatch.setattr(signal, 'signal', lambda *_: None)
  (tmp_path / 'run.yaml').write_text('tune: null')
  values = {'--config': tmp_path / 'run.yaml', '--examples': '/e', '--label-map': '/l/label_map.pbtxt'}
  values |= {'--work-root': '/w', '--output': '/o'}

  status = tune_job.main([f'{name}={value}' for name, value in values.items()])

  assert status == 2
  assert re.fullmatch(
    r'kubeflow.runtime.tune_job: .*run.yaml: tune: expected a space to search.*\n', capsys.readouterr().err
  )


def test_a_search_adapts_to_the_target_examples_it_is_given(tmp_path):
  space = {'learning_rate': {'values': [0.01]}}
  (tmp_path / 'run.yaml').write_text(
    yaml.safe_dump({'tune': {'space': space}, 'adapt': {'target': '/n', 'weight': 0.3}})
  )
  values = {'--config': tmp_path / 'run.yaml', '--examples': '/e', '--label-map': '/l/label_map.pbtxt'}
  values |= {'--work-root': '/w', '--output': '/o'}
  arguments = [f'{name}={value}' for name, value in values.items()]

  inputs, properties = tune_job.execution(tune_job.parse([*arguments, '--target-examples=/t']))
  assert (inputs['target_examples'][0].uri, json.loads(properties['adapt'])['weight']) == ('/t', 0.3)
  with pytest.raises(ConfigError, match='DetectionTuner: adapt: expected target_examples'):
    tune_job.execution(tune_job.parse(arguments))


def test_a_training_that_is_to_adapt_to_nothing_says_so_in_one_line(tmp_path, capsys, monkeypatch):
  monkeypatch.setattr(signal, 'signal', lambda *_: None)
  (tmp_path / 'pipeline.config').write_text(CONFIG)
  values = {'--pipeline-config': tmp_path / 'pipeline.config', '--examples': '/e', '--label-map': '/l/label_map.pbtxt'}
  values |= {'--work-root': '/w', '--output': '/o', '--adapt': '{"weight": 0.3}'}

  status = train_job.main([f'{name}={value}' for name, value in values.items()])

  assert status == 2
  assert re.fullmatch(r'kubeflow.runtime.train_job: .*adapt: expected target_examples.*\n', capsys.readouterr().err)


@pytest.fixture
def start(tmp_path):
  """Starts one of two nodes, 'chief' or 'worker', of a manifest's job; at the end, none is left."""
  ports = free_ports(2)
  started = []

  def start(name, role, values, *more):
    (job,) = manifest(name)
    (container,) = job['spec']['tfReplicaSpecs'][role.capitalize()]['template']['spec']['containers']
    given = [argument.partition('=')[0] for argument in container['args']]
    command = [sys.executable, *container['command'][1:], *(f'{each}={values[each]}' for each in given), *more]
    # As the operator writes it.
    cluster = {each: [f'localhost:{port}'] for each, port in zip(('chief', 'worker'), ports, strict=True)}
    tf_config = {'cluster': cluster, 'task': {'type': role, 'index': 0}, 'environment': 'cloud'}
    variables = {**os.environ, 'TF_CONFIG': json.dumps(tf_config)}
    pipes = {'stdout': subprocess.PIPE, 'stderr': subprocess.STDOUT, 'text': True}
    started.append(subprocess.Popen(command, env=variables, cwd=tmp_path, **pipes))
    return started[-1]

  yield start
  for node in started:
    node.kill()  # one whose fellow is gone waits for ever
    node.communicate()


@pytest.mark.slow
def test_two_nodes_train_as_the_operator_starts_them_and_the_chief_writes_the_model(finished_run, tmp_path, start):
  text = (finished_run.artifact('ConfigPatcher', 'pipeline_config') / 'pipeline.config').read_text()
  (tmp_path / 'pipeline.config').write_text(re.sub(r'\bnum_steps: \d+', 'num_steps: 2', text))
  values = {'--pipeline-config': tmp_path / 'pipeline.config', **job_values(finished_run, tmp_path)}
  nodes = [start('tfjob.yaml', role, values, '--settings={"export": "last"}') for role in ('chief', 'worker')]
  outputs = read_to_the_end(nodes)
  assert [node.returncode for node in nodes] == [0, 0], '\n'.join(outputs)
  assert (tmp_path / 'output/model/Format-Serving/saved_model.pb').exists()
  assert json.loads((tmp_path / 'output/model_run/run.json').read_text())['steps'] == 2
  # The averages of batch norm are the mean of both nodes', as the last checkpoint has them.
  exported, last = (
    tf.train.load_checkpoint(str(tmp_path / 'output' / path)) for path in ('model/checkpoint', 'model_run/checkpoints')
  )
  averages = [name for name in exported.get_variable_to_shape_map() if 'moving_mean' in name]
  assert averages
  assert all(np.array_equal(exported.get_tensor(name), last.get_tensor(name)) for name in averages)
  assert list((tmp_path / 'work').iterdir()) == []


@pytest.mark.slow
def test_a_search_on_two_nodes_goes_on_where_it_was_when_its_chief_is_killed(finished_run, tmp_path, start):
  tune = {'space': {'learning_rate': {'values': [0.01, 1e30]}}, 'method': 'grid', 'steps': 2, 'evaluations': 1}
  tune |= {'trials': 2}
  small = {'model': {'base': 'ssd_mobilenet_v2_fpnlite_cpu_160'}, 'tune': tune}
  (tmp_path / 'run.yaml').write_text(
    yaml.safe_dump({**small, 'train': {'batch_size': 2, 'eval_images': 2, 'cache': 'none'}})
  )
  values = {'--config': tmp_path / 'run.yaml', **job_values(finished_run, tmp_path)}
  first = TrialResult(0, {}, results.COMPLETE, 0.5, seconds=3.0)
  begin_a_trial_on_each(values, first)

  worker, killed = (start('tuning-tfjob.yaml', role, values) for role in ('worker', 'chief'))
  read_until(worker, 'trial 2 of 2 on node 1: learning_rate 1e+30')
  killed.kill()
  chief = start('tuning-tfjob.yaml', 'chief', values)
  outputs = read_to_the_end([chief, worker])

  assert [node.returncode for node in (chief, worker)] == [0, 0], '\n'.join(outputs)
  found = results.load((tmp_path / 'output/tuner_results/trials.json').read_text())
  assert found[0] == first
  assert [(one.state, one.node) for one in found] == [('complete', 0), ('complete', 0), ('failed', 1)]
  assert 'trial 0 of' not in outputs[0]
  assert [step for step, _ in found[1].evaluations] == [2]
  assert 'Loss/' in found[2].reason
  best = json.loads((tmp_path / 'output/hyperparameters/hyperparameters.json').read_text())
  assert best == results.best(found).values
  assert (tmp_path / 'output/tuner_results/report.html').exists()
  assert not list((tmp_path / 'work').iterdir())


def begin_a_trial_on_each(values, first):
  """Leaves the search as two nodes that were killed have: the first trial behind them, and each at one more."""
  found, properties = tune_job.execution(tune_job.parse([f'{name}={value}' for name, value in values.items()]))
  search = inputs.read_settings(found, properties)
  with storage.study_location(search.tune, search.work, node_count=2) as location:
    chief, worker = (SearchStudy(search.tune, location, node) for node in (0, 1))
    assert chief.next_trial().number == first.number
    chief.end(first)
    assert [node.next_trial().number for node in (chief, worker)] == [1, 2]


def job_values(run, folder):
  """What all jobs take, from a finished run."""
  return {
    '--examples': run.artifact('VocExampleGen', 'examples'),
    '--label-map': run.artifact('LabelMapGen', 'label_map') / 'label_map.pbtxt',
    '--work-root': folder / 'work',
    '--output': folder / 'output',
  }


def read_to_the_end(nodes):
  """What each node prints; all are read at once, so that none has to wait for a reader."""
  with futures.ThreadPoolExecutor(len(nodes)) as pool:
    return list(pool.map(lambda node: node.communicate(timeout=400)[0], nodes))


def read_until(process, beginning):
  """Reads what a process prints up to a line that begins so; the process is not waited for for ever."""
  lines = []
  impatience = threading.Timer(400, process.kill)
  impatience.start()
  for line in process.stdout:
    lines.append(line)
    if line.startswith(beginning):
      impatience.cancel()
      return
  pytest.fail(f'it ended without "{beginning}":\n{"".join(lines)}')


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
  assert mirror['command'] == ['python', '-m', 'kubeflow.runtime.mirror']
  assert service['spec']['selector'] == deployment['spec']['template']['metadata']['labels']
