"""What came of the trials: one row a trial, the content of trials.json."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any

FILE_NAME = 'trials.json'
RUNNING, COMPLETE, PRUNED, FAILED = 'running', 'complete', 'pruned', 'failed'


@dataclasses.dataclass
class TrialResult:
  """One training of the search.

  number: from 0.
  values: {path: value}; empty for the config as it is.
  state: running, complete, pruned, or failed.
  value: the best of its evaluations; None if there was none.
  evaluations: [(step, objective)] in order, where it could be measured.
  seconds: of training.
  reason: why it was pruned or failed.
  node: number of the machine that trains it; 0 where there is one machine.
  """

  number: int
  values: dict[str, Any]
  state: str = RUNNING
  value: float | None = None
  evaluations: list[tuple[int, float]] = dataclasses.field(default_factory=list)
  seconds: float = 0.0
  reason: str = ''
  node: int = 0


def failed(trial: TrialResult, reason: str) -> TrialResult:
  """The trial, ended without a value."""
  return TrialResult(trial.number, trial.values, FAILED, reason=reason, node=trial.node)


def dump(trials: Sequence[TrialResult]) -> str:
  """The table of trials as JSON."""
  rows = [dataclasses.asdict(trial) for trial in sorted(trials, key=lambda trial: trial.number)]
  return json.dumps({'trials': rows}, indent=2) + '\n'


def load(text: str) -> list[TrialResult]:
  """The trials of what `dump` wrote."""
  rows = json.loads(text)['trials']
  return [TrialResult(**{**row, 'evaluations': [(step, value) for step, value in row['evaluations']]}) for row in rows]


def best(trials: Sequence[TrialResult]) -> TrialResult | None:
  """The complete trial of the highest value, the earliest of equals; None if none is complete."""
  complete = [trial for trial in trials if trial.state == COMPLETE]
  return max(complete, key=lambda trial: (trial.value, -trial.number), default=None)


def measured(history: Sequence[Mapping[str, Any]], objective: str) -> list[tuple[int, float]]:
  """[(step, objective)] of a training's history, where it could be measured."""
  return [(row['step'], row[objective]) for row in history if objective in row]


def values_text(values: Mapping[str, Any]) -> str:
  """Values on one line."""
  shown = (f'{path} {value:.4g}' if isinstance(value, float) else f'{path} {value}' for path, value in values.items())
  return ', '.join(shown) or 'the config as it is'


def outcome_text(trial: TrialResult, objective: str) -> str:
  """How a trial ended, on one line."""
  value = '' if trial.value is None else f'{objective} {trial.value:.3f}'
  return '; '.join(part for part in (value, trial.reason) if part)


def best_text(trial: TrialResult, objective: str) -> str:
  """The best trial on one line."""
  return f'{objective} {trial.value:.3f} in trial {trial.number}: {values_text(trial.values)}'
