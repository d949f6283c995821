"""The search space in Optuna's terms.

Optuna's categories are plain values; a choice here may be any JSON value, so categories are its JSON text.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from components.tuner.settings import Dimension, TuneSettings


def distributions(tune: TuneSettings) -> dict[str, BaseDistribution]:
  """{path: distribution of its values}."""
  return {path: _distribution(dimension) for path, dimension in tune.space.items()}


def encode(tune: TuneSettings, values: Mapping[str, Any]) -> dict[str, Any]:
  """Values as Optuna's parameters."""
  return {path: value if tune.space[path].values is None else _text(value) for path, value in values.items()}


def decode(tune: TuneSettings, params: Mapping[str, Any]) -> dict[str, Any]:
  """Optuna's parameters as values, in the order of the space."""
  return {
    path: params[path] if dimension.values is None else json.loads(params[path])
    for path, dimension in tune.space.items()
    if path in params
  }


def suggest(tune: TuneSettings, trial: optuna.Trial) -> dict[str, Any]:
  """The trial's values: the study's sampler chooses those that it has not got yet."""
  return decode(tune, {path: _suggest(trial, path, one) for path, one in distributions(tune).items()})


def grid(tune: TuneSettings) -> list[dict[str, Any]]:
  """Every combination of values, the last hyperparameter changing fastest."""
  axes = [dimension.grid_values for dimension in tune.space.values()]
  return [dict(zip(tune.space, point, strict=True)) for point in itertools.product(*axes)]


def _distribution(dimension: Dimension) -> BaseDistribution:
  if dimension.values is not None:
    return CategoricalDistribution([_text(value) for value in dimension.values])
  kind = IntDistribution if dimension.is_whole else FloatDistribution
  return kind(*dimension.ends, log=dimension.scale == 'log')


def _suggest(trial: optuna.Trial, path: str, distribution: BaseDistribution) -> Any:
  if isinstance(distribution, CategoricalDistribution):
    return trial.suggest_categorical(path, distribution.choices)
  if isinstance(distribution, IntDistribution):
    return trial.suggest_int(path, distribution.low, distribution.high, log=distribution.log)
  return trial.suggest_float(path, distribution.low, distribution.high, log=distribution.log)


def _text(value: Any) -> str:
  return json.dumps(value, sort_keys=True)
