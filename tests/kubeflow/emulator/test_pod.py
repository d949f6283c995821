"""One attempt at one task: its command, how the process runs, what is read of its outputs."""

import json
import os
import signal
import threading

import pytest

from kubeflow.emulator import clusters, driver, pod
from kubeflow.emulator.clusters import ClusterError

COMPONENT = {
  'outputDefinitions': {
    'artifacts': {'model': {'artifactType': {'schemaTitle': 'tfx.Model'}, 'metadata': {'a': 1}}},
    'parameters': {'count': {'parameterType': 'NUMBER_INTEGER'}},
  }
}
EXAMPLES = {'name': '3', 'uri': 'minio://b/examples', 'type': {'schemaTitle': 'tfx.Examples'}, 'metadata': {'n': 5}}


@pytest.fixture
def folder(tmp_path):
  (tmp_path / 'pod').mkdir()
  return tmp_path / 'pod'


def sent_by(cluster, folder):
  parameters = {'n': 2.0, 'rate': 0.00001, 'text': 'a', 'deep': {'a': [1]}}
  return driver.executor_input(cluster, folder, 'Train', COMPONENT, parameters, {'examples': EXAMPLES})


def test_placeholders_stand_for_values_uris_and_paths(tmp_path, folder):
  sent = sent_by(clusters.OpenSource(tmp_path / 'store', 'minio://b/root'), folder)
  filled = pod.placeholders(sent, folder)
  assert json.loads(filled['{{$}}']) == sent
  assert filled["{{$.inputs.parameters['n']}}"] == '2'
  assert filled["{{$.inputs.parameters['rate']}}"] == '0.00001'
  assert filled["{{$.inputs.parameters['text']}}"] == 'a'
  assert filled["{{$.inputs.parameters['deep']}}"] == '{"a":[1]}'
  assert filled["{{$.inputs.artifacts['examples'].uri}}"] == 'minio://b/examples'
  assert filled["{{$.inputs.artifacts['examples'].path}}"] == f'{folder}/minio/b/examples'
  assert filled["{{$.outputs.parameters['count'].output_file}}"] == f'{folder}/tmp/kfp/outputs/count'


def run(folder, sent, *command, env=(), grace_seconds=30.0):
  container = {'command': list(command), 'env': [{'name': name, 'value': value} for name, value in env]}
  log = folder.parent / 'attempt.log'
  return pod.run_container(container, sent, folder, log, {}, grace_seconds), log.read_text()


def test_a_command_runs_in_the_pod_with_its_variables_and_its_output_is_the_log(tmp_path, folder):
  sent = sent_by(clusters.Plain(tmp_path), folder)
  status, log = run(folder, sent, 'sh', '-c', 'pwd; echo $A; exit 5', env=[('A', 'b')])
  assert (status, log) == (5, f'{folder}\nb\n')
  status, log = run(folder, sent, 'no-such-program')
  assert (status, log) == (127, 'cannot start no-such-program: No such file or directory\n')


def test_outputs_are_read_as_the_launcher_reads_them(tmp_path, folder):
  sent = sent_by(clusters.Plain(tmp_path), folder)
  output = {'artifacts': {'model': {'artifacts': [{'uri': '/elsewhere', 'metadata': {'b': 2}}]}}}
  write = f"echo '{json.dumps(output)}' > {sent['outputs']['outputFile']}; printf 7 > {folder}/tmp/kfp/outputs/count"
  assert run(folder, sent, 'sh', '-c', write)[0] == 0
  artifacts, values = pod.published(sent, COMPONENT)
  assert (artifacts['model']['uri'], artifacts['model']['metadata']) == ('/elsewhere', {'a': 1, 'b': 2})
  assert values == {'count': 7}


@pytest.mark.parametrize(
  ('wrote', 'message'),
  [
    pytest.param('true', '"count" was not written', id='missing'),
    pytest.param('printf many > {file}', "expected a NUMBER_INTEGER, received 'many'", id='not of its type'),
  ],
)
def test_an_output_parameter_that_cannot_be_read_is_an_error(tmp_path, folder, wrote, message):
  sent = sent_by(clusters.Plain(tmp_path), folder)
  run(folder, sent, 'sh', '-c', wrote.format(file=sent['outputs']['parameters']['count']['outputFile']))
  with pytest.raises(ClusterError, match=message):
    pod.published(sent, COMPONENT)


def test_what_does_not_end_on_sigterm_is_killed(tmp_path, folder):
  sent = sent_by(clusters.Plain(tmp_path), folder)

  def interrupt(number, frame):
    raise KeyboardInterrupt

  before = signal.signal(signal.SIGALRM, interrupt)
  script = f'trap "echo told" TERM; touch {folder}/ready; while true; do sleep 0.05; done'
  timer = threading.Thread(target=_alarm_when_there, args=(folder / 'ready',))
  timer.start()
  try:
    with pytest.raises(KeyboardInterrupt):
      run(folder, sent, 'sh', '-c', script, grace_seconds=0.2)
  finally:
    timer.join()
    signal.signal(signal.SIGALRM, before)
  assert 'told' in (folder.parent / 'attempt.log').read_text()


def _alarm_when_there(path):
  while not path.exists():
    threading.Event().wait(0.01)
  os.kill(os.getpid(), signal.SIGALRM)
