"""A trial's process as its parent sees it; short programs stand in for the training."""

import threading

import pytest

from components.tuner import process, results
from components.tuner.results import TrialResult

FOR_EVER = 'import threading; threading.Event().wait()'


@pytest.fixture
def run(tmp_path, monkeypatch):
  """Runs a program in place of a trial's."""

  def run(program, device=None, stopping=None):
    (tmp_path / 'in_place.py').write_text(program)
    monkeypatch.setenv('PYTHONPATH', str(tmp_path))
    monkeypatch.setattr(process.trial_program, '__name__', 'in_place')
    return process.run(TrialResult(3, {'learning_rate': 0.1}), str(tmp_path), device, stopping or threading.Event())

  return run


@pytest.mark.parametrize(
  ('program', 'expected'),
  [
    pytest.param('import os; os.kill(os.getpid(), 9)', 'killed by signal 9', id='killed'),
    pytest.param("raise ValueError('no such layer')", 'exit status 1: ValueError: no such layer', id='an error'),
  ],
)
def test_a_process_that_dies_is_a_failed_trial_with_a_reason(run, program, expected):
  ended = run(program)

  assert (ended.number, ended.state) == (3, results.FAILED)
  assert ended.reason.startswith(expected)


def test_a_process_that_wrote_a_result_has_that_result(run, tmp_path):
  result = TrialResult(3, {'learning_rate': 0.1}, results.COMPLETE, 0.5)
  (tmp_path / 'result.json').write_text(results.dump([result]))

  assert run('') == result


def test_a_trial_sees_its_own_gpu_alone(run):
  ended = run("import os; raise ValueError(os.environ['CUDA_VISIBLE_DEVICES'])", device=1)

  assert ended.reason.endswith('ValueError: 1')


def test_a_trial_on_one_of_several_machines_is_trained_by_that_machine_alone(run, monkeypatch):
  monkeypatch.setenv('TF_CONFIG', '{}')

  ended = run("import os; raise ValueError(os.environ.get('TF_CONFIG'))")

  assert ended.reason == 'exit status 1: ValueError: None'


def test_a_process_that_was_asked_to_stop_is_no_failure_but_the_end(run):
  with pytest.raises(SystemExit) as caught:
    run('import os; os.kill(os.getpid(), 15)')

  assert caught.value.code == 143


def test_a_search_that_is_stopped_stops_its_trials(run):
  stopping = threading.Event()
  stopping.set()

  with pytest.raises(SystemExit):
    run(FOR_EVER, stopping=stopping)


def test_a_search_that_is_interrupted_while_a_trial_runs_ends_the_trial_too(run):
  class Interrupted(threading.Event):
    def wait(self, timeout=None):
      raise SystemExit(143)

  with pytest.raises(SystemExit):
    run(FOR_EVER, stopping=Interrupted())
