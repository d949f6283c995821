"""Keeps the weights of the best evaluation."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from typing import Any

from detection.base.progress import write_line
from detection.training.hooks.hook import Hook, Phase
from detection.training.state import TrainState


@dataclasses.dataclass(frozen=True)
class Best:
  """The best evaluation so far: the watched metric's value and the step."""

  value: float
  step: int


class KeepBest(Hook):
  """Saves the weights of the best evaluation by the watched metric. NaN is never best.

  Attributes:
    watch: the watched metric's name.
    best: the best evaluation so far; None before the first that could be measured.
  """

  phase = Phase.MEASURE

  def __init__(self, save: Callable[[int], Any], watch: str) -> None:
    """Args: save: saves the present weights as those of a step. watch: see the class."""
    self._save, self.watch = save, watch
    self.best: Best | None = None

  def after_evaluation(self, state: TrainState, metrics: Mapping[str, float]) -> None:
    value = metrics[self.watch]
    if math.isnan(value):
      write_line(f'step {state.step}: {self.watch} could not be measured, not kept as best')
      return
    if self.best is None or value > self.best.value:
      self._save(state.step)
      self.best = Best(value, state.step)

  def state_dict(self) -> dict[str, Any]:
    return {'best': dataclasses.asdict(self.best) if self.best else None}

  def load_state_dict(self, state: Mapping[str, Any]) -> None:
    self.best = Best(**state['best']) if state['best'] else None
