"""Writes what TensorBoard shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from detection.training.hooks.count_seconds import CountSeconds
from detection.training.hooks.hook import Hook, ImageIds, Phase
from detection.training.hooks.record_history import measured
from detection.training.state import TrainState


class WriteTensorBoard(Hook):
  """Writes losses, learning rate and speed below train/ every so many steps, and evaluations below eval/."""

  phase = Phase.RECORD

  def __init__(
    self,
    directory: str,
    learning_rate: Callable[[], float],
    every: int,
    time: CountSeconds,
    write_evaluation: Callable[[], None] | None = None,
  ) -> None:
    """Creates the hook.

    Args:
      directory: where the folders train/ and eval/ are made.
      learning_rate: returns the rate of the next step.
      every: steps between two rows of train/.
      time: what the speed is computed from.
      write_evaluation: writes what else an evaluation has to show, into the default summary writer.
    """
    self._directory, self._learning_rate, self._every = directory, learning_rate, every
    self._time, self._write_evaluation = time, write_evaluation
    self._last = (0, 0.0)  # step and seconds of the last row
    self._train: Any = None
    self._eval: Any = None

  def before_training(self, state: TrainState) -> None:
    self._train = tf.summary.create_file_writer(f'{self._directory}/train')
    self._eval = tf.summary.create_file_writer(f'{self._directory}/eval')

  def after_step(self, state: TrainState, image_ids: ImageIds) -> None:
    if state.step % self._every:
      return
    step, seconds = self._last
    self._last = (state.step, self._time.seconds)
    with self._train.as_default(step=state.step):
      for name, value in state.losses.items():
        tf.summary.scalar(name, value)
      tf.summary.scalar('learning_rate', self._learning_rate())
      if self._time.seconds > seconds:
        tf.summary.scalar('steps_per_sec', (state.step - step) / (self._time.seconds - seconds))

  def after_evaluation(self, state: TrainState, metrics: Mapping[str, float]) -> None:
    with self._eval.as_default(step=state.step):
      for name, value in measured(metrics).items():
        tf.summary.scalar(name.removeprefix('eval/'), value)
      if self._write_evaluation is not None:
        self._write_evaluation()
    self._train.flush()
    self._eval.flush()

  def after_training(self, state: TrainState) -> None:
    self._train.close()
    self._eval.close()
