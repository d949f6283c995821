"""One training from start to end: build, restore, loop; the weights to export are left in the model."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from detection.base import files
from detection.base.progress import write_line
from detection.metrics import names
from detection.odapi.model import devices, starting_point
from detection.odapi.model.engine import Engine
from detection.odapi.model.inputs import InputOptions
from detection.training import class_balance, loop
from detection.training.evaluation_schedule import EvaluationSchedule
from detection.training.hooks.hook import Hook
from detection.training.hooks.keep_best import Best
from detection.training.parts import Parts, Task, build
from detection.training.state import TrainState
from detection.training.wiring import Wired, wire
from detection.training.work_folder import WorkFolder


@dataclasses.dataclass(frozen=True)
class Trained:
  """A finished training.

  Attributes:
    engine: holds the weights to export, those of `exported_step`.
    exported_step: the step of these weights.
    state: of the loop at its end.
    best: the best evaluation by the watched metric; None if there was none.
    history: a row for each evaluation: step, seconds, metrics, losses.
    seconds: time spent training, over all restarts.
    rollbacks: how often training went back to a checkpoint.
  """

  engine: Engine
  exported_step: int
  state: TrainState
  best: Best | None = None
  history: Sequence[dict[str, Any]] = ()
  seconds: float = 0.0
  rollbacks: int = 0


def train(
  task: Task, work_directory: str, strategy: tf.distribute.Strategy | None = None, extra_hooks: Sequence[Hook] = ()
) -> Trained:
  """Trains; started again after a kill, it goes on from the latest whole checkpoint.

  Args:
    task: what to train.
    work_directory: where everything is kept until the end, see work_folder.py.
    strategy: of distribution; None for one device. With several workers, all call this with the same work folder, and
      the chief's result counts.
    extra_hooks: called beside those that the settings ask for.

  Raises:
    UserError: if the data, the checkpoint or the config cannot be trained with; TrainingError when the loss diverges.
  """
  names.check_class(task.settings.watch, task.labels, 'train.watch')
  tf.keras.utils.set_random_seed(task.settings.seed)
  parts = build(task, work_directory, strategy)
  wired = wire(parts, extra_hooks)
  restore_or_fine_tune(parts)
  if parts.state.step < parts.state.num_steps or parts.state.evaluation_pending:
    run_loop(parts, wired)
  exported_step = choose_weights(parts, wired.measured.best.best) if parts.work.is_chief else parts.state.step
  parts.work.clean_up()
  return _result(parts, wired, exported_step)


def restore_or_fine_tune(parts: Parts) -> None:
  """Goes on from the latest checkpoint; without one, begins with the fine-tune checkpoint if the config names one."""
  restored = parts.checkpoints.restore_latest(parts.work.shared_checkpoints)
  if restored is None and parts.task.config.train_config.fine_tune_checkpoint:
    fine_tune(parts.engine, parts.task.settings.min_restored, parts.work.restore_report)


def fine_tune(engine: Engine, min_restored: float, report_path: str) -> None:
  """Restores the fine-tune checkpoint into the model, prints the summary and writes the report."""
  with engine.strategy.scope():
    report = starting_point.apply(engine.model, engine.config, min_restored)
  files.write_text(report_path, json.dumps(report.to_dict(), indent=2))
  write_line(report.summary())


def run_loop(parts: Parts, wired: Wired) -> None:
  """Trains up to the last step, or until a hook stops it."""
  settings = parts.task.settings
  batches = parts.engine.batches(input_options(parts.task, parts.work, parts.state.step))
  schedule = EvaluationSchedule(settings.eval_every, settings.eval_every_minutes)
  loop.train(parts.engine, batches, parts.state, wired.hooks, schedule, wired.evaluate)


def input_options(task: Task, work: WorkFolder, step: int) -> InputOptions:
  """How batches are made; after a restart they go on with another shuffle, not with the first images again."""
  return InputOptions(
    cache=task.settings.cache,
    cache_directory=work.make_cache() if task.settings.cache == 'disk' else '',
    seed=task.settings.seed + step,
    # In threads the random operations run in no fixed order. A GPU needs them; a CPU is kept busy by the model.
    parallel=bool(tf.config.list_physical_devices('GPU')),
    scans=task.scans,
    balance=class_balance.of(task.config, task.settings.balance, task.scans) if task.settings.balance else None,
  )


def choose_weights(parts: Parts, best: Best | None) -> int:
  """Puts the weights to export into the model, the best or the last ones. Returns their step."""
  if parts.task.settings.export == 'best' and best is not None:
    parts.best.restore()
    return best.step
  if devices.node()[1] > 1:
    # Saved together, batch norm's averages are the mean over the workers; in memory each has its own.
    parts.checkpoints.restore_latest()
  parts.engine.keep_evaluated_weights()
  return parts.state.step


def _result(parts: Parts, wired: Wired, exported_step: int) -> Trained:
  measured = wired.measured
  return Trained(
    parts.engine,
    exported_step,
    parts.state,
    best=measured.best.best,
    history=measured.history.rows,
    seconds=measured.time.seconds,
    rollbacks=measured.roll_back.rollbacks if measured.roll_back else 0,
  )
