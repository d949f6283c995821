"""From a base config to a complete one: everything the OD API needs to train on this data."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from detection.base.errors import ConfigError, joined
from detection.odapi import families
from detection.odapi.config.config_io import Config
from detection.odapi.protos import input_reader_pb2
from detection.pipeline_config import (
  config_checks,
  portable,
  published_weights,
  schedule,
  shorthand,
  tasks,
  transfer,
)

_OVERRIDES = 'model.overrides'


@dataclasses.dataclass(frozen=True)
class Request:
  """What a run asks of a base config.

  num_classes: the highest id of the label map; None while that is not known, which leaves the base's as it is.
  label_map_path: of label_map.pbtxt.
  train_path, eval_path: glob patterns of uncompressed TFRecord shards.
  num_steps, batch_size: of training, 1 or more.
  mode: one of transfer.MODES.
  checkpoint: prefix of a checkpoint, or None.
  is_network: whether the checkpoint is the weights of a classification network, see weights.read.
  overrides: {dotted path or short form: value}, applied last; see config_path.put and shorthand.
  """

  num_classes: int | None
  label_map_path: str
  train_path: str
  eval_path: str
  num_steps: int
  batch_size: int
  mode: str = 'scratch'
  checkpoint: str | None = None
  is_network: bool = False
  overrides: Mapping[str, Any] = dataclasses.field(default_factory=dict)


def patch(base: Config, request: Request) -> Config:
  """The complete config for `request`; `base` is not changed. Patching the result again gives the same.

  Raises:
    ConfigError: if an override names no field or does not fit, or the result would stop or spoil training.
  """
  config = Config()
  config.CopyFrom(base)
  portable.make_portable(config)
  tasks.keep_detection_only(config)
  if request.num_classes is not None:
    families.body(config).num_classes = request.num_classes
  num_steps, batch_size = _training_size(config, request)
  schedule.resize(config.train_config, num_steps, batch_size)
  schedule.settle_batch_norm(config.model, num_steps)
  _read_from(config.train_input_reader, request.label_map_path, request.train_path)
  _read_for_evaluation(config, request)
  transfer.start_from(config, request.mode, request.checkpoint, request.is_network)
  if request.mode == 'classification' and request.is_network:
    published_weights.suit(config, request.overrides)
  _evaluate_by_coco(config)
  shorthand.apply(config, request.overrides, _OVERRIDES)
  problems = config_checks.problems(config, request.num_classes)
  if problems:
    raise ConfigError('pipeline.config: ' + joined(problems))
  return config


def _training_size(config: Config, request: Request) -> tuple[int, int]:
  """(num_steps, batch_size) after overrides, so that the schedule follows overrides of these too."""
  trial = Config()
  trial.CopyFrom(config)
  trial.train_config.num_steps = request.num_steps
  trial.train_config.batch_size = request.batch_size
  if not trial.eval_input_reader:
    trial.eval_input_reader.add()
  shorthand.apply(trial, request.overrides, _OVERRIDES)
  size = trial.train_config.num_steps, trial.train_config.batch_size
  for name, number in zip(('num_steps', 'batch_size'), size, strict=True):
    if number < 1:
      raise ConfigError(f'train.{name}: expected 1 or more, received {number}.')
  return size


def _read_from(reader: input_reader_pb2.InputReader, label_map_path: str, input_path: str) -> None:
  reader.label_map_path = label_map_path
  reader.tf_record_input_reader.ClearField('input_path')
  reader.tf_record_input_reader.input_path.append(input_path)


def _read_for_evaluation(config: Config, request: Request) -> None:
  """One pass over the eval split in order; the OD API reads the first eval reader alone."""
  del config.eval_input_reader[1:]
  reader = config.eval_input_reader[0] if config.eval_input_reader else config.eval_input_reader.add()
  _read_from(reader, request.label_map_path, request.eval_path)
  reader.shuffle = False
  reader.num_epochs = 1
  reader.ClearField('sample_1_of_n_examples')


def _evaluate_by_coco(config: Config) -> None:
  evaluation = config.eval_config
  evaluation.metrics_set[:] = ['coco_detection_metrics']
  evaluation.num_visualizations = 0
  evaluation.batch_size = 1  # the OD API evaluates images of one batch at one size, and pads the others wrongly
  # Back to their defaults: the whole split is read once, as num_epochs says.
  for field in ('num_examples', 'max_evals', 'eval_interval_secs', 'export_path', 'visualization_export_dir'):
    evaluation.ClearField(field)
