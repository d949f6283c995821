"""Which trials end early."""

from __future__ import annotations

import copy

import optuna
from optuna.pruners import BasePruner, NopPruner, SuccessiveHalvingPruner
from optuna.trial import FrozenTrial

from components.tuner.settings import TuneSettings

# Evaluations are compared to two decimals: further ones tell more of a small eval split, or of a start near zero, than
# of the trial.
DECIMALS = 2
# After each rung, one trial in so many goes on: eta in Li et al., arXiv:1810.05934.
_REDUCTION_FACTOR = 2


class RoundedHalving(SuccessiveHalvingPruner):
  """Optuna's successive halving, on evaluations rounded to two decimals.

  At 1, 2, 4 ... evaluations a trial must be in the better half of all that came so far, as many as there are, or equal
  to one that is. Trials that still run count too.
  """

  def prune(self, study: optuna.Study, trial: FrozenTrial) -> bool:
    rounded = copy.copy(trial)
    rounded.intermediate_values = {step: round(value, DECIMALS) for step, value in trial.intermediate_values.items()}
    return super().prune(study, rounded)


def pruner_of(tune: TuneSettings) -> BasePruner:
  """The pruner that the settings ask for."""
  if tune.pruning == 'none':
    return NopPruner()
  return RoundedHalving(min_resource=tune.eval_every, reduction_factor=_REDUCTION_FACTOR)
