"""Which values a trial gets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial

from components.tuner import optuna_trials, space
from components.tuner.settings import TuneSettings


class SearchSampler(BaseSampler):
  """The values of a trial follow from its number, the seed and the trials before it.

  The storage gives each number once, so a grid takes each of its points once, whichever process asks. A search that
  runs one trial at a time is the same each time, also when it was killed and went on. Trial 0 is the config as it is
  and has no values. `random` and `bayesian` are Optuna's RandomSampler and TPESampler.
  """

  def __init__(self, tune: TuneSettings) -> None:
    self._tune = tune

  def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
    return space.distributions(self._tune) if 0 < trial.number <= self._tune.most_trials else {}

  def sample_relative(
    self, study: optuna.Study, trial: FrozenTrial, search_space: Mapping[str, BaseDistribution]
  ) -> dict[str, Any]:
    if not search_space:
      return {}
    if self._tune.method == 'grid':
      return space.encode(self._tune, space.grid(self._tune)[trial.number - 1])
    trials = [optuna_trials.result_of(self._tune, other) for other in study.get_trials(deepcopy=False)]
    replayed = optuna_trials.replay(self._tune, [other for other in trials if other.number != trial.number])
    replayed.sampler = _optuna_sampler(self._tune, trial.number)
    return replayed.ask(dict(search_space)).params

  def sample_independent(
    self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
  ) -> Any:
    raise ValueError(f'trial {trial.number}: {param_name} is no hyperparameter of the search')


def _optuna_sampler(tune: TuneSettings, number: int) -> BaseSampler:
  seed = tune.seed * 1_000_003 + number
  if tune.method == 'random':
    return optuna.samplers.RandomSampler(seed)
  return optuna.samplers.TPESampler(seed=seed, n_startup_trials=max(4, tune.trials // 3))
