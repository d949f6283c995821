"""Ends training when it no longer gets better."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from detection.training.hooks.hook import Hook, Phase
from detection.training.state import TrainState


class StopEarly(Hook):
  """Ends training when the watched metric has not risen by `min_delta` for `patience` evaluations in a row."""

  phase = Phase.MEASURE

  def __init__(self, watch: str, patience: int, min_delta: float) -> None:
    self._watch, self._patience, self._min_delta = watch, patience, min_delta
    self._highest: float | None = None
    self._evaluations_without_gain = 0

  def before_training(self, state: TrainState) -> None:
    # A training that had stopped early, and was killed before its export, has nothing left to train.
    self._stop_if_out_of_patience(state)

  def after_evaluation(self, state: TrainState, metrics: Mapping[str, float]) -> None:
    value = metrics[self._watch]
    gained = self._highest is None or value > self._highest + self._min_delta
    self._evaluations_without_gain = 0 if gained else self._evaluations_without_gain + 1
    if not math.isnan(value):
      self._highest = value if self._highest is None else max(self._highest, value)
    self._stop_if_out_of_patience(state)

  def state_dict(self) -> dict[str, Any]:
    return {'highest': self._highest, 'evaluations_without_gain': self._evaluations_without_gain}

  def load_state_dict(self, state: Mapping[str, Any]) -> None:
    self._highest, self._evaluations_without_gain = state['highest'], state['evaluations_without_gain']

  def _stop_if_out_of_patience(self, state: TrainState) -> None:
    if self._evaluations_without_gain >= self._patience:
      state.stop = f'{self._watch} has not risen by {self._min_delta} in {self._patience} evaluations'
