"""Hooks that show training: a progress line, TensorBoard scalars, a history file, a learning curve."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TextIO

import tensorflow as tf
from matplotlib import figure

from detection.training.hooks import TOTAL_LOSS, Hook, ImageIds, measured
from detection.training.state import TrainState


class Progress(Hook):
  """Step, losses, images/s, time left, last and best metric: a line rewritten on a terminal, else one now and then.

  On a terminal it is renewed twice a second; elsewhere a line is printed every ten seconds.
  """

  def __init__(
    self, batch_size: int, watch: str, out: TextIO | None = None, clock: Callable[[], float] = time.monotonic
  ) -> None:
    self._batch_size, self._watch, self._clock = batch_size, watch, clock
    self._out = out or sys.stdout
    self._terminal = self._out.isatty()
    self._interval = 0.5 if self._terminal else 10.0
    self._since = self._shown = clock()
    self._from_step = 0
    self._traced = False

  def before_training(self, state: TrainState) -> None:
    self._since = self._shown = self._clock()
    self._from_step = state.step
    if state.step < state.num_steps:
      begin = 'resuming' if state.step else 'starting'
      print(
        f'{begin} at step {state.step} of {state.num_steps}; the first step takes longest', file=self._out, flush=True
      )

  def after_step(self, state: TrainState, image_ids: ImageIds) -> None:
    now = self._clock()
    if not self._traced:
      print(f'first step after {now - self._since:.1f} s', file=self._out, flush=True)
      # Tracing is behind: from here on the rate says how long it will take.
      self._since, self._shown, self._from_step, self._traced = now, now, state.step, True
    elif state.losses and now - self._shown >= self._interval:
      self._shown = now
      line = self._line(state, now)
      self._out.write(f'\r{line}\x1b[K' if self._terminal else f'{line}\n')
      self._out.flush()

  def after_evaluation(self, state: TrainState, metrics: Mapping[str, float]) -> None:
    best = f'; best {self._watch} {state.best.value:.3f} at step {state.best.step}' if state.best else ''
    shown = ', '.join(f'{name} {metrics[name]:.3f}' for name in ('AP', 'AP50'))
    new_line = '\n' if self._terminal else ''
    print(f'{new_line}step {state.step}: evaluated: {shown}{best}', file=self._out, flush=True)

  def after_training(self, state: TrainState) -> None:
    why = f': {state.stop}' if state.stop else ''
    print(f'trained {state.step} steps in {state.seconds:.0f} s{why}', file=self._out, flush=True)

  def _line(self, state: TrainState, now: float) -> str:
    rate = (state.step - self._from_step) / max(now - self._since, 1e-9)
    left = int((state.num_steps - state.step) / max(rate, 1e-9))
    parts = ' '.join(f'{name.removeprefix("Loss/")} {value:.3f}' for name, value in state.losses.items())
    last = ''.join(f' | {self._watch} {row[self._watch]:.3f}' for row in state.history[-1:] if self._watch in row)
    best = f' (best {state.best.value:.3f})' if state.best else ''
    return (
      f'step {state.step}/{state.num_steps} | {parts} | {rate * self._batch_size:.1f} images/s | '
      f'{_clock_time(left)} left{last}{best}'
    )


def _clock_time(seconds: int) -> str:
  """24:05, or 70:24:05 from an hour on."""
  minutes, hours = seconds // 60 % 60, seconds // 3600
  return f'{hours}:{minutes:02d}:{seconds % 60:02d}' if hours else f'{minutes}:{seconds % 60:02d}'


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


def learning_curve(history: Sequence[Mapping[str, float]], best_step: int | None) -> figure.Figure:
  """Losses and AP over steps, the exported step marked."""
  chart = figure.Figure(figsize=(8, 4.5), dpi=120, layout='constrained')
  loss_axis, metric_axis = chart.subplots(1, 2)
  steps = [row['step'] for row in history]
  for name, label in ((f'train/{TOTAL_LOSS}', 'training batch'), (f'eval/{TOTAL_LOSS}', 'eval split')):
    loss_axis.plot(steps, [row.get(name, float('nan')) for row in history], marker='o', markersize=3, label=label)
  loss_axis.set(title='Total loss', xlabel='step', ylim=(0, None))
  for name in ('AP', 'AP50'):
    metric_axis.plot(steps, [row.get(name, float('nan')) for row in history], marker='o', markersize=3, label=name)
  metric_axis.set(title='COCO metrics, eval split', xlabel='step', ylim=(0, 1))
  for axis in (loss_axis, metric_axis):
    axis.grid(alpha=0.3)
    if best_step is not None:
      axis.axvline(best_step, color='grey', linestyle=':', label=f'exported: step {best_step}')
    axis.legend(fontsize=8)
  return chart
