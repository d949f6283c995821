"""What the executor does around trials; tests/kubeflow/test_manifests.py runs it whole."""

import threading
import types

import pytest

from components.tuner import executor, results
from components.tuner.results import TrialResult
from components.tuner.trial import TrialSpec
from detection.base.errors import ConfigError, UserError
from detection.odapi.config import config_io
from detection.training.settings import TrainSettings
from tests.support.searches import complete, finish, location, open_study, settings


@pytest.mark.parametrize(
  ('gpus', 'parallel', 'devices'),
  [
    pytest.param(0, None, [None], id='none'),
    pytest.param(1, None, [None], id='one needs no telling'),
    pytest.param(2, None, [0, 1], id='a trial on each'),
    pytest.param(2, 4, [0, 1, 0, 1], id='two trials on each'),
  ],
)
def test_trials_take_all_the_gpus_that_the_container_has(monkeypatch, gpus, parallel, devices):
  monkeypatch.setattr('tensorflow.config.list_physical_devices', lambda kind: [kind] * gpus)
  assert executor.gpus_of(settings(parallel=parallel)) == devices


@pytest.fixture
def trainer(tmp_path, monkeypatch):
  """A Trainer for which a rate above 1 does not go with the rest, and whose processes end at once."""

  def config_of(values):
    if values.get('learning_rate', 0) > 1:
      raise ConfigError('learning_rate: 2 does not go with optimizer adam')
    return config_io.Config()

  def end(one, folder, device, stopping):
    assert (tmp_path / f'trial-{one.number:03}' / 'trial.json').exists()
    return finish(one, 0.5)

  monkeypatch.setattr(executor.process, 'run', end)
  spec = TrialSpec(settings(), TrainSettings(), {'cat': 1}, location(tmp_path))
  return executor.Trainer(str(tmp_path), types.SimpleNamespace(of=config_of), spec)


def test_a_trial_has_a_folder_of_its_own_until_it_has_ended(trainer, tmp_path):
  ended = trainer.train(TrialResult(2, {'learning_rate': 0.1}), None, threading.Event())

  assert ended.state == results.COMPLETE
  assert list(tmp_path.iterdir()) == []


def test_values_that_do_not_go_together_are_a_failed_trial(trainer):
  ended = trainer.train(TrialResult(2, {'learning_rate': 2}), None, threading.Event())

  assert (ended.state, ended.reason) == (results.FAILED, 'learning_rate: 2 does not go with optimizer adam')


def test_a_machine_that_helps_goes_when_the_first_has_removed_the_work_folder(trainer, tmp_path, monkeypatch):
  study = open_study(tmp_path, settings())
  monkeypatch.setattr(study, 'next_trial', lambda: (_ for _ in ()).throw(FileNotFoundError('study.journal')))

  with pytest.raises(FileNotFoundError):
    executor.help_search(study, trainer, node_count=2)
  for path in tmp_path.iterdir():
    path.unlink()
  tmp_path.rmdir()
  executor.help_search(study, trainer, node_count=2)


@pytest.fixture
def outputs(tmp_path):
  names = ('hyperparameters', 'tuner_results')
  return {name: [types.SimpleNamespace(uri=str(tmp_path / name))] for name in names}


def test_what_was_found_is_the_best_values_all_trials_and_a_page(outputs, tmp_path, capsys):
  found = [complete(0, 0.4), complete(1, 0.6, learning_rate=0.1, augment=[])]

  executor.write_found(settings(), found, outputs)

  assert results.load((tmp_path / 'tuner_results' / 'trials.json').read_text()) == found
  assert (tmp_path / 'tuner_results' / 'report.html').exists()
  assert '"learning_rate": 0.1' in (tmp_path / 'hyperparameters' / 'hyperparameters.json').read_text()
  assert capsys.readouterr().out.startswith('tuned: AP50 0.600 in trial 1: learning_rate 0.1, augment []; report: ')


def test_a_search_of_which_no_trial_ended_well_says_so_in_one_line(outputs):
  failed = [results.failed(TrialResult(number, {}), 'out of memory') for number in range(2)]

  with pytest.raises(UserError, match=r'^tune: none of 2 trials ended well; the first: out of memory\.$'):
    executor.write_found(settings(), failed, outputs)
