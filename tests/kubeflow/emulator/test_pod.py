"""One attempt at one task: what the driver sends, what the launcher copies, how the process runs."""

import json
import os
import signal
import threading

import pytest

from kubeflow.emulator import pod

COMPONENT = {
  'outputDefinitions': {
    'artifacts': {'model': {'artifactType': {'schemaTitle': 'tfx.Model'}, 'metadata': {'a': 1}}},
    'parameters': {'count': {}},
  }
}
EXAMPLES = {'name': '3', 'uri': 'minio://b/examples', 'type': {'schemaTitle': 'tfx.Examples'}, 'metadata': {'n': 5}}


@pytest.fixture
def folder(tmp_path):
  (tmp_path / 'pod').mkdir()
  return tmp_path / 'pod'


def sent_by(cluster, folder):
  return pod.executor_input(cluster, folder, 'Train', COMPONENT, {'n': 2.0, 'text': 'a'}, {'examples': EXAMPLES})


def test_open_source_kfp_sends_inputs_without_types_and_one_more_output(tmp_path, folder):
  sent = sent_by(pod.OpenSource(tmp_path / 'store', 'minio://b/root/'), folder)
  (examples,) = sent['inputs']['artifacts']['examples']['artifacts']
  assert examples['type'] == {'instanceSchema': ''}
  assert examples['metadata']['n'] == 5
  assert set(sent['outputs']['artifacts']) == {'model', 'executor-logs'}
  (model,) = sent['outputs']['artifacts']['model']['artifacts']
  assert model['uri'].startswith('minio://b/root/Train/')
  assert model['uri'].endswith('/model')


def test_a_plain_cluster_sends_types_and_local_folders(tmp_path, folder):
  sent = sent_by(pod.Plain(tmp_path / 'artifacts'), folder)
  assert sent['inputs']['artifacts']['examples']['artifacts'] == [EXAMPLES]
  (model,) = sent['outputs']['artifacts']['model']['artifacts']
  kind = {'schemaTitle': 'tfx.Model'}
  assert model == {'uri': f'{tmp_path}/artifacts/Train/model', 'type': kind, 'metadata': {'a': 1}}


def test_inputs_are_copied_into_the_pod_and_what_was_made_out_of_it(tmp_path, folder):
  (tmp_path / 'store/minio/b/examples').mkdir(parents=True)
  (tmp_path / 'store/minio/b/examples/a').write_text('record')
  cluster = pod.OpenSource(tmp_path / 'store', 'minio://b/root')
  sent = sent_by(cluster, folder)
  cluster.stage_in(folder, sent)
  assert (folder / 'minio/b/examples/a').read_text() == 'record'
  (model,) = sent['outputs']['artifacts']['model']['artifacts']
  made = pod.mounted(folder, model['uri'])
  assert made.parent.is_dir()
  assert cluster.uploads(folder, model) == []  # not made: no error
  made.mkdir()
  assert cluster.uploads(folder, model) == [(made, tmp_path / 'store' / model['uri'].replace('://', '/'))]


def test_placeholders_stand_for_values_uris_and_paths(tmp_path, folder):
  sent = sent_by(pod.OpenSource(tmp_path / 'store', 'minio://b/root'), folder)
  filled = pod.placeholders(sent, folder)
  assert json.loads(filled['{{$}}']) == sent
  assert filled["{{$.inputs.parameters['n']}}"] == '2'
  assert filled["{{$.inputs.parameters['text']}}"] == 'a'
  assert filled["{{$.inputs.artifacts['examples'].uri}}"] == 'minio://b/examples'
  assert filled["{{$.inputs.artifacts['examples'].path}}"] == f'{folder}/minio/b/examples'
  assert filled["{{$.outputs.parameters['count'].output_file}}"] == f'{folder}/tmp/kfp/outputs/count'


def run(folder, sent, *command, env=()):
  container = {'command': list(command), 'env': [{'name': name, 'value': value} for name, value in env]}
  log = folder.parent / 'attempt.log'
  return pod.run_container(container, sent, folder, log, {}), log.read_text()


def test_a_command_runs_in_the_pod_with_its_variables_and_its_output_is_the_log(tmp_path, folder):
  sent = sent_by(pod.Plain(tmp_path), folder)
  status, log = run(folder, sent, 'sh', '-c', 'pwd; echo $A; exit 5', env=[('A', 'b')])
  assert (status, log) == (5, f'{folder}\nb\n')
  status, log = run(folder, sent, 'no-such-program')
  assert (status, log) == (127, 'cannot start no-such-program: No such file or directory\n')


def test_outputs_are_read_as_the_launcher_reads_them(tmp_path, folder):
  sent = sent_by(pod.Plain(tmp_path), folder)
  output = {'artifacts': {'model': {'artifacts': [{'uri': '/elsewhere', 'metadata': {'b': 2}}]}}}
  write = f"echo '{json.dumps(output)}' > {sent['outputs']['outputFile']}; printf 7 > {folder}/tmp/kfp/outputs/count"
  assert run(folder, sent, 'sh', '-c', write)[0] == 0
  artifacts, values = pod.published(sent)
  assert (artifacts['model']['uri'], artifacts['model']['metadata']) == ('/elsewhere', {'a': 1, 'b': 2})
  assert values == {'count': '7'}


def test_what_does_not_end_on_sigterm_is_killed(tmp_path, folder, monkeypatch):
  monkeypatch.setattr(pod, 'GRACE_SECONDS', 0.2)
  sent = sent_by(pod.Plain(tmp_path), folder)

  def interrupt(number, frame):
    raise KeyboardInterrupt

  before = signal.signal(signal.SIGALRM, interrupt)
  script = f'trap "echo told" TERM; touch {folder}/ready; while true; do sleep 0.05; done'
  timer = threading.Thread(target=_alarm_when_there, args=(folder / 'ready',))
  timer.start()
  try:
    with pytest.raises(KeyboardInterrupt):
      run(folder, sent, 'sh', '-c', script)
  finally:
    timer.join()
    signal.signal(signal.SIGALRM, before)
  assert 'told' in (folder.parent / 'attempt.log').read_text()


def _alarm_when_there(path):
  while not path.exists():
    threading.Event().wait(0.01)
  os.kill(os.getpid(), signal.SIGALRM)
