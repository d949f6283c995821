"""Saves checkpoints by steps and by time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from detection.training.hooks.hook import Hook, Phase
from detection.training.state import TrainState


class SaveCheckpoints(Hook):
  """Saves every so many steps or minutes, whichever comes first, and always at the end."""

  phase = Phase.SAVE

  def __init__(
    self, save: Callable[[], Any], every: int, minutes: float, clock: Callable[[], float] = time.monotonic
  ) -> None:
    """Args: save: writes a checkpoint. every: steps between two. minutes: between two. clock: gives seconds."""
    self._save, self._every, self._seconds, self._clock = save, every, minutes * 60, clock
    self._saved_at = clock()

  def before_training(self, state: TrainState) -> None:
    if state.step == 0:
      # The weights that training starts from: a rollback before the first interval goes back to them.
      self._save_now()
    self._saved_at = self._clock()

  def after_step_and_evaluation(self, state: TrainState) -> None:
    overdue = self._clock() - self._saved_at >= self._seconds
    if state.step % self._every == 0 or overdue or state.step >= state.num_steps or state.stop:
      self._save_now()

  def _save_now(self) -> None:
    self._save()
    self._saved_at = self._clock()
