"""What the emulator does with the attempts at a task: the driver runs once, each attempt is a pod of its own."""

import json
import pathlib

import kubeflow_toy as toy
import yaml

from kubeflow.emulator import emulate


def emulated(path, root, **options):
  lines = []
  succeeded = emulate.emulate(path, str(root), (), emulate.Options(open_source=True, **options), report=lines.append)
  return succeeded, '\n'.join(lines)


def test_a_step_that_fails_once_is_tried_again_and_both_logs_are_kept(compile_toy, tmp_path):
  compiled = compile_toy(toy.pipeline(only_examples=True), components={'WriteExamples': {'retries': 2}})
  tried = tmp_path / 'tried'
  flaky = f'test "$(cat {tried})" = xx && exit 0; printf x >> {tried}; echo the first tries fail; exit 7'
  succeeded, lines = emulated(toy.with_command(compiled, 'sh', '-c', flaky), tmp_path / 'runs')
  assert succeeded, lines
  assert 'exit status 7' in lines
  assert '| the first tries fail' in lines
  assert [line.partition('trying')[2] for line in lines.splitlines() if 'trying' in line] == [
    ' again at once (after 30 s on a cluster)',
    ' again at once (after 60 s on a cluster)',
  ]
  logs = (tmp_path / 'runs/run-1/WriteExamples').glob('*.log')
  assert {file.name for file in logs} == {f'attempt-{number}.log' for number in (1, 2, 3)}


def test_all_attempts_have_the_same_outputs_since_the_driver_runs_once_and_a_log_each(compile_toy, tmp_path):
  compiled = compile_toy(toy.pipeline(only_examples=True), components={'WriteExamples': {'retries': 1}})
  script = "echo {{$.outputs.artifacts['examples'].uri}} $KFP_RETRY_INDEX; exit 7"
  succeeded, lines = emulated(toy.with_command(compiled, 'sh', '-c', script), tmp_path / 'runs')
  assert not succeeded
  assert "exit status 7 (the pod's is 1, the launcher's)" in lines
  logs = sorted((tmp_path / 'runs/store').rglob('executor-logs-*'))
  assert [log.name for log in logs] == ['executor-logs-0', 'executor-logs-1']
  first, second = (log.read_text().split() for log in logs)
  assert first[0] == second[0] == 'minio://' + str(logs[0].parent).partition('/minio/')[2] + '/examples'
  assert (first[1], second[1]) == ('0', '1')


def test_what_the_driver_refuses_is_not_tried_again(compile_toy, tmp_path):
  path = compile_toy(toy.pipeline(only_examples=True), components={'WriteExamples': {'retries': 2}})
  documents = list(yaml.safe_load_all(pathlib.Path(path).read_text()))
  parameters = documents[0]['root']['dag']['tasks']['WriteExamples']['inputs']['parameters']
  parameters['count']['runtimeValue']['constant'] = 'many'
  pathlib.Path(path).write_text(yaml.safe_dump_all(documents))
  succeeded, lines = emulated(path, tmp_path / 'runs')
  assert not succeeded
  assert lines.count('"count" type mismatch: expect NUMBER_INTEGER, got str') == 1
  assert json.loads((tmp_path / 'runs/run-1/state.json').read_text())['WriteExamples']['attempts'] == 1
