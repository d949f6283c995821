"""Checkpoints of a training on disk: saved whole, checked before use.

Files in the folder, as tf.train.CheckpointManager writes them and the OD API reads them:
  checkpoint            names of the checkpoints kept
  ckpt-<step>.index     written last: without it a checkpoint does not count
  ckpt-<step>.data-*    variables, each with a checksum
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from detection.base import files
from detection.base.errors import DataError
from detection.odapi.model.engine import Engine
from detection.training.hooks.hook import Hook, load_state_dicts, state_dicts
from detection.training.state import TrainState


class _StateInCheckpoint(tf.train.experimental.PythonState):
  """Keeps TrainState and the hooks' state inside the checkpoint itself, so that weights and state cannot disagree."""

  def __init__(self, state: TrainState) -> None:
    self._state = state
    self.hooks: Sequence[Hook] = ()

  def serialize(self) -> str:
    return json.dumps({'loop': self._state.state_dict(), 'hooks': state_dicts(self.hooks)})

  def deserialize(self, string_value: str | bytes) -> None:
    kept = json.loads(string_value)
    self._state.load_state_dict(kept['loop'])
    load_state_dicts(self.hooks, kept['hooks'])


class Checkpoints:
  """Saves and restores model, optimizer, global step, TrainState and the hooks' state together."""

  def __init__(
    self, directory: str, engine: Engine, state: TrainState, keep: int, saved: Callable[[], None] = lambda: None
  ) -> None:
    """Creates the checkpoints of a training.

    Args:
      directory: of the checkpoints.
      engine, state: what is saved.
      keep: so many of the latest are kept.
      saved: called after each has been saved.
    """
    self.directory = directory
    self._saved = saved
    self._state = state
    self._state_in_checkpoint = _StateInCheckpoint(state)
    # `step`, `model` and `optimizer` are the names of the OD API's own loop: it can go on from these checkpoints.
    self._checkpoint = tf.train.Checkpoint(
      step=engine.global_step,
      model=engine.model,
      optimizer=engine.optimizer,
      train_state=self._state_in_checkpoint,
      **engine.helpers,
    )
    self._manager = tf.train.CheckpointManager(self._checkpoint, directory, max_to_keep=keep)

  def include_hooks(self, hooks: Sequence[Hook]) -> None:
    """From now on saves and restores the state of these hooks too.

    Apart from the constructor, because some of the hooks save checkpoints themselves.

    Raises:
      ValueError: if two hooks of one class have a state.
    """
    state_dicts(hooks)
    self._state_in_checkpoint.hooks = hooks

  def save(self) -> str:
    """Writes a checkpoint of this step and removes old ones. Returns its prefix."""
    prefix = self._manager.save(checkpoint_number=self._state.step)
    self._saved()
    return prefix

  def restore_latest(self, directory: str | None = None) -> str | None:
    """Restores the newest whole checkpoint; half-written and damaged ones are passed over.

    Args:
      directory: where to look; by default where this saves. Of several workers, all go on from the chief's.

    Returns:
      Its prefix, or None when there is none.

    Raises:
      DataError: if it belongs to another architecture, naming the first variable that does not fit.
    """
    indexes = files.glob(files.join(directory or self.directory, 'ckpt-*.index'))
    for prefix in sorted((path.removesuffix('.index') for path in indexes), key=_step_of, reverse=True):
      if is_whole(prefix):
        self.restore(prefix)
        return prefix
    return None

  def go_back(self) -> int:
    """Restores the latest checkpoint and returns its step."""
    self.restore_latest()
    return self._state.step

  def restore(self, prefix: str) -> None:
    """Restores one checkpoint entirely: weights, optimizer slots, steps and the hooks' state."""
    try:
      status = self._checkpoint.restore(prefix)
      status.assert_existing_objects_matched()
    except (ValueError, AssertionError) as error:
      raise DataError(f'{prefix}: checkpoint of another architecture or optimizer: {_first_line(error)}') from error


class BestCheckpoint:
  """The weights of the best evaluation: one checkpoint in a folder of its own."""

  def __init__(self, directory: str, model: Any) -> None:
    self._checkpoint = tf.train.Checkpoint(model=model)
    self._manager = tf.train.CheckpointManager(self._checkpoint, directory, max_to_keep=1)

  def save(self, step: int) -> str:
    """Saves the model's present weights instead of those saved before. Returns the checkpoint's prefix."""
    return self._manager.save(checkpoint_number=step)

  def restore(self) -> None:
    """Restores the weights that were saved last."""
    # Read whole, so that a variable left out would raise.
    self._checkpoint.restore(self._manager.latest_checkpoint).assert_existing_objects_matched()


def is_whole(prefix: str) -> bool:
  """True if every tensor of a checkpoint can be read and passes its checksum."""
  try:
    reader = tf.train.load_checkpoint(prefix)
    for name in reader.get_variable_to_shape_map():
      reader.get_tensor(name)
  except (tf.errors.OpError, ValueError, RuntimeError, IndexError):
    # RuntimeError and IndexError are how TensorFlow's reader reports a cut or garbled file from Python.
    return False
  return True


def _step_of(prefix: str) -> int:
  match = re.search(r'-(\d+)$', prefix)
  return int(match.group(1)) if match else -1


def _first_line(error: BaseException) -> str:
  return str(error).strip().split('\n')[0][:300]
