"""What a SIGTERM does to a training."""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType
from typing import Any

from detection.base.progress import write_line
from detection.training.hooks.hook import Hook, Phase
from detection.training.state import TrainState


class StopOnSignal(Hook):
  """On SIGTERM finishes the step under way, saves a checkpoint, and ends the process with status 143.

  Attributes:
    asked: whether the signal has come; an evaluation under way ends then.
  """

  phase = Phase.SAVE

  def __init__(self, save: Callable[[], Any]) -> None:
    """Args: save: writes a checkpoint."""
    self._save = save
    self.asked = False
    self._handler_before: Any = None

  def before_training(self, state: TrainState) -> None:
    self._handler_before = signal.signal(signal.SIGTERM, self._remember)

  def after_step_and_evaluation(self, state: TrainState) -> None:
    if self.asked:
      self._save()
      write_line(f'asked to stop: saved step {state.step}')
      self.after_training(state)
      raise SystemExit(128 + signal.SIGTERM)

  def after_training(self, state: TrainState) -> None:
    signal.signal(signal.SIGTERM, self._handler_before)

  def _remember(self, number: int, frame: FrameType | None) -> None:
    self.asked = True
