"""Hooks that show training: a progress line, TensorBoard scalars, a history file, a learning curve."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, TextIO

import tensorflow as tf

from detection.base.progress import Progress, write_line
from detection.training.hooks import Hook, ImageIds, measured
from detection.training.state import TrainState


class ShowProgress(Hook):
  """Shows step, losses, images per second, time left, and the last and the best value of the watched metric."""

  def __init__(
    self, batch_size: int, watch: str, out: TextIO | None = None, clock: Callable[[], float] = time.monotonic
  ) -> None:
    self._batch_size, self._watch, self._clock = batch_size, watch, clock
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
    elif state.losses:
      self._progress.advance(state.step - self._step, lambda: self._notes(state))
    self._step = state.step

  def after_evaluation(self, state: TrainState, metrics: Mapping[str, float]) -> None:
    best = f'; best {self._watch} {state.best.value:.3f} at step {state.best.step}' if state.best else ''
    shown = ', '.join(f'{name} {metrics[name]:.3f}' for name in ('AP', 'AP50'))
    write_line(f'step {state.step}: evaluated: {shown}{best}', self._out)

  def after_training(self, state: TrainState) -> None:
    if self._progress is not None:
      self._progress.close()
    why = f': {state.stop}' if state.stop else ''
    write_line(f'trained {state.step} steps in {state.seconds:.0f} s{why}', self._out)

  def _notes(self, state: TrainState) -> str:
    losses = ' '.join(f'{name.removeprefix("Loss/")} {value:.3f}' for name, value in state.losses.items())
    last = ''.join(f' | {self._watch} {row[self._watch]:.3f}' for row in state.history[-1:] if self._watch in row)
    best = f' (best {state.best.value:.3f})' if state.best else ''
    return f'{losses}{last}{best}'


class TensorBoard(Hook):
  """Every `every` steps losses, learning rate and speed under train/; under eval/ metrics and what `show` writes."""

  def __init__(
    self, directory: str, learning_rate: Callable[[], float], every: int, show: Callable[[], None] | None = None
  ) -> None:
    self._train = tf.summary.create_file_writer(f'{directory}/train')
    self._eval = tf.summary.create_file_writer(f'{directory}/eval')
    self._learning_rate, self._every, self._show = learning_rate, every, show
    self._last = (0, 0.0)

  def after_step(self, state: TrainState, image_ids: ImageIds) -> None:
    if state.step % self._every or not state.losses:
      return
    step, seconds = self._last
    self._last = (state.step, state.seconds)
    with self._train.as_default(step=state.step):
      for name, value in state.losses.items():
        tf.summary.scalar(name, value)
      tf.summary.scalar('learning_rate', self._learning_rate())
      if state.seconds > seconds:
        tf.summary.scalar('steps_per_sec', (state.step - step) / (state.seconds - seconds))

  def after_evaluation(self, state: TrainState, metrics: Mapping[str, float]) -> None:
    with self._eval.as_default(step=state.step):
      for name, value in measured(metrics).items():
        tf.summary.scalar(name.removeprefix('eval/'), value)
      if self._show is not None:
        self._show()
    self._train.flush()
    self._eval.flush()

  def after_training(self, state: TrainState) -> None:
    self._train.close()
    self._eval.close()


class WriteHistory(Hook):
  """Keeps history.jsonl, one row an evaluation, equal to the state's history: after a restart nothing stands twice."""

  def __init__(self, write: Callable[[str], Any]) -> None:
    self._write = write

  def after_evaluation(self, state: TrainState, metrics: Mapping[str, float]) -> None:
    self._write(''.join(json.dumps(row) + '\n' for row in state.history))
