"""What happens around training steps. Each hook has one reason to change, is told when, and never asks."""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from detection.base.errors import UserError
from detection.metrics import names
from detection.training.state import Best, TrainState

TOTAL_LOSS = 'Loss/total_loss'
ImageIds = Callable[[], Sequence[str]]


class TrainingError(UserError):
  """Training that cannot go on: shown as one line."""


def measured(metrics: Mapping[str, float]) -> dict[str, float]:
  """Metrics less those that there was nothing to measure on, as AP_small without small objects; losses as they are."""
  return {name: value for name, value in metrics.items() if names.problem(name) or not math.isnan(value)}


class Hook:
  """Told of what happens in training; the base does nothing."""

  def before_training(self, state: TrainState) -> None:
    """Called once, before the first step of this process."""

  def after_step(self, state: TrainState, image_ids: ImageIds) -> None:
    """Called after each step; image_ids() gives the source ids of its batch."""

  def after_evaluation(self, state: TrainState, metrics: Mapping[str, float]) -> None:
    """Called after each evaluation."""

  def step_done(self, state: TrainState) -> None:
    """Called when a step, and the evaluation that followed it if any, are behind."""

  def after_training(self, state: TrainState) -> None:
    """Called once at the end, also when training stops early; not after an error."""


class RefuseNonFinite(Hook):
  """Stops at the first loss that is not finite, before anything of that step is saved."""

  def after_step(self, state: TrainState, image_ids: ImageIds) -> None:
    bad = [name for name, value in state.losses.items() if not math.isfinite(value)]
    if bad:
      raise TrainingError(
        f'step {state.step}: {bad[0]} is {state.losses[bad[0]]}. Images of the batch: {", ".join(image_ids())}. '
        f'Lower the learning rate, clip gradients, or look at these images; set train.rollback to try again by itself.'
      )


class RollBack(Hook):
  """Goes back to the last checkpoint with a lower learning rate when the loss blows up, a set number of times."""

  def __init__(
    self, go_back: Callable[[], int], set_rate_scale: Callable[[float], None], times: int, factor: float, blow_up: float
  ) -> None:
    self._go_back, self._set_rate_scale = go_back, set_rate_scale
    self._times, self._factor, self._blow_up = times, factor, blow_up
    self._mean: float | None = None

  def after_step(self, state: TrainState, image_ids: ImageIds) -> None:
    loss = state.losses[TOTAL_LOSS]
    if math.isfinite(loss) and (self._mean is None or loss < self._blow_up * self._mean):
      self._mean = loss if self._mean is None else 0.98 * self._mean + 0.02 * loss
      return
    step, rollbacks, scale = state.step, state.rollbacks + 1, state.rate_scale * self._factor
    if rollbacks > self._times:
      raise TrainingError(
        f'step {step}: loss {loss} blew up again after {self._times} rollbacks. '
        f'Images of the batch: {", ".join(image_ids())}.'
      )
    back_to = self._go_back()
    state.rollbacks, state.rate_scale = rollbacks, scale
    self._set_rate_scale(scale)
    self._mean = None
    state.losses = {}
    print(f'step {step}: loss {loss:.4g} blew up; back to step {back_to}, learning rate times {scale:.4g}', flush=True)


class KeepBest(Hook):
  """Saves the weights of the best evaluation. NaN is never best."""

  def __init__(self, save: Callable[[int], Any], watch: str) -> None:
    self._save, self._watch = save, watch

  def after_evaluation(self, state: TrainState, metrics: Mapping[str, float]) -> None:
    value = metrics[self._watch]
    if math.isnan(value):
      print(f'step {state.step}: {self._watch} could not be measured, not kept as best', flush=True)
      return
    if state.best is None or value > state.best.value:
      self._save(state.step)
      state.best = Best(value, state.step)


class StopEarly(Hook):
  """Ends training when the watched metric has not risen by `min_delta` for `patience` evaluations."""

  def __init__(self, watch: str, patience: int, min_delta: float) -> None:
    self._watch, self._patience, self._min_delta = watch, patience, min_delta

  def before_training(self, state: TrainState) -> None:
    # One that had stopped, and was killed before its export, has nothing left to train.
    self._stop_if_out_of_patience(state)

  def after_evaluation(self, state: TrainState, metrics: Mapping[str, float]) -> None:
    before = [row[self._watch] for row in state.history if self._watch in row]
    gained = not before or metrics[self._watch] > max(before) + self._min_delta
    state.evaluations_without_gain = 0 if gained else state.evaluations_without_gain + 1
    self._stop_if_out_of_patience(state)

  def _stop_if_out_of_patience(self, state: TrainState) -> None:
    if state.evaluations_without_gain >= self._patience:
      state.stop = f'{self._watch} has not risen by {self._min_delta} in {self._patience} evaluations'


class RecordHistory(Hook):
  """Adds a row to the history for each evaluation: step, seconds, metrics, and the training losses of that step.

  A metric that there is nothing to measure on is left out.
  """

  def after_evaluation(self, state: TrainState, metrics: Mapping[str, float]) -> None:
    row = {'step': state.step, 'seconds': round(state.seconds, 3), **measured(metrics)}
    row.update({f'train/{name}': value for name, value in state.losses.items()})
    state.history.append(row)


class SaveCheckpoints(Hook):
  """Saves every so many steps or minutes, whichever comes first, and always at the end."""

  def __init__(
    self, save: Callable[[], Any], every: int, minutes: float, clock: Callable[[], float] = time.monotonic
  ) -> None:
    self._save, self._every, self._seconds, self._clock = save, every, minutes * 60, clock
    self._saved_at = clock()

  def before_training(self, state: TrainState) -> None:
    if state.step == 0:
      # The weights training starts from: what a rollback before the first interval goes back to.
      self._store()
    self._saved_at = self._clock()

  def step_done(self, state: TrainState) -> None:
    overdue = self._clock() - self._saved_at >= self._seconds
    if state.step % self._every == 0 or overdue or state.step >= state.num_steps or state.stop:
      self._store()

  def _store(self) -> None:
    self._save()
    self._saved_at = self._clock()


class StopOnSignal(Hook):
  """On SIGTERM the step under way is finished, a checkpoint is saved, and the process ends with status 143.

  Attributes:
    asked: whether the signal came; an evaluation under way ends then.
  """

  def __init__(self, save: Callable[[], Any]) -> None:
    self._save = save
    self.asked = False
    self._before: Any = None

  def before_training(self, state: TrainState) -> None:
    self._before = signal.signal(signal.SIGTERM, self._remember)

  def step_done(self, state: TrainState) -> None:
    if self.asked:
      self._save()
      print(f'asked to stop: saved step {state.step}', flush=True)
      self.after_training(state)
      raise SystemExit(128 + signal.SIGTERM)

  def after_training(self, state: TrainState) -> None:
    signal.signal(signal.SIGTERM, self._before)

  def _remember(self, number: int, frame: Any) -> None:
    self.asked = True


class Clock(Hook):
  """Counts the seconds spent training."""

  def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
    self._clock, self._last = clock, clock()

  def before_training(self, state: TrainState) -> None:
    self._last = self._clock()

  def after_step(self, state: TrainState, image_ids: ImageIds) -> None:
    now = self._clock()
    state.seconds += now - self._last
    self._last = now
