"""What runs in a trial's process, without its training."""

import json
import os
import types

import pytest

from components.tuner import results, study, trial
from components.tuner.results import TrialResult
from components.tuner.trial import TrialSpec
from detection.base.settings import parse_settings
from detection.odapi.config import config_io
from detection.training.adaptation import Adaptation
from detection.training.settings import TrainSettings
from detection.training.state import TrainState
from tests.support.searches import location, open_study, run, settings


def state_at(step):
  return TrainState(num_steps=80, step=step)


def evaluate(hook, *values, first=1):
  """Tells the hook of evaluations at every 20 steps; returns why the trial stops after the last, if it does."""
  for count, value in enumerate(values, start=first):
    state = state_at(20 * count)
    hook.after_evaluation(state, {'AP50': value})
  return state.stop


@pytest.fixture
def search(tmp_path):
  """A search whose trial 1 is complete, with evaluations of 0.2, 0.4, 0.6, 0.8."""
  opened = open_study(tmp_path, settings())
  run(opened, count=1)
  begun = opened.next_trial()
  evaluate(trial.ReportAndPrune(study.trial_of(opened._study, begun.number), 'AP50'), 0.2, 0.4, 0.6, 0.8)
  opened.end(TrialResult(1, begun.values, results.COMPLETE, 0.8))
  return opened


def begin(search):
  return trial.ReportAndPrune(study.trial_of(search._study, search.next_trial().number), 'AP50')


def test_a_trial_that_the_others_have_left_behind_is_ended_before_its_end_only(search):
  assert 'better half' in evaluate(begin(search), 0.1)
  assert evaluate(begin(search), 0.3, 0.5, 0.7, 0.1) == ''
  assert search.results()[2].evaluations == [(20, 0.1)]


def test_a_trial_that_still_runs_counts_too(tmp_path):
  search = open_study(tmp_path, settings())
  search.next_trial()
  ahead, behind = begin(search), begin(search)

  evaluate(ahead, 0.5)

  assert 'better half' in evaluate(behind, 0.1)


def test_the_config_as_it_is_is_never_pruned_and_nothing_is_compared_to_it(tmp_path):
  search = open_study(tmp_path, settings())
  as_it_is, second, third = begin(search), begin(search), begin(search)

  evaluate(as_it_is, 0.9)
  assert evaluate(second, 0.1) == ''
  evaluate(third, 0.5)
  assert evaluate(as_it_is, 0.0, first=2) == ''


def test_what_could_not_be_measured_is_not_reported(search):
  evaluate(begin(search), float('nan'), 0.5)

  assert search.results()[2].evaluations == [(40, 0.5)]


def test_a_trial_that_goes_on_reports_what_the_study_lacks_and_nothing_twice(search):
  number = search.next_trial().number
  hook = trial.ReportAndPrune(study.trial_of(search._study, number), 'AP50')
  evaluate(hook, 0.5)
  again = trial.ReportAndPrune(study.trial_of(search._study, number), 'AP50')
  again.load_state_dict({'evaluations': [[20, 0.5], [40, 0.6]]})

  evaluate(again, 0.7, first=3)

  assert search.results()[number].evaluations == [(20, 0.5), (40, 0.6), (60, 0.7)]


def test_a_trial_that_lost_its_search_ends():
  with pytest.raises(SystemExit):
    trial.EndWithParent(parent=-1).after_step(state_at(3), lambda: [])

  trial.EndWithParent(parent=os.getppid()).after_step(state_at(3), lambda: [])


@pytest.fixture
def prepared(tmp_path):
  """The folder of the first trial of a search, ready for `main`."""
  first = open_study(tmp_path, settings()).next_trial()
  train = trial.trial_settings(TrainSettings(), settings())
  adaptation = Adaptation(['/night/Split-train/*'], 0.3, 8, 'source')
  spec = TrialSpec(settings(), train, {'cat': 1}, location(tmp_path), adaptation)
  trial.prepare(str(tmp_path / 'trial-000'), first, config_io.Config(), spec)
  return tmp_path / 'trial-000'


def end_with(monkeypatch, *evaluations, error=None):
  """Puts a function in place of the training that has these evaluations; returns what that is called with."""
  seen = {}

  def train(task, work_directory, extra_hooks):
    seen.update(task=task, work=work_directory)
    if error:
      raise error
    history = [{'step': 20 * count, 'AP50': value} for count, value in enumerate(evaluations, start=1)]
    return types.SimpleNamespace(state=state_at(80), history=history, seconds=3.21)

  monkeypatch.setattr(trial.training, 'train', train)
  return seen


def test_a_trial_adapts_as_the_run_does(prepared, monkeypatch):
  seen = end_with(monkeypatch, 0.5, 0.4)

  trial.main(str(prepared), os.getppid())

  assert (seen['task'].adaptation.weight, seen['task'].labels) == (0.3, {'cat': 1})
  assert seen['work'] == str(prepared / 'work')
  (ended,) = results.load((prepared / trial.RESULT).read_text())
  assert (ended.state, ended.value, ended.evaluations) == (results.COMPLETE, 0.5, [(20, 0.5), (40, 0.4)])
  assert ended.seconds == 3.2


@pytest.mark.parametrize(
  ('error', 'reason'),
  [
    pytest.param(MemoryError(), 'out of memory', id='no memory'),
    pytest.param(None, 'AP50 could never be measured', id='nothing to measure'),
  ],
)
def test_a_trial_that_cannot_be_trained_has_failed(prepared, monkeypatch, error, reason):
  end_with(monkeypatch, error=error)

  trial.main(str(prepared), os.getppid())

  (ended,) = results.load((prepared / trial.RESULT).read_text())
  assert (ended.state, ended.reason) == (results.FAILED, reason)


def test_a_trial_is_trained_as_the_run_would_be_but_watched_for_the_objective(prepared):
  train = TrainSettings(seed=7, watch='AP', eval_every=500, early_stopping={'patience': 1}, cache='disk')

  trained = trial.trial_settings(train, settings(evaluations=2))

  assert (trained.seed, trained.cache, trained.early_stopping) == (7, 'disk', None)
  assert (trained.watch, trained.eval_every, trained.checkpoint_every) == ('AP50', 40, 40)
  spec = json.loads((prepared / 'trial.json').read_text())
  assert parse_settings(TrainSettings, spec['train'], 'train').watch == 'AP50'


@pytest.mark.parametrize(('asked', 'of_the_training', 'expected'), [(50, None, 50), (50, 20, 20), (50, 90, 50)])
def test_a_trial_is_evaluated_on_a_sample(asked, of_the_training, expected):
  train = trial.trial_settings(TrainSettings(eval_images=of_the_training), settings(eval_images=asked))
  assert train.eval_images == expected
