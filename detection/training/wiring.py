"""The hooks of a training, by its settings."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence

from detection.base import files
from detection.odapi.model.inputs import EvalOptions
from detection.training import tensorboard_images
from detection.training.evaluation import TrainingEvaluation
from detection.training.hooks.count_seconds import CountSeconds
from detection.training.hooks.hook import Hook
from detection.training.hooks.keep_best import KeepBest
from detection.training.hooks.record_history import RecordHistory
from detection.training.hooks.refuse_non_finite import RefuseNonFinite
from detection.training.hooks.roll_back import RollBack
from detection.training.hooks.save_checkpoints import SaveCheckpoints
from detection.training.hooks.show_progress import ShowProgress
from detection.training.hooks.stop_early import StopEarly
from detection.training.hooks.stop_on_signal import StopOnSignal
from detection.training.hooks.write_tensorboard import WriteTensorBoard
from detection.training.parts import Parts

_TENSORBOARD_EVERY = 20  # steps


@dataclasses.dataclass(frozen=True)
class Measurements:
  """The hooks whose state is a result of the training. roll_back is None where the settings have none."""

  time: CountSeconds
  best: KeepBest
  history: RecordHistory
  roll_back: RollBack | None


@dataclasses.dataclass(frozen=True)
class Wired:
  """What the loop calls.

  Attributes:
    evaluate: measures the present weights on the eval split.
    measured: those of the hooks that hold results.
    hooks: all of them.
  """

  evaluate: TrainingEvaluation
  measured: Measurements
  hooks: Sequence[Hook]


def wire(parts: Parts, extra_hooks: Sequence[Hook] = ()) -> Wired:
  """Creates evaluation and hooks, and has the hooks' state kept in the checkpoints."""
  stop = StopOnSignal(parts.checkpoints.save)
  evaluate = _evaluation(parts, stop)
  measured = _measurements(parts)
  hooks = [*_standard_hooks(parts, measured, evaluate), stop, *extra_hooks]
  parts.checkpoints.include_hooks(hooks)
  return Wired(evaluate, measured, hooks)


def _evaluation(parts: Parts, stop: StopOnSignal) -> TrainingEvaluation:
  settings = parts.task.settings
  return TrainingEvaluation(
    parts.engine,
    parts.task.labels,
    EvalOptions(settings.eval_images, parts.task.scans),
    settings.tensorboard_images,
    settings.watch,
    is_stopped=lambda: stop.asked,
  )


def _measurements(parts: Parts) -> Measurements:
  settings, engine = parts.task.settings, parts.engine

  def save_best(step: int) -> None:
    with engine.evaluated_weights():
      parts.best.save(step)

  time = CountSeconds()
  history = RecordHistory(functools.partial(files.write_text, parts.work.history), time)
  roll_back = None
  if settings.rollback is not None:
    roll_back = RollBack(parts.checkpoints.go_back, engine.rate_scale.assign, **settings.rollback.dict())
  return Measurements(time, KeepBest(save_best, settings.watch), history, roll_back)


def _standard_hooks(parts: Parts, measured: Measurements, evaluate: TrainingEvaluation) -> list[Hook]:
  """The hooks that every training has, or that its settings ask for. In any order: they are called by their phases."""
  settings, engine = parts.task.settings, parts.engine
  early = [] if settings.early_stopping is None else [StopEarly(settings.watch, **settings.early_stopping.dict())]
  show = functools.partial(tensorboard_images.write, evaluate, parts.task.labels)
  return [
    measured.roll_back or RefuseNonFinite(),
    measured.time,
    measured.best,
    measured.history,
    *early,
    WriteTensorBoard(parts.work.logs, engine.learning_rate, _TENSORBOARD_EVERY, measured.time, show),
    ShowProgress(engine.config.train_config.batch_size, measured.best, measured.history, measured.time),
    SaveCheckpoints(parts.checkpoints.save, settings.checkpoint_every, settings.checkpoint_every_minutes),
  ]
