"""The loop around the trials, with trainings that take no time; tests/kubeflow/test_manifests.py has real ones."""

import threading

import pytest

from components.tuner import results, search
from tests.support.searches import finish, open_study, run, settings


def train(trial, device=None, stopping=None):
  return finish(trial)


def test_a_killed_search_runs_the_rest_and_the_one_cut_short(tmp_path, capsys):
  (tmp_path / 'other').mkdir()
  tune = settings(trials=4)

  def killed_at_the_third(trial, device, stopping):
    if trial.number == 2:
      raise KeyboardInterrupt
    return train(trial)

  with pytest.raises(KeyboardInterrupt):
    search.run_search(open_study(tmp_path, tune), killed_at_the_third, [None])
  states = [trial.state for trial in open_study(tmp_path, tune).results()]
  capsys.readouterr()
  study = open_study(tmp_path, tune)
  search.run_search(study, train, [None])

  assert states == ['complete', 'complete', 'running']
  begun = [line.partition(' of 4:')[0] for line in capsys.readouterr().out.splitlines() if ' of 4:' in line]
  assert begun == ['trial 2', 'trial 3', 'trial 4']
  assert study.results() == run(open_study(tmp_path / 'other', tune))


def test_a_failed_trial_is_a_result_and_the_search_goes_on(tmp_path, capsys):
  study = open_study(tmp_path, settings(trials=4))

  def fails(trial, device, stopping):
    return results.failed(trial, 'out of memory') if trial.number == 1 else train(trial)

  search.run_search(study, fails, [None])

  found = study.results()
  assert [trial.state for trial in found] == ['complete', 'failed', 'complete', 'complete', 'complete']
  assert found[1].reason == 'out of memory'
  assert 'trial 1: failed: out of memory\n' in capsys.readouterr().out


def test_trials_run_side_by_side_each_on_its_own_device(tmp_path):
  both = threading.Barrier(2, timeout=60)
  study, devices = open_study(tmp_path, settings(trials=4)), []

  def together(trial, device, stopping):
    if trial.number in (0, 1):
      both.wait()  # passes only when two are under way at once
    devices.append(device)
    return train(trial)

  search.run_search(study, together, [0, 1])

  assert [trial.number for trial in study.results()] == [0, 1, 2, 3, 4]
  assert set(devices) == {0, 1}


def test_an_error_on_one_device_stops_the_trials_on_the_others(tmp_path):
  begun = threading.Event()

  def train_one(trial, device, stopping):
    if device == 0:
      begun.set()
      assert stopping.wait(60)
      raise SystemExit(143)
    assert begun.wait(60)
    raise ValueError('a bug')

  study = open_study(tmp_path, settings(trials=4))
  with pytest.raises(ValueError, match='a bug'):
    search.run_search(study, train_one, [0, 1])

  assert [trial.state for trial in study.results()] == ['running', 'running']


def test_lines_name_the_machine_where_there_are_several(tmp_path, capsys):
  search.run_search(open_study(tmp_path, settings(trials=1)), train, [None], node_count=2)

  assert 'trial 0 of 1 on node 0: the config as it is\n' in capsys.readouterr().out
