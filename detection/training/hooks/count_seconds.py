"""Counts the time spent training."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from detection.training.hooks.hook import Hook, ImageIds, Phase
from detection.training.state import TrainState


class CountSeconds(Hook):
  """Counts the seconds spent training, over all restarts; those of steps that a rollback undid are left out.

  Attributes:
    seconds: until the last step.
  """

  phase = Phase.MEASURE

  def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
    self._clock, self._last = clock, clock()
    self.seconds = 0.0

  def before_training(self, state: TrainState) -> None:
    self._last = self._clock()

  def after_step(self, state: TrainState, image_ids: ImageIds) -> None:
    now = self._clock()
    self.seconds += now - self._last
    self._last = now

  def state_dict(self) -> dict[str, Any]:
    return {'seconds': self.seconds}

  def load_state_dict(self, state: Mapping[str, Any]) -> None:
    self.seconds = state['seconds']
    self._last = self._clock()
