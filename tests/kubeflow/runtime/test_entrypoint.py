"""What the entrypoint makes of what the open-source driver sends."""

import json
import logging
import signal
import subprocess
import sys

import pytest
import tensorflow as tf
from absl import logging as absl_logging

from components import artifacts
from kubeflow.emulator import clusters
from kubeflow.runtime import entrypoint

EXAMPLES = {'instanceSchema': 'title: tfx.Examples\ntype: object\n'}
SPEC = {'artifacts': {'examples': {'artifactType': EXAMPLES}}}


def sent(uri='minio://bucket/run/examples', kind=None, output='minio://bucket/run/model', **parameters):
  artifact = {'name': '3', 'uri': uri, 'type': {'instanceSchema': ''} if kind is None else kind}
  logs = {'uri': 'minio://bucket/run/executor-logs', 'type': {'schemaTitle': 'system.Artifact'}}
  return {
    'inputs': {'artifacts': {'examples': {'artifacts': [artifact]}}, 'parameterValues': parameters},
    'outputs': {
      'artifacts': {
        'model': {'artifacts': [{'uri': output, 'type': EXAMPLES}]},
        'executor-logs': {'artifacts': [logs]},
      },
      'outputFile': '/tmp/kfp_outputs/output_metadata.json',
    },
  }


@pytest.fixture
def pod(tmp_path, monkeypatch):
  """A pod in which the launcher has copied the input and made the folder above the output."""
  monkeypatch.setenv(entrypoint.MOUNT_ROOT, str(tmp_path))
  (tmp_path / 'minio/bucket/run/examples').mkdir(parents=True)
  return tmp_path


def input_of(adapted):
  return adapted['inputs']['artifacts']['examples']['artifacts'][0]


@pytest.mark.parametrize(
  'kind',
  [
    pytest.param({'instanceSchema': ''}, id='none, from MLMD'),
    pytest.param({'schemaTitle': 'title: tfx.Examples\ntype: object\n'}, id='a whole schema as title, after MLMD'),
    pytest.param({'schemaTitle': 'Artifact'}, id='a kind of KFP alone'),
    pytest.param({}, id='nothing'),
    pytest.param(EXAMPLES, id='the right one'),
  ],
)
def test_the_type_is_the_declared_one_whatever_is_sent(pod, kind):
  adapted, _ = entrypoint.adapt(sent(kind=kind), SPEC)
  assert input_of(adapted)['type'] == EXAMPLES


def test_a_type_that_nobody_declares_is_kept(pod):
  adapted, _ = entrypoint.adapt(sent(kind={'schemaTitle': 'tfx.Model'}), {})
  assert input_of(adapted)['type'] == {'schemaTitle': 'tfx.Model'}


def test_the_launchers_logs_are_no_output_of_the_component(pod):
  adapted, _ = entrypoint.adapt(sent(), SPEC)
  assert list(adapted['outputs']['artifacts']) == ['model']


def test_uris_become_the_paths_of_the_launchers_copies_and_uris_again(pod):
  adapted, paths = entrypoint.adapt(sent(), SPEC)
  assert input_of(adapted)['uri'] == f'{pod}/minio/bucket/run/examples'
  model = adapted['outputs']['artifacts']['model']['artifacts'][0]['uri']
  assert model == f'{pod}/minio/bucket/run/model'
  said = {'artifacts': {'model': {'artifacts': [{'uri': model, 'metadata': {'best': f'{model}/ckpt-7', 'n': 1}}]}}}
  (restored,) = entrypoint.restore_uris(said, paths)['artifacts']['model']['artifacts']
  assert restored == {
    'uri': 'minio://bucket/run/model',
    'metadata': {'best': 'minio://bucket/run/model/ckpt-7', 'n': 1},
  }


def test_a_longer_name_beside_an_output_is_not_taken_for_it(pod):
  _, paths = entrypoint.adapt(sent(), SPEC)
  beside = f'{pod}/minio/bucket/run/model_old'
  assert entrypoint.restore_uris(beside, paths) == beside


def test_where_no_launcher_has_copied_uris_stay(pod):
  adapted, paths = entrypoint.adapt(sent(uri='gs://other/examples', output='gs://other/run/model'), SPEC)
  assert input_of(adapted)['uri'] == 'gs://other/examples'
  assert adapted['outputs']['artifacts']['model']['artifacts'][0]['uri'] == 'gs://other/run/model'
  assert paths == {}


def test_minio_in_a_parameter_becomes_the_scheme_that_tensorflow_knows(pod):
  adapted, _ = entrypoint.adapt(sent(data_root='minio://bucket/data', steps=3.0, text='see minio://x'), SPEC)
  values = adapted['inputs']['parameterValues']
  assert values == {'data_root': 's3://bucket/data', 'steps': 3.0, 'text': 'see minio://x'}


def test_what_was_sent_is_not_changed(pod):
  given = sent()
  entrypoint.adapt(given, SPEC)
  assert given == sent()


@pytest.fixture
def run(tmp_path):
  """Runs an executor of the toy pipeline in this process, as the driver has it run; returns status and output."""
  before = signal.getsignal(signal.SIGTERM)

  def run_(executor, **outputs):
    output_file = tmp_path / 'kfp_outputs/output_metadata.json'
    artifacts = {name: {'artifacts': [artifact]} for name, artifact in outputs.items()}
    sent = {'inputs': {}, 'outputs': {'artifacts': artifacts, 'outputFile': str(output_file)}}
    arguments = ['--executor_class_path', f'kubeflow_toy.{executor}']
    arguments += ['--json_serialized_invocation_args', json.dumps(sent), '--json_serialized_inputs_spec_args', '{}']
    status = entrypoint.main(arguments)
    return status, json.loads(output_file.read_text()) if output_file.exists() else None

  yield run_
  signal.signal(signal.SIGTERM, before)
  # The entrypoint gives absl's logging to a process that is its own; here others go on in it.
  logging.getLogger().removeHandler(absl_logging.get_absl_handler())


def test_a_value_is_written_to_the_file_that_its_uri_names(run, pod):
  (pod / 'minio/bucket/run').mkdir(parents=True, exist_ok=True)
  schema = {'instanceSchema': 'title: tfx.String\ntype: object\n'}
  status, output = run('NameExecutor', name={'uri': 'minio://bucket/run/name', 'type': schema})
  assert status == 0
  assert (pod / 'minio/bucket/run/name').read_text() == 'a name'
  assert output['artifacts']['name']['artifacts'][0]['uri'] == 'minio://bucket/run/name'


@pytest.mark.slow
def test_an_executor_finds_its_input_as_the_successor_of_mlmd_describes_it(pod):
  (pod / 'minio/bucket/run/examples/Split-train').mkdir(parents=True)
  with tf.io.TFRecordWriter(str(pod / 'minio/bucket/run/examples/Split-train/a.gz'), 'GZIP') as writer:
    writer.write(b'one')
  made = {'name': '3', 'uri': 'minio://bucket/run/examples', 'type': EXAMPLES}
  made['metadata'] = {'split_names': '["train"]', 'images': 1}
  examples = clusters.WithoutMlmd(pod, 'minio://bucket').sent(made)
  label_map = {'instanceSchema': 'title: components.artifacts.LabelMap\ntype: object\n'}
  report = {'uri': 'minio://bucket/run/report', 'type': label_map}
  sent = {
    'inputs': {'artifacts': {'examples': {'artifacts': [examples]}}, 'parameterValues': {'weight': 0.5}},
    'outputs': {'artifacts': {'report': {'artifacts': [report]}}, 'outputFile': str(pod / 'output_metadata.json')},
  }
  spec = {**SPEC, 'parameters': {'weight': {'parameterType': 'NUMBER_DOUBLE'}}}
  # In a process of its own, as in a pod.
  command = [sys.executable, '-m', 'kubeflow.runtime.entrypoint', '--executor_class_path', 'kubeflow_toy.CountExecutor']
  command += ['--json_serialized_invocation_args', json.dumps(sent)]
  command += ['--json_serialized_inputs_spec_args', json.dumps(spec)]
  done = subprocess.run(command, capture_output=True, text=True, timeout=300)
  assert done.returncode == 0, done.stderr[-2000:]
  counted = json.loads((pod / 'minio/bucket/run/report' / artifacts.LabelMap.FILE_NAME).read_text())
  assert counted == {'records': 1, 'weight': 0.5, 'images': 1}


def test_a_users_mistake_is_one_line_and_its_status_and_no_output(run, pod, capsys):
  status, output = run('RefusingExecutor')
  assert (status, output) == (1, None)
  said = capsys.readouterr().err.strip().splitlines()
  assert said[-1] == 'kubeflow_toy.RefusingExecutor: photo.jpg: cut short. Expected a whole JPEG.'
  assert not any(line.startswith('Traceback') for line in said)


@pytest.mark.parametrize(
  ('ends', 'expected'),
  [
    pytest.param(lambda: 0, 0, id='done'),
    pytest.param(lambda: 3, 3, id='a status'),
    pytest.param(lambda: entrypoint.end(signal.SIGTERM, None), 143, id='ended by SIGTERM'),
    pytest.param(lambda: 1 / 0, 1, id='a bug'),
  ],
)
def test_the_process_ends_at_once_with_the_status(monkeypatch, ends, expected):
  statuses = []
  monkeypatch.setattr(entrypoint.os, '_exit', statuses.append)
  entrypoint.run_and_exit(ends)
  assert statuses == [expected]
