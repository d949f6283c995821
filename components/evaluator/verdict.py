"""Blessed or not: compares metrics with thresholds and with the model in production."""

import dataclasses
import math
from collections.abc import Collection, Mapping
from typing import Any

from detection.base.errors import ConfigError
from detection.metrics import names


@dataclasses.dataclass(frozen=True)
class Check:
  """One condition.

  value: the measured metric; NaN if it could not be measured.
  bound: the least value that passes; NaN if there is none.
  sentence: says whether it is met.
  """

  name: str
  value: float
  bound: float
  passed: bool
  sentence: str


@dataclasses.dataclass(frozen=True)
class Verdict:
  """The decision. reason: one line; the conditions that are not met, or all of them if all are met."""

  blessed: bool
  reason: str
  checks: tuple[Check, ...]

  def as_dict(self) -> dict[str, Any]:
    """For JSON; NaN becomes null."""
    checks = [dataclasses.asdict(check) for check in self.checks]
    for check in checks:
      check.update({key: None for key in ('value', 'bound') if math.isnan(check[key])})
    return {'blessed': self.blessed, 'reason': self.reason, 'checks': checks}


@dataclasses.dataclass(frozen=True)
class Bounds:
  """What a model has to reach.

  thresholds: {metric: least value}; a metric of names.ALL, or `metric/class` for one class.
  min_improvement: how much AP must rise over the baseline's; a negative value allows a fall.
  max_class_drop: how far a class's AP may fall below the baseline's; None allows any fall.
  """

  thresholds: Mapping[str, float]
  min_improvement: float = 0.0
  max_class_drop: float | None = None

  def check_names(self) -> None:
    """Checks names and values of the thresholds; needs no label map.

    Raises:
      ConfigError: for the first name that is no metric, or value that is no number in [0, 1]; and for limits against
        the baseline that are no finite numbers, which no model could pass.
    """
    for name, bound in self.thresholds.items():
      if problem := names.problem(name):
        raise ConfigError(f'evaluate.thresholds: {problem}.')
      if isinstance(bound, bool) or not isinstance(bound, int | float) or not 0 <= bound <= 1:
        raise ConfigError(f'evaluate.thresholds.{name}: expected a number from 0 to 1, received {bound!r}.')
    for name in ('min_improvement', 'max_class_drop'):
      limit = getattr(self, name)
      if limit is not None and not math.isfinite(limit):
        raise ConfigError(f'evaluate.{name}: expected a finite number, received {limit}.')

  def check_classes(self, classes: Collection[str]) -> None:
    """Checks that the classes in the thresholds exist.

    Args:
      classes: names of the label map's classes.

    Raises:
      ConfigError: if there is no such class; it names the threshold.
    """
    for name in self.thresholds:
      names.check_class(name, classes, f'evaluate.thresholds.{name}')


def judge(
  metrics: Mapping[str, float],
  per_class: Mapping[str, Mapping[str, float]],
  bounds: Bounds,
  baseline: Mapping[str, float] | None = None,
  baseline_per_class: Mapping[str, Mapping[str, float]] | None = None,
) -> Verdict:
  """Judges a measured model.

  Args:
    metrics: {metric: value}, NaN where nothing could be measured.
    per_class: {class name: {metric: value}}.
    bounds: what has to be reached.
    baseline, baseline_per_class: metrics of the model in production, on the same images; None on a first run.
  """
  checks = [_threshold(name, bound, metrics, per_class) for name, bound in sorted(bounds.thresholds.items())]
  if baseline is not None:
    checks.append(_improvement(metrics['AP'], baseline['AP'], bounds.min_improvement))
    if bounds.max_class_drop is not None:
      checks += _class_drops(per_class, baseline_per_class or {}, bounds.max_class_drop)
  failed = [check.sentence for check in checks if not check.passed]
  if failed:
    return Verdict(False, ' '.join(failed), tuple(checks))
  passed = ' '.join(check.sentence for check in checks) or 'No thresholds are set and there is no baseline.'
  return Verdict(True, passed, tuple(checks))


def refused(reason: str) -> Verdict:
  """The verdict on a model that was not measured."""
  return Verdict(False, reason, ())


def _threshold(name: str, bound: float, metrics: Mapping[str, float], per_class: Mapping[str, Mapping]) -> Check:
  return _check(name, names.look_up(name, metrics, per_class), bound, f'the threshold {bound:.3f}')


def _improvement(value: float, baseline: float, least: float) -> Check:
  if math.isnan(baseline):
    return Check('AP over baseline', value, math.nan, True, 'The baseline has no AP on these images.')
  return _check('AP over baseline', value, baseline + least, f'the baseline {baseline:.3f} {least:+.3f}')


def _class_drops(per_class: Mapping[str, Mapping], baseline: Mapping[str, Mapping], most: float) -> list[Check]:
  checks = []
  for name, measured in per_class.items():
    before = baseline.get(name, {}).get('AP', math.nan)
    if not math.isnan(before):
      bound = f'the baseline {before:.3f} less the {most:.3f} a class may drop'
      checks.append(_check(f'AP/{name} over baseline', measured['AP'], before - most, bound))
  return checks


def _check(name: str, value: float, bound: float, described: str) -> Check:
  if math.isnan(value):
    return Check(name, value, bound, False, f'{name} could not be measured: no such object in the evaluated images.')
  if value >= bound:
    return Check(name, value, bound, True, f'{name} {value:.3f} reaches {described}.')
  return Check(name, value, bound, False, f'{name} {value:.3f} is below {described}.')
