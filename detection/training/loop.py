"""The training loop: step, call the hooks; now and then evaluate, call the hooks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from detection.odapi.model.engine import Engine
from detection.training.hooks.hook import Hook, ImageIds, in_phases
from detection.training.state import TrainState

Evaluate = Callable[[], Mapping[str, float] | None]


def train(
  engine: Engine,
  batches: Iterator[Any],
  state: TrainState,
  hooks: Sequence[Hook],
  is_evaluation_due: Callable[[TrainState], bool],
  evaluate: Evaluate,
) -> None:
  """Trains from state.step to state.num_steps, or until a hook sets state.stop.

  Args:
    engine: the model, its weights at state.step.
    batches: endless.
    state: changed in place.
    hooks: called phase by phase, see hooks.hook.Phase.
    is_evaluation_due: called after each step; after the last step there is always an evaluation.
    evaluate: returns metrics and losses of the eval split, by name; None if it was broken off.
  """
  hooks = in_phases(hooks)
  for hook in hooks:
    hook.before_training(state)
  if state.evaluation_pending:
    _evaluate(state, hooks, evaluate)
    _end_step(state, hooks)
  while state.step < state.num_steps and not state.stop:
    state.losses, image_ids = engine.train_step(batches)
    state.step += 1
    if not _call_after_step(state, hooks, image_ids):
      continue
    if is_evaluation_due(state) or state.step >= state.num_steps:
      _evaluate(state, hooks, evaluate)
    _end_step(state, hooks)
  for hook in hooks:
    hook.after_training(state)


def _call_after_step(state: TrainState, hooks: Sequence[Hook], image_ids: ImageIds) -> bool:
  """Calls the hooks after a step. Returns False if one went back to an earlier step: no hook after it is called."""
  step = state.step
  for hook in hooks:
    hook.after_step(state, image_ids)
    if state.step < step:
      return False
  return True


def _evaluate(state: TrainState, hooks: Sequence[Hook], evaluate: Evaluate) -> None:
  metrics = evaluate()
  state.evaluation_pending = metrics is None
  if metrics is not None:
    for hook in hooks:
      hook.after_evaluation(state, metrics)


def _end_step(state: TrainState, hooks: Sequence[Hook]) -> None:
  for hook in hooks:
    hook.after_step_and_evaluation(state)
