"""Cross-validation: each image is judged by a detector that was trained on the other images.

A detector that was trained on an image repeats the faults of its labels: it finds nothing where a label was missing,
and something where one was superfluous. So the images are dealt into folds, and for each fold a detector is fine-tuned
on all others. Backbone and feature pyramid start from the given checkpoint, the heads that place and name boxes start
anew (mode fine_tune of pipeline_config.transfer). If the checkpoint has seen the images, that much of it stays.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence

from detection import model_folder, records
from detection.base import files
from detection.base.errors import ConfigError, DataError
from detection.inference.detector import Detector
from detection.label_faults.judged_image import JudgedImage, judge
from detection.odapi import label_map
from detection.odapi.config import config_io
from detection.odapi.config.config_io import Config
from detection.odapi.model.export import Limits
from detection.pipeline_config import checkpoint, patch, zoo
from detection.pipeline_config.base import Base, read_base
from detection.training import training
from detection.training.export_model import export_model
from detection.training.parts import Task
from detection.training.settings import TrainSettings

_BATCH_SIZE = 8


@dataclasses.dataclass(frozen=True)
class Folds:
  """Images dealt into folds.

  paths: of a TFRecord file for each fold.
  labels: {class name: id}, ids from 1 in the order of the names.
  """

  paths: Sequence[str]
  labels: Mapping[str, int]


def deal(examples: Iterable[bytes], count: int, folder: str) -> Folds:
  """Writes serialized examples into one TFRecord file a fold, image by image in turn.

  Args:
    examples: read one by one.
    count: of folds, 2 or more.
    folder: a local one.

  Raises:
    DataError: if there are fewer images than folds.
  """
  paths = [os.path.join(folder, f'fold-{number}') for number in range(count)]
  names: set[str] = set()
  dealt = 0
  with contextlib.ExitStack() as stack:
    fold_files = [stack.enter_context(open(path, 'wb')) for path in paths]
    for record in examples:
      records.write(fold_files[dealt % count], record)
      names.update(records.class_names(record))
      dealt += 1
  if dealt < count:
    raise DataError(f'--folds: expected at most as many folds as images, received {count} for {dealt}.')
  return Folds(paths, {name: number for number, name in enumerate(sorted(names), start=1)})


def read_start(model: str) -> Base:
  """The pipeline.config and checkpoint that the fold's detectors start from.

  Args:
    model: a trainer's model folder, a pushed one, or a model of the zoo.

  Raises:
    ConfigError, DataError: if it has no pipeline.config or no checkpoint.
  """
  if model_folder.versions(model):
    model = model_folder.find_saved_model(model)
  base = read_base(model)
  if not base.checkpoint:
    raise ConfigError(f'--folds: {model}: no checkpoint beside its pipeline.config. Expected a trained detector.')
  return base


def judge_unseen(folds: Folds, start: Base, steps: int, folder: str, seed: int = 0) -> Iterator[JudgedImage]:
  """Trains a detector for each fold on the others, and judges the fold by it.

  Args:
    folds: of the images.
    start: see read_start.
    steps: of the optimizer, for each fold.
    folder: a local one, for the trainings.
    seed: of the trainings.

  Raises:
    UserError: if start or data cannot be trained with; TrainingError when the loss diverges.
  """
  prefix = _checkpoint(start, folder)
  for number, path in enumerate(folds.paths):
    print(f'fold {number + 1} of {len(folds.paths)}: {steps} training steps on the other images', flush=True)
    config = _config(folds, number, start, prefix, steps, folder)
    with tempfile.TemporaryDirectory(dir=folder) as work:
      detector = _train(config, folds.labels, work, seed)
      yield from judge(map(records.parse, records.read([path])), detector)


def _checkpoint(start: Base, folder: str) -> str:
  if zoo.is_archive(start.checkpoint):
    return zoo.unpack_checkpoint(start.checkpoint, os.path.join(folder, model_folder.CHECKPOINT))
  return checkpoint.find(start.checkpoint)


def _config(folds: Folds, held_out: int, start: Base, prefix: str, steps: int, folder: str) -> Config:
  """The pipeline.config that trains on all folds but one."""
  label_map_path = os.path.join(folder, model_folder.LABEL_MAP)
  files.write_text(label_map_path, label_map.dump(folds.labels))
  request = patch.Request(
    num_classes=len(folds.labels),
    label_map_path=label_map_path,
    train_path='',
    eval_path=folds.paths[held_out],
    num_steps=steps,
    batch_size=_BATCH_SIZE,
    mode='fine_tune',
    checkpoint=prefix,
  )
  config = patch.patch(config_io.parse(start.text, start.name), request)
  others = [path for number, path in enumerate(folds.paths) if number != held_out]
  config.train_input_reader.tf_record_input_reader.input_path[:] = others
  return config


def _train(config: Config, labels: Mapping[str, int], work: str, seed: int) -> Detector:
  import tensorflow as tf

  tf.keras.backend.clear_session()
  # The last weights are used, so nothing is to be chosen: one image is evaluated, as training ends with an evaluation.
  settings = TrainSettings(
    seed=seed, eval_every=0, eval_images=1, export='last', checkpoint_every=10**9, tensorboard_images=0
  )
  trained = training.train(Task(config, labels, settings), os.path.join(work, 'work'))
  model = os.path.join(work, 'model')
  export_model(trained.engine, model, config_io.dump(config), labels, Limits())
  return Detector(model)
