"""The search itself: from the trials so far to the next one, and to whether one is hopeless. No state of its own.

Trials are replayed into an Optuna study whenever one is asked, so a search that was killed goes on as if it had not
been: the next values depend on the seed and the trials alone.
"""

import dataclasses
import itertools
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import optuna

from components.tuner.settings import Dimension, TuneSettings

RUNNING, COMPLETE, PRUNED, FAILED = 'running', 'complete', 'pruned', 'failed'
_HALF = 2
# Trials are compared to so many: further ones say more of a small eval split, or of a start near zero, than of them.
_DECIMALS = 2
# Fewer than this say nothing about what matters.
_ENOUGH = 4

optuna.logging.set_verbosity(optuna.logging.WARNING)


@dataclasses.dataclass
class Trial:
  """One training of the search.

  number: from 0.
  values: {path: value}; empty for the config as it is.
  state: running, complete, pruned, or failed.
  value: the best of its evaluations; None if there was none.
  evaluations: [(step, objective)] in order, where it could be measured.
  seconds: of training.
  reason: why it was pruned or failed.
  node: which one trains it; 0 is the one that leads.
  """

  number: int
  values: dict[str, Any]
  state: str = RUNNING
  value: float | None = None
  evaluations: list[tuple[int, float]] = dataclasses.field(default_factory=list)
  seconds: float = 0.0
  reason: str = ''
  node: int = 0


def failed(trial: Trial, reason: str) -> Trial:
  """The trial, ended without a value."""
  return Trial(trial.number, trial.values, FAILED, reason=reason)


def dump(trials: Sequence[Trial]) -> str:
  """The trials table as JSON."""
  rows = [dataclasses.asdict(trial) for trial in sorted(trials, key=lambda trial: trial.number)]
  return json.dumps({'trials': rows}, indent=2) + '\n'


def load(text: str) -> list[Trial]:
  """The trials of what `dump` wrote."""
  rows = json.loads(text)['trials']
  return [Trial(**{**row, 'evaluations': [(step, value) for step, value in row['evaluations']]}) for row in rows]


def next_trial(settings: TuneSettings, trials: Sequence[Trial]) -> Trial | None:
  """The trial to run after these, some of which may still run; None when all were begun.

  The first is the config as it is: a search that finds nothing better leaves it alone.
  """
  number = len(trials)
  if number == 0:
    return Trial(0, {})
  if settings.method == 'grid':
    points = list(itertools.product(*(_grid(one) for one in settings.space.values())))
    if number > len(points):
      return None
    return Trial(number, dict(zip(settings.space, points[number - 1], strict=True)))
  if number > settings.trials:
    return None
  study = _replay(settings, trials)
  study.sampler = _sampler(settings, number)
  return Trial(number, _decode(settings, study.ask(_distributions(settings)).params))


def is_hopeless(settings: TuneSettings, others: Sequence[Trial], trial: Trial) -> bool:
  """Whether successive halving would end `trial` after its evaluations so far (Li et al., arXiv:1810.05934).

  At 1, 2, 4 ... evaluations a trial must be in the better half of all that came so far, as many as there are, or equal
  to one that is, to two decimals.
  """
  if settings.pruning == 'none' or not trial.values:
    return False
  study = _replay(settings, [other for other in others if other.number != trial.number])
  _, hopeless = _enter(study, settings, trial)
  return hopeless


def best(trials: Sequence[Trial]) -> Trial | None:
  """The complete trial of the highest value, the earliest of equals; None if none is complete."""
  complete = [trial for trial in trials if trial.state == COMPLETE]
  return max(complete, key=lambda trial: (trial.value, -trial.number), default=None)


def importances(settings: TuneSettings, trials: Sequence[Trial]) -> dict[str, float]:
  """{path: share of the objective's variance that it explains}, by fANOVA; empty when too few trials are complete."""
  complete = [trial for trial in trials if trial.state == COMPLETE and trial.values]
  if len(complete) < _ENOUGH or len({trial.value for trial in complete}) == 1:
    return {}
  evaluator = optuna.importance.FanovaImportanceEvaluator(seed=settings.seed)
  return optuna.importance.get_param_importances(_replay(settings, complete), evaluator=evaluator)


def _replay(settings: TuneSettings, trials: Sequence[Trial]) -> optuna.Study:
  pruner = optuna.pruners.SuccessiveHalvingPruner(min_resource=settings.eval_every, reduction_factor=_HALF)
  study = optuna.create_study(direction='maximize', pruner=pruner, sampler=optuna.samplers.RandomSampler(settings.seed))
  for trial in trials:
    if not trial.values:
      continue  # the config as it is may lie outside the space
    entered, _ = _enter(study, settings, trial)
    if trial.state == COMPLETE:
      study.tell(entered, trial.value)
    elif trial.state == PRUNED:
      study.tell(entered, state=optuna.trial.TrialState.PRUNED)
    elif trial.state == FAILED:
      study.tell(entered, 0.0)  # as bad as can be, so that its neighbourhood is left alone
  return study


def _enter(study: optuna.Study, settings: TuneSettings, trial: Trial) -> tuple[optuna.Trial, bool]:
  """Reports a trial's values and evaluations; also whether the pruner would end it after the last."""
  study.enqueue_trial(_encode(settings, trial.values))
  entered = study.ask(_distributions(settings))
  hopeless = False
  for step, value in trial.evaluations:
    entered.report(round(value, _DECIMALS), step)
    hopeless = entered.should_prune()
  return entered, hopeless


def _sampler(settings: TuneSettings, number: int) -> optuna.samplers.BaseSampler:
  seed = settings.seed * 1_000_003 + number
  if settings.method == 'random':
    return optuna.samplers.RandomSampler(seed)
  return optuna.samplers.TPESampler(seed=seed, n_startup_trials=max(_ENOUGH, settings.trials // 3))


def _distributions(settings: TuneSettings) -> dict[str, optuna.distributions.BaseDistribution]:
  return {path: _distribution(one) for path, one in settings.space.items()}


def _distribution(one: Dimension) -> optuna.distributions.BaseDistribution:
  if one.values is not None:
    return optuna.distributions.CategoricalDistribution([_text(value) for value in one.values])
  kind = optuna.distributions.IntDistribution if one.is_whole else optuna.distributions.FloatDistribution
  return kind(one.min, one.max, log=one.scale == 'log')


def _grid(one: Dimension) -> list[Any]:
  if one.values is not None:
    return one.values
  space = np.geomspace if one.scale == 'log' else np.linspace
  points = space(one.min, one.max, one.points).tolist()
  return sorted({round(point) for point in points}) if one.is_whole else points


def _text(value: Any) -> str:
  return json.dumps(value, sort_keys=True)


def _encode(settings: TuneSettings, values: Mapping[str, Any]) -> dict[str, Any]:
  return {path: value if settings.space[path].values is None else _text(value) for path, value in values.items()}


def _decode(settings: TuneSettings, params: Mapping[str, Any]) -> dict[str, Any]:
  return {path: value if settings.space[path].values is None else json.loads(value) for path, value in params.items()}


def measured(history: Sequence[Mapping[str, Any]], objective: str) -> list[tuple[int, float]]:
  """[(step, objective)] of a training's history, where it could be measured."""
  return [(row['step'], row[objective]) for row in history if objective in row]
