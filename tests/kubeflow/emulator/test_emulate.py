"""Whole runs under the emulator: every step is the compiled file's own command in a process of its own."""

import fcntl
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import kubeflow_toy as toy
import pytest
import tensorflow as tf
import yaml
from tfx.orchestration.kubeflow.v2 import kubeflow_v2_dag_runner

from detection.base.errors import ConfigError
from kubeflow.emulator import emulate


def states(root, run='run-1'):
  return {name: task['state'] for name, task in json.loads((root / run / 'state.json').read_text()).items()}


def emulated(path, root, parameters=(), **options):
  lines = []
  succeeded = emulate.emulate(path, str(root), parameters, emulate.Options(**options), report=lines.append)
  return succeeded, '\n'.join(lines)


@pytest.mark.slow
def test_a_pipeline_runs_as_open_source_kfp_runs_it(compile_toy, tmp_path):
  path = compile_toy(toy.pipeline(destination=str(tmp_path / 'published')))
  succeeded, lines = emulated(path, tmp_path / 'runs', open_source=True)
  assert succeeded, lines
  published = json.loads((tmp_path / 'published/label_map.pbtxt').read_text())
  assert published == {'records': 5, 'weight': 0.5, 'images': 5}
  assert set(states(tmp_path / 'runs').values()) == {'SUCCEEDED'}
  store = tmp_path / 'runs/store/minio/mlpipeline/v2/artifacts/toy/run-1'
  assert list(store.glob('Count/*/report/label_map.pbtxt'))
  assert list(store.glob('Count/*/executor-logs-0'))
  # Pods are gone, logs stay.
  assert {file.name for file in (tmp_path / 'runs/run-1/Count').iterdir()} == {
    'attempt-1.log',
    'executor_input.json',
    'outputs.json',
  }


@pytest.mark.slow
def test_a_parameter_of_the_run_reaches_the_step_in_plain_mode(compile_toy, tmp_path):
  path = compile_toy(toy.pipeline(only_examples=True), runtime_parameters={'n': 'WriteExamples.count'})
  succeeded, lines = emulated(path, tmp_path / 'runs', parameters=['n=3'])
  assert succeeded, lines
  (shard,) = (tmp_path / 'runs/run-1/artifacts/WriteExamples/examples/Split-train').iterdir()
  assert sum(1 for _ in tf.data.TFRecordDataset(str(shard), compression_type='GZIP')) == 3


@pytest.mark.slow
def test_a_file_that_stock_tfx_compiled_runs_plain_and_fails_as_it_would_on_open_source_kfp(tmp_path):
  runner = kubeflow_v2_dag_runner.KubeflowV2DagRunner(
    kubeflow_v2_dag_runner.KubeflowV2DagRunnerConfig(use_pipeline_spec_2_1=True),
    output_dir=str(tmp_path),
    output_filename='stock.yaml',
  )
  runner.run(toy.pipeline_of_standard_types())
  succeeded, lines = emulated(str(tmp_path / 'stock.yaml'), tmp_path / 'plain')
  assert succeeded, lines
  succeeded, lines = emulated(str(tmp_path / 'stock.yaml'), tmp_path / 'oss', open_source=True)
  assert not succeeded
  # The driver's extra output has a type that TFX cannot import.
  assert 'system' in lines
  assert states(tmp_path / 'oss') == {'WriteExamples': 'FAILED', 'StatisticsGen': 'OMITTED'}


def test_a_conditional_task_is_refused_before_anything_runs(compile_toy, tmp_path):
  path = toy.with_command(compile_toy(toy.pipeline()), 'true')
  documents = list(yaml.safe_load_all(pathlib.Path(path).read_text()))
  documents[0]['root']['dag']['tasks']['Publish']['triggerPolicy'] = {'condition': 'true == false'}
  pathlib.Path(path).write_text(yaml.safe_dump_all(documents))
  with pytest.raises(ConfigError, match='task "Publish" has a condition, which is not emulated'):
    emulated(path, tmp_path / 'runs')
  assert not (tmp_path / 'runs').exists()


def test_after_a_failure_nothing_new_is_started(compile_toy, tmp_path):
  path = toy.with_command(compile_toy(toy.pipeline()), 'sh', '-c', 'echo out of memory; exit 9')
  succeeded, lines = emulated(path, tmp_path / 'runs')
  assert not succeeded
  assert '| out of memory' in lines
  assert 'exit status 9' in lines
  assert states(tmp_path / 'runs') == {'WriteExamples': 'FAILED', 'Count': 'OMITTED', 'Publish': 'OMITTED'}


def test_every_run_has_a_folder_of_its_own(compile_toy, tmp_path):
  path = toy.with_command(compile_toy(toy.pipeline(only_examples=True)), 'true')
  assert emulated(path, tmp_path / 'runs')[0]
  assert emulated(path, tmp_path / 'runs')[0]
  assert states(tmp_path / 'runs', 'run-2') == {'WriteExamples': 'SUCCEEDED'}


def without_caching(documents):
  documents[0]['root']['dag']['tasks']['WriteExamples'].pop('cachingOptions')


def other_image(documents):
  documents[0]['deploymentSpec']['executors']['Count_executor']['container']['image'] = 'other'


@pytest.mark.parametrize(
  ('without_mlmd', 'title'),
  [
    pytest.param(False, 'None', id='with MLMD'),
    pytest.param(True, "'title: tfx.Examples", id='after MLMD'),
  ],
)
def test_the_types_that_a_step_is_sent_are_those_of_the_release(compile_toy, tmp_path, without_mlmd, title):
  path = toy.with_command(compile_toy(toy.pipeline()), 'python', '-c', _PREPARES_AND_SHOWS_THE_TITLE, '{{$}}')
  assert emulated(path, tmp_path / 'runs', open_source=True, without_mlmd=without_mlmd)[0]
  assert (tmp_path / 'runs/run-1/Count/attempt-1.log').read_text().startswith(title)


_PREPARES_AND_SHOWS_THE_TITLE = """
import json, os, sys
sent = json.loads(sys.argv[1])
for held in sent['outputs']['artifacts'].values():
  uri = held['artifacts'][0]['uri']
  os.makedirs(os.environ['KFP_MOUNT_ROOT'] + '/' + uri.replace('://', '/'), exist_ok=True)
for held in sent['inputs']['artifacts'].values():
  print(repr(held['artifacts'][0]['type'].get('schemaTitle')))
"""


@pytest.mark.parametrize(
  ('change', 'options', 'run_again'),
  [
    pytest.param(None, {}, '', id='nothing'),
    pytest.param(None, {'parameters': ['n=3']}, 'WriteExamples Count Publish', id='a parameter, and what comes of it'),
    pytest.param(other_image, {}, 'Count Publish', id='an image'),
    pytest.param(without_caching, {}, 'WriteExamples Count Publish', id='a task that is never cached'),
    pytest.param(None, {'use_cache': False}, 'WriteExamples Count Publish', id='the cache is off'),
    pytest.param(None, {'open_source': False}, 'WriteExamples Count Publish', id='the way of running'),
  ],
)
def test_a_second_run_takes_from_the_first_what_kfp_would(compile_toy, tmp_path, change, options, run_again):
  path = compile_toy(toy.pipeline(), runtime_parameters={'n': 'WriteExamples.count'})
  path = toy.with_command(path, 'sh', '-c', 'echo done')
  assert emulated(path, tmp_path / 'runs', open_source=True)[0]
  if change:
    documents = list(yaml.safe_load_all(pathlib.Path(path).read_text()))
    change(documents)
    pathlib.Path(path).write_text(yaml.safe_dump_all(documents))
  succeeded, lines = emulated(path, tmp_path / 'runs', **{'open_source': True, **options})
  assert succeeded, lines
  ran = {file.parent.name for file in (tmp_path / 'runs/run-2').glob('*/attempt-1.log')}
  assert ran == set(run_again.split())
  assert lines.count('cached, from run-1') == 3 - len(ran)
  assert states(tmp_path / 'runs', 'run-2') == dict.fromkeys(('WriteExamples', 'Count', 'Publish'), 'SUCCEEDED')


@pytest.mark.parametrize('use_cache', [True, False])
def test_what_is_taken_from_the_cache_keeps_its_id_and_what_is_made_anew_gets_another(compile_toy, tmp_path, use_cache):
  path = toy.with_command(compile_toy(toy.pipeline()), 'sh', '-c', 'echo done')
  ids = []
  for number in (1, 2):
    assert emulated(path, tmp_path / 'runs', open_source=True, use_cache=use_cache)[0]
    sent = json.loads((tmp_path / f'runs/run-{number}/Count/executor_input.json').read_text())
    ids.append(sent['inputs']['artifacts']['examples']['artifacts'][0]['name'])
  assert (ids[0] == ids[1]) == use_cache


def test_the_pods_path_is_the_same_in_all_runs_since_cached_files_may_name_it(compile_toy, tmp_path):
  path = toy.with_command(compile_toy(toy.pipeline(only_examples=True)), 'pwd')
  for _ in range(2):
    assert emulated(path, tmp_path / 'runs', use_cache=False)[0]
  logs = [tmp_path / f'runs/run-{number}/WriteExamples/attempt-1.log' for number in (1, 2)]
  assert logs[0].read_text() == logs[1].read_text()


def test_a_second_run_beside_one_under_way_is_refused(compile_toy, tmp_path):
  path = toy.with_command(compile_toy(toy.pipeline(only_examples=True)), 'true')
  root = tmp_path / 'runs'
  root.mkdir()
  with (root / 'lock').open('w') as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    with pytest.raises(ConfigError, match='another run is under way'):
      emulated(path, root)
  assert emulated(path, root)[0]


def test_what_a_killed_run_left_in_its_pod_is_not_seen_by_the_next(compile_toy, tmp_path):
  (tmp_path / 'runs/emulated-pod/left').mkdir(parents=True)
  path = toy.with_command(compile_toy(toy.pipeline(only_examples=True)), 'ls')
  assert emulated(path, tmp_path / 'runs', open_source=True)[0]
  assert 'left' not in (tmp_path / 'runs/run-1/WriteExamples/attempt-1.log').read_text()
  assert not (tmp_path / 'runs/emulated-pod').exists()


def test_a_failed_task_is_not_cached(compile_toy, tmp_path):
  path = toy.with_command(compile_toy(toy.pipeline(only_examples=True)), 'false')
  assert not emulated(path, tmp_path / 'runs')[0]
  succeeded, lines = emulated(path, tmp_path / 'runs')
  assert not succeeded
  assert 'cached' not in lines


def test_placeholders_are_filled_as_the_launcher_fills_them(compile_toy, tmp_path):
  said = "echo {{$.inputs.parameters['count']}} {{$.outputs.artifacts['examples'].uri}}"
  path = toy.with_command(compile_toy(toy.pipeline(only_examples=True, count=4)), 'sh', '-c', said)
  assert emulated(path, tmp_path / 'runs', open_source=True)[0]
  count, uri = (tmp_path / 'runs/run-1/WriteExamples/attempt-1.log').read_text().split()
  assert count == '4'
  assert uri.startswith('minio://mlpipeline/v2/artifacts/toy/run-1/WriteExamples/')


def test_a_local_pipeline_root_is_refused_as_the_driver_would(compile_toy, tmp_path):
  path = compile_toy(toy.pipeline())
  with pytest.raises(ConfigError, match='--pipeline-root.*minio://'):
    emulated(path, tmp_path / 'runs', open_source=True, pipeline_root='/mnt/pvc')


@pytest.mark.slow
def test_ending_a_run_sends_sigterm_to_the_step_and_lets_it_save(compile_toy, tmp_path):
  ready = tmp_path / 'ready'
  path = compile_toy(toy.pipeline(waits_for_sigterm=str(ready), only_examples=True))
  code = f"""
from kubeflow.emulator import emulate
emulate.emulate({path!r}, {str(tmp_path / 'runs')!r}, options=emulate.Options(open_source=True))
"""
  process = subprocess.Popen([sys.executable, '-c', code], env=os.environ, stderr=subprocess.DEVNULL)
  deadline = time.monotonic() + 300
  while not ready.exists() and time.monotonic() < deadline:
    time.sleep(0.2)
  process.send_signal(signal.SIGTERM)
  assert process.wait(300) != 0
  assert 'saved on SIGTERM' in (tmp_path / 'runs/run-1/WriteExamples/attempt-1.log').read_text()
  assert states(tmp_path / 'runs') == {'WriteExamples': 'CANCELED'}
