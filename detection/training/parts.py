"""What a training is asked to do, and what it is made of before anything is restored."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import tensorflow as tf

from detection.odapi.config.config_io import Config
from detection.odapi.model.compute import Compute
from detection.odapi.model.engine import Engine
from detection.odapi.model.method import SUPERVISED
from detection.record_scan import Scans
from detection.training import adaptation
from detection.training.adaptation import Adaptation
from detection.training.checkpoints import BestCheckpoint, Checkpoints
from detection.training.settings import TrainSettings
from detection.training.state import TrainState
from detection.training.work_folder import WorkFolder


@dataclasses.dataclass(frozen=True)
class Task:
  """What is to be trained, and how.

  Attributes:
    config: a complete pipeline.config.
    labels: {class name: id}.
    settings: the `train:` section of a run config.
    adaptation: to a target domain; None for none.
    scans: of record files that have been read already, so that they are not read again to be counted.
  """

  config: Config
  labels: Mapping[str, int]
  settings: TrainSettings
  adaptation: Adaptation | None = None
  scans: Scans = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Parts:
  """What a training is made of.

  Attributes:
    task: what is trained.
    work: the folder it is kept in.
    engine: the model and its optimizer.
    state: how far it is.
    checkpoints: the latest weights, with all state.
    best: the weights of the best evaluation.
  """

  task: Task
  work: WorkFolder
  engine: Engine
  state: TrainState
  checkpoints: Checkpoints
  best: BestCheckpoint


def build(task: Task, work_directory: str, strategy: tf.distribute.Strategy | None = None) -> Parts:
  """Builds a training at step 0, with fresh weights. See training.train for the arguments."""
  work = WorkFolder.of_process(work_directory, strategy)
  engine = build_engine(task, strategy)
  state = TrainState(num_steps=task.config.train_config.num_steps)
  checkpoints = Checkpoints(work.checkpoints, engine, state, task.settings.keep_checkpoint_max, work.saved)
  return Parts(task, work, engine, state, checkpoints, BestCheckpoint(work.best, engine.model))


def build_engine(task: Task, strategy: tf.distribute.Strategy | None = None) -> Engine:
  """The model with its optimizer; one that adapts to a target domain where the task says so."""
  settings = task.settings
  compute = Compute(settings.precision, settings.xla, settings.accumulate)
  method = adaptation.method(task.config, task.adaptation) if task.adaptation else SUPERVISED
  return Engine(task.config, strategy, compute, settings.freeze, method)
