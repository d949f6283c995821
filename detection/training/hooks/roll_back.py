"""Goes back to the last checkpoint when the loss blows up."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from detection.base.progress import write_line
from detection.training.hooks.hook import Hook, ImageIds, Phase, TrainingError
from detection.training.state import TOTAL_LOSS, TrainState

_KEPT = 0.98  # of the running mean, at each step


class RollBack(Hook):
  """Goes back to the last checkpoint with a lower learning rate when the loss blows up, a set number of times.

  Attributes:
    rollbacks: how often training went back, over all restarts.
    rate_scale: what the learning rate is multiplied by since then.
  """

  phase = Phase.GUARD

  def __init__(
    self, go_back: Callable[[], int], set_rate_scale: Callable[[float], Any], times: int, factor: float, blow_up: float
  ) -> None:
    """Creates the hook.

    Args:
      go_back: restores the latest checkpoint and returns its step.
      set_rate_scale: multiplies the learning rate of every further step.
      times, factor, blow_up: see settings.Rollback.
    """
    self._go_back, self._set_rate_scale = go_back, set_rate_scale
    self._times, self._factor, self._blow_up = times, factor, blow_up
    self._mean: float | None = None  # running mean of the loss since the start or the last rollback
    self.rollbacks = 0
    self.rate_scale = 1.0

  def after_step(self, state: TrainState, image_ids: ImageIds) -> None:
    loss = state.losses[TOTAL_LOSS]
    if math.isfinite(loss) and (self._mean is None or loss < self._blow_up * self._mean):
      self._mean = loss if self._mean is None else _KEPT * self._mean + (1 - _KEPT) * loss
      return
    if self.rollbacks >= self._times:
      raise TrainingError(
        f'step {state.step}: loss {loss} blew up again after {self._times} rollbacks. '
        f'Images of the batch: {", ".join(image_ids())}.'
      )
    self._roll_back(state.step, loss)

  def _roll_back(self, step: int, loss: float) -> None:
    # Taken before the checkpoint is restored: it holds the counts of the time when it was saved.
    rollbacks, rate_scale = self.rollbacks + 1, self.rate_scale * self._factor
    back_to = self._go_back()
    self.load_state_dict({'rollbacks': rollbacks, 'rate_scale': rate_scale})
    self._mean = None
    write_line(f'step {step}: loss {loss:.4g} blew up; back to step {back_to}, learning rate times {rate_scale:.4g}')

  def state_dict(self) -> dict[str, Any]:
    return {'rollbacks': self.rollbacks, 'rate_scale': self.rate_scale}

  def load_state_dict(self, state: Mapping[str, Any]) -> None:
    self.rollbacks, self.rate_scale = state['rollbacks'], state['rate_scale']
    self._set_rate_scale(self.rate_scale)
