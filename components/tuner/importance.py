"""How much each hyperparameter matters."""

from __future__ import annotations

from collections.abc import Sequence

import optuna

from components.tuner import optuna_trials
from components.tuner.results import COMPLETE, TrialResult
from components.tuner.settings import TuneSettings

# Fewer complete trials say nothing about what matters.
_LEAST_TRIALS = 4


def importances(tune: TuneSettings, trials: Sequence[TrialResult]) -> dict[str, float]:
  """{path: fraction of the objective's variance that it explains}, by fANOVA; empty with too few complete trials."""
  complete = [trial for trial in trials if trial.state == COMPLETE and trial.values]
  if len(complete) < _LEAST_TRIALS or len({trial.value for trial in complete}) == 1:
    return {}
  evaluator = optuna.importance.FanovaImportanceEvaluator(seed=tune.seed)
  return optuna.importance.get_param_importances(optuna_trials.replay(tune, complete), evaluator=evaluator)
