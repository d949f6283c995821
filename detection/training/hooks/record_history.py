"""Keeps a row for each evaluation, in memory and in history.jsonl."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

from detection.metrics import names
from detection.training.hooks.count_seconds import CountSeconds
from detection.training.hooks.hook import Hook, Phase
from detection.training.state import TrainState


class RecordHistory(Hook):
  """Keeps a row for each evaluation: step, seconds, metrics, and the training losses of that step.

  A metric that there is nothing to measure on is left out. The file is written anew after each evaluation, so that no
  row is in it twice after a restart.

  Attributes:
    rows: {name: value} for each evaluation so far, in order.
  """

  phase = Phase.MEASURE

  def __init__(self, write: Callable[[str], Any], time: CountSeconds) -> None:
    """Args: write: replaces the content of history.jsonl. time: gives the seconds of a row."""
    self._write, self._time = write, time
    self.rows: list[dict[str, Any]] = []

  def after_evaluation(self, state: TrainState, metrics: Mapping[str, float]) -> None:
    row = {'step': state.step, 'seconds': round(self._time.seconds, 3), **measured(metrics)}
    row.update({f'train/{name}': value for name, value in state.losses.items()})
    self.rows.append(row)
    self._write(''.join(json.dumps(row) + '\n' for row in self.rows))

  def state_dict(self) -> dict[str, Any]:
    return {'rows': self.rows}

  def load_state_dict(self, state: Mapping[str, Any]) -> None:
    self.rows = list(state['rows'])


def measured(metrics: Mapping[str, float]) -> dict[str, float]:
  """Metrics without those that there is nothing to measure on, such as AP_small without small objects; all losses."""
  return {name: value for name, value in metrics.items() if names.problem(name) or not math.isnan(value)}
