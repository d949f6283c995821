"""Trials between Optuna's form and the rows of the results."""

from __future__ import annotations

from collections.abc import Sequence

import optuna
from optuna.trial import FrozenTrial, TrialState

from components.tuner import space
from components.tuner.pruner import DECIMALS
from components.tuner.results import COMPLETE, FAILED, PRUNED, RUNNING, TrialResult
from components.tuner.settings import TuneSettings
from components.tuner.storage import NO_SIGN_OF_LIFE

_STATES = {
  TrialState.RUNNING: RUNNING,
  TrialState.COMPLETE: COMPLETE,
  TrialState.PRUNED: PRUNED,
  TrialState.FAIL: FAILED,
}


def result_of(tune: TuneSettings, trial: FrozenTrial) -> TrialResult:
  """A trial as Optuna stores it, as a row of the results."""
  state, attributes = _STATES[trial.state], trial.user_attrs
  evaluations = sorted(trial.intermediate_values.items()) if state != FAILED else []
  return TrialResult(
    number=trial.number,
    values=space.decode(tune, trial.params),
    state=state,
    value=trial.value if state != PRUNED else max((value for _, value in evaluations), default=None),
    evaluations=evaluations,
    seconds=attributes.get('seconds', 0.0),
    reason=attributes.get('reason', NO_SIGN_OF_LIFE if state == FAILED else ''),
    node=attributes.get('node', 0),
  )


def replay(tune: TuneSettings, trials: Sequence[TrialResult]) -> optuna.Study:
  """A study in memory of those trials that have a value for each hyperparameter.

  The config as it is has none and may lie outside the space. A failed trial counts as complete with the value 0.0, the
  worst, so that a sampler leaves its neighbourhood alone. Evaluations are rounded as the pruner compares them.
  """
  study = optuna.create_study(direction='maximize')
  study.add_trials([_replayed(tune, trial) for trial in trials if len(trial.values) == len(tune.space)])
  return study


def _replayed(tune: TuneSettings, trial: TrialResult) -> FrozenTrial:
  state = {PRUNED: TrialState.PRUNED, RUNNING: TrialState.RUNNING}.get(trial.state, TrialState.COMPLETE)
  value = 0.0 if trial.state == FAILED else trial.value
  return optuna.trial.create_trial(
    state=state,
    value=value if state == TrialState.COMPLETE else None,
    params=space.encode(tune, trial.values),
    distributions=space.distributions(tune),
    intermediate_values={step: round(value, DECIMALS) for step, value in trial.evaluations},
  )
