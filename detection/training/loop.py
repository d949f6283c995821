"""The training loop: for each step: step, tell the hooks; now and then: evaluate, tell the hooks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from detection.odapi.model.engine import Engine
from detection.training.hooks import Hook
from detection.training.state import TrainState


def train(
  engine: Engine,
  batches: Iterator[Any],
  state: TrainState,
  hooks: Sequence[Hook],
  is_evaluation_due: Callable[[TrainState], bool],
  evaluate: Callable[[], Mapping[str, float] | None],
) -> None:
  """Trains from state.step to state.num_steps, or until a hook sets state.stop.

  Args:
    engine: the model, its weights at state.step.
    batches: endless.
    state: changed in place.
    hooks: told in this order.
    is_evaluation_due: asked after each step; the last step is always evaluated.
    evaluate: COCO metrics and losses of the eval split, by name; None if it was asked to stop before its end.
  """
  for hook in hooks:
    hook.before_training(state)
  if state.evaluation_owed:
    _evaluate(state, hooks, evaluate)
  while state.step < state.num_steps and not state.stop:
    state.losses, image_ids = engine.train_step(batches)
    state.step += 1
    taken = state.step
    for hook in hooks:
      hook.after_step(state, image_ids)
    if state.step < taken:
      continue  # A hook went back to a checkpoint; what follows a step happened before that was saved.
    if is_evaluation_due(state) or state.step >= state.num_steps:
      _evaluate(state, hooks, evaluate)
    else:
      _tell_done(state, hooks)
  for hook in hooks:
    hook.after_training(state)


def _evaluate(state: TrainState, hooks: Sequence[Hook], evaluate: Callable[[], Mapping[str, float] | None]) -> None:
  metrics = evaluate()
  state.evaluation_owed = metrics is None
  if metrics is not None:
    for hook in hooks:
      hook.after_evaluation(state, metrics)
  _tell_done(state, hooks)


def _tell_done(state: TrainState, hooks: Sequence[Hook]) -> None:
  for hook in hooks:
    hook.step_done(state)
