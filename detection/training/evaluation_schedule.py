"""When training evaluates: by steps, by minutes, or both."""

from __future__ import annotations

import time
from collections.abc import Callable

from detection.training.state import TrainState


class EvaluationSchedule:
  """Called after each step, returns whether it is time to evaluate."""

  def __init__(
    self, every_steps: int, every_minutes: float | None = None, clock: Callable[[], float] = time.monotonic
  ) -> None:
    """Args: every_steps: 0 for never. every_minutes: since the last evaluation; None for never. clock: seconds."""
    self._every_steps, self._clock = every_steps, clock
    self._seconds = float('inf') if every_minutes is None else every_minutes * 60
    self._last = clock()

  def __call__(self, state: TrainState) -> bool:
    by_steps = self._every_steps > 0 and state.step % self._every_steps == 0
    is_due = by_steps or self._clock() - self._last >= self._seconds
    if is_due:
      self._last = self._clock()
    return is_due
