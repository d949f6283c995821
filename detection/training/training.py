"""One training from start to end: build, restore, loop, and the best weights left in the model."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import io
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence

import tensorflow as tf

from detection.base import files
from detection.metrics import names
from detection.odapi.config.config_io import Config
from detection.odapi.model import devices, restore
from detection.odapi.model.engine import Compute, Engine
from detection.odapi.model.inputs import InputOptions
from detection.report import learning_curve
from detection.training import hooks, loop, reporting, tensorboard_images
from detection.training.adaptation import Adaptation, AdaptingEngine
from detection.training.checkpoints import BestCheckpoint, Checkpoints
from detection.training.evaluation import TrainingEvaluation
from detection.training.settings import TrainSettings
from detection.training.state import TrainState

HISTORY = 'history.jsonl'
RESTORE_REPORT = 'restore_report.json'
LEARNING_CURVE = 'learning_curve.png'
CACHE = 'cache'


@dataclasses.dataclass(frozen=True)
class Trained:
  """A finished training: the engine holds the weights to export, those of `exported_step`."""

  engine: Engine
  state: TrainState
  exported_step: int


def train(
  config: Config,
  labels: Mapping[str, int],
  settings: TrainSettings,
  work_directory: str,
  strategy: tf.distribute.Strategy | None = None,
  adaptation: Adaptation | None = None,
  also: Sequence[hooks.Hook] = (),
) -> Trained:
  """Trains what `config` says; started again after a kill, it goes on from the latest whole checkpoint.

  Args:
    config: a complete pipeline.config.
    labels: {class name: id}.
    settings: the `train:` section.
    work_directory: checkpoints/, best/, logs/ (TensorBoard), history.jsonl, restore_report.json are kept here.
    strategy: of distribution; None for one device. With several workers, all call this with the same work folder, and
      the chief's result counts.
    adaptation: to a target domain; None for none.
    also: further hooks, told after the others.

  Raises:
    UserError: if the data, the checkpoint or the config cannot be trained with; TrainingError when the loss diverges.
  """
  names.check_class(settings.watch, labels, 'train.watch')
  tf.keras.utils.set_random_seed(settings.seed)
  compute = Compute(settings.precision, settings.xla, settings.accumulate)
  build = functools.partial(AdaptingEngine, config, adaptation) if adaptation else functools.partial(Engine, config)
  engine = build(strategy, compute, settings.freeze)
  state = TrainState(num_steps=config.train_config.num_steps)
  # TensorFlow wants every worker to save; what all but the chief save goes into a folder that is thrown away.
  own = work_directory if devices.is_chief(strategy) else files.join(work_directory, f'worker-{os.getpid()}')
  checkpoints = Checkpoints(files.join(own, 'checkpoints'), engine, state, settings.keep_checkpoint_max)
  best = BestCheckpoint(files.join(own, 'best'), engine.model)
  if (
    checkpoints.restore_latest(files.join(work_directory, 'checkpoints')) is None
    and config.train_config.fine_tune_checkpoint
  ):
    fine_tune(engine, settings, files.join(work_directory, RESTORE_REPORT))

  if state.step < state.num_steps or state.evaluation_owed:
    stop = hooks.StopOnSignal(checkpoints.save)
    evaluate = TrainingEvaluation(
      engine, labels, settings.eval_images, settings.tensorboard_images, settings.watch, is_stopped=lambda: stop.asked
    )
    shown = functools.partial(tensorboard_images.write, evaluate, labels)
    wired = [*wire_hooks(engine, checkpoints, best, settings, own, shown), *also, stop]
    batches = engine.batches(input_options(settings, work_directory, state.step))
    loop.train(engine, batches, state, wired, evaluation_schedule(settings), evaluate)
  if own != work_directory:
    tf.io.gfile.rmtree(own)
    return Trained(engine, state, state.step)
  if os.path.isdir(cache_root(work_directory)):
    shutil.rmtree(cache_root(work_directory))  # those of killed processes too
  exported_step = state.step
  if settings.export == 'best' and state.best is not None:
    best.restore()
    exported_step = state.best.step
  else:
    if devices.node()[1] > 1:
      # Saved together, batch norm's averages are the mean over the workers; in memory each has its own.
      checkpoints.restore_latest()
    engine.keep_evaluated_weights()
  return Trained(engine, state, exported_step)


def fine_tune(engine: Engine, settings: TrainSettings, report_path: str) -> None:
  """Restores the fine-tune checkpoint into the model, prints the summary and keeps the report."""
  train_config = engine.config.train_config
  with engine.strategy.scope():
    report = restore.restore(
      engine.model,
      train_config.fine_tune_checkpoint,
      train_config.fine_tune_checkpoint_type or 'detection',
      settings.min_restored,
    )
  files.write_text(report_path, json.dumps(report.to_dict(), indent=2))
  print(report.summary(), flush=True)


def wire_hooks(
  engine: Engine,
  checkpoints: Checkpoints,
  best: BestCheckpoint,
  settings: TrainSettings,
  work_directory: str,
  show: Callable[[], None] | None = None,
) -> list[hooks.Hook]:
  """The hooks in the order they are told: guards first, so that nothing bad is saved; saving last.

  `show` writes what an evaluation saw into the summary writer that is the default then.
  """

  def save_best(step: int) -> None:
    with engine.evaluated_weights():
      best.save(step)

  write_history = functools.partial(files.write_text, files.join(work_directory, HISTORY))
  guard: hooks.Hook = hooks.RefuseNonFinite()
  if settings.rollback is not None:
    guard = hooks.RollBack(checkpoints.go_back, engine.rate_scale.assign, **settings.rollback.dict())
  early = [] if settings.early_stopping is None else [hooks.StopEarly(settings.watch, **settings.early_stopping.dict())]
  return [
    hooks.Clock(),
    guard,
    *early,
    hooks.KeepBest(save_best, settings.watch),
    hooks.RecordHistory(),
    reporting.WriteHistory(write_history),
    reporting.TensorBoard(files.join(work_directory, 'logs'), engine.learning_rate, 20, show),
    reporting.ShowProgress(engine.config.train_config.batch_size, settings.watch),
    hooks.SaveCheckpoints(checkpoints.save, settings.checkpoint_every, settings.checkpoint_every_minutes),
  ]


def evaluation_schedule(
  settings: TrainSettings, clock: Callable[[], float] = time.monotonic
) -> Callable[[TrainState], bool]:
  """Says after each step whether it is time to evaluate, by steps or by minutes."""
  last = clock()

  def is_due(state: TrainState) -> bool:
    nonlocal last
    by_steps = settings.eval_every > 0 and state.step % settings.eval_every == 0
    by_time = settings.eval_every_minutes is not None and clock() - last >= settings.eval_every_minutes * 60
    if by_steps or by_time:
      last = clock()
    return by_steps or by_time

  return is_due


def input_options(settings: TrainSettings, work_directory: str, step: int) -> InputOptions:
  """How batches are made; after a restart the order goes on with another shuffle, not with the first images again."""
  cache_directory = ''
  if settings.cache == 'disk':
    os.makedirs(cache_root(work_directory), exist_ok=True)
    # A folder of its own: TensorFlow refuses one that a killed process has half filled.
    cache_directory = tempfile.mkdtemp(dir=cache_root(work_directory))
  return InputOptions(
    cache=settings.cache,
    cache_directory=cache_directory,
    seed=settings.seed + step,
    # In threads the random operations run in no fixed order. A GPU needs them; a CPU is kept busy by the model.
    parallel=bool(tf.config.list_physical_devices('GPU')),
  )


def cache_root(work_directory: str) -> str:
  """Where decoded images are kept: in the work folder, or beside temporary files when that is remote.

  A cache on a remote file system would be slower than decoding again.
  """
  if '://' not in work_directory:
    return os.path.join(work_directory, CACHE)
  return os.path.join(tempfile.gettempdir(), f'{CACHE}-{hashlib.sha256(work_directory.encode()).hexdigest()[:16]}')


def write_learning_curve(trained: Trained, path: str) -> None:
  """Draws learning_curve.png from the history."""
  content = io.BytesIO()
  learning_curve.draw(trained.state.history, trained.exported_step).savefig(content, format='png')
  files.write_bytes(path, content.getvalue())
