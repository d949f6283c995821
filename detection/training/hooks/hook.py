"""What every hook derives from, the order in which hooks are called, and how their state gets into checkpoints."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from detection.base.errors import UserError
from detection.training.state import TrainState

ImageIds = Callable[[], Sequence[str]]


class TrainingError(UserError):
  """Training cannot go on. Shown as one line."""


class Phase(enum.IntEnum):
  """Hooks are called phase by phase. Within a phase the order must not matter.

  GUARD: looks at the losses of a step before anybody else; may raise, or go back to a checkpoint.
  MEASURE: computes its own state from losses and metrics: best so far, history, seconds.
  RECORD: shows or writes what was measured, or decides by it.
  SAVE: writes the checkpoint, with the state of all hooks.
  """

  GUARD = 0
  MEASURE = 1
  RECORD = 2
  SAVE = 3


class Hook:
  """Is called at certain moments of a training; this base does nothing.

  A hook owns its state. What must survive a restart is in `state_dict`: it is saved in every checkpoint under the name
  of the hook's class, and handed to `load_state_dict` when a checkpoint is restored, also by a rollback.

  Attributes:
    phase: when the hook is called, relative to others.
  """

  phase = Phase.RECORD

  def before_training(self, state: TrainState) -> None:
    """Called once, before the first step of this process."""

  def after_step(self, state: TrainState, image_ids: ImageIds) -> None:
    """Called after each step; `image_ids()` returns the source ids of the images in its batch.

    Not called for a step that a hook of phase GUARD has undone by going back to a checkpoint.
    """

  def after_evaluation(self, state: TrainState, metrics: Mapping[str, float]) -> None:
    """Called after each evaluation that ran to its end."""

  def after_step_and_evaluation(self, state: TrainState) -> None:
    """Called after each step, once the evaluation that followed it, if any, is over."""

  def after_training(self, state: TrainState) -> None:
    """Called once at the end, also when training stops early; not after an error."""

  def state_dict(self) -> dict[str, Any]:
    """What to keep over a restart, as JSON values; {} when there is nothing to keep."""
    return {}

  def load_state_dict(self, state: Mapping[str, Any]) -> None:
    """Takes over what `state_dict` returned when the checkpoint was saved."""


def in_phases(hooks: Iterable[Hook]) -> list[Hook]:
  """The hooks in the order in which they are called."""
  return sorted(hooks, key=lambda hook: hook.phase)


def state_dicts(hooks: Iterable[Hook]) -> dict[str, dict[str, Any]]:
  """The state of each hook that has one, by the name of its class.

  Raises:
    ValueError: if two hooks of one class have a state: one would overwrite the other.
  """
  states: dict[str, dict[str, Any]] = {}
  for hook in hooks:
    if state := hook.state_dict():
      name = type(hook).__name__
      if name in states:
        raise ValueError(f'hooks: expected one {name} that has a state, received two.')
      states[name] = state
  return states


def load_state_dicts(hooks: Iterable[Hook], states: Mapping[str, Mapping[str, Any]]) -> None:
  """Hands each hook the state that was saved under its name; a hook without one stays as it is."""
  for hook in hooks:
    if type(hook).__name__ in states:
      hook.load_state_dict(states[type(hook).__name__])
