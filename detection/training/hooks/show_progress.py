"""Shows how training goes, on the screen or in the log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from typing import TextIO

from detection.base.progress import Progress, write_line
from detection.training.hooks.count_seconds import CountSeconds
from detection.training.hooks.hook import Hook, ImageIds, Phase
from detection.training.hooks.keep_best import KeepBest
from detection.training.hooks.record_history import RecordHistory
from detection.training.state import TrainState


class ShowProgress(Hook):
  """Shows step, losses, images per second, time left, and the last and the best value of the watched metric."""

  phase = Phase.RECORD

  def __init__(
    self,
    batch_size: int,
    kept: KeepBest,
    history: RecordHistory,
    time_spent: CountSeconds,
    out: TextIO | None = None,
    clock: Callable[[], float] = time.monotonic,
  ) -> None:
    """Creates the hook.

    Args:
      batch_size: images per step.
      kept, history, time_spent: the hooks whose measurements are shown.
      out: where to show it; standard output by default.
      clock: gives seconds.
    """
    self._batch_size, self._clock = batch_size, clock
    self._kept, self._history, self._time_spent = kept, history, time_spent
    self._out = out or sys.stdout
    self._started = clock()
    self._step = 0
    self._progress: Progress | None = None

  def before_training(self, state: TrainState) -> None:
    self._started = self._clock()
    if state.step < state.num_steps:
      begin = 'resuming' if state.step else 'starting'
      write_line(f'{begin} at step {state.step} of {state.num_steps}; the first step takes longest', self._out)

  def after_step(self, state: TrainState, image_ids: ImageIds) -> None:
    if self._progress is None:
      write_line(f'first step after {self._clock() - self._started:.1f} s', self._out)
      # The first step traces the graph. Counted from here on, the rate tells how long the rest will take.
      self._progress = Progress(state.num_steps, 'step', self._batch_size, state.step, self._out, self._clock)
    else:
      self._progress.advance(state.step - self._step, lambda: self._notes(state))
    self._step = state.step

  def after_evaluation(self, state: TrainState, metrics: Mapping[str, float]) -> None:
    best = self._kept.best
    told = f'; best {self._kept.watch} {best.value:.3f} at step {best.step}' if best else ''
    shown = ', '.join(f'{name} {metrics[name]:.3f}' for name in ('AP', 'AP50'))
    write_line(f'step {state.step}: evaluated: {shown}{told}', self._out)

  def after_training(self, state: TrainState) -> None:
    if self._progress is not None:
      self._progress.close()
    why = f': {state.stop}' if state.stop else ''
    write_line(f'trained {state.step} steps in {self._time_spent.seconds:.0f} s{why}', self._out)

  def _notes(self, state: TrainState) -> str:
    watch, best = self._kept.watch, self._kept.best
    losses = ' '.join(f'{name.removeprefix("Loss/")} {value:.3f}' for name, value in state.losses.items())
    last = ''.join(f' | {watch} {row[watch]:.3f}' for row in self._history.rows[-1:] if watch in row)
    return losses + last + (f' (best {best.value:.3f})' if best else '')
