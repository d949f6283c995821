"""From a base config to a complete one: everything the OD API needs to train on this data, and nothing left open."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from detection.base.errors import ConfigError, joined
from detection.odapi.config import config_path
from detection.odapi.protos import input_reader_pb2, pipeline_pb2
from detection.pipeline_config import portable, schedule, shorthand, sizes, tasks, transfer

Config = pipeline_pb2.TrainEvalPipelineConfig

_PLACEHOLDER = 'PATH_TO_BE_CONFIGURED'
_OVERRIDES = 'model.overrides'
_SMALLEST_EFFICIENTNET = 129


@dataclasses.dataclass(frozen=True)
class Request:
  """What a run asks of a base config.

  num_classes: the highest id of the label map; None while that is not known, which leaves it as it is.
  label_map_path: of label_map.pbtxt.
  train_path, eval_path: glob patterns of uncompressed TFRecord shards.
  num_steps, batch_size: of training, 1 or more.
  mode: one of transfer.MODES.
  checkpoint: prefix of a checkpoint, or None.
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
  overrides: Mapping[str, Any] = dataclasses.field(default_factory=dict)


def patch(base: Config, request: Request) -> Config:
  """The complete config for `request`; `base` stays as it is. Patching the result again gives the same.

  Raises:
    ConfigError: if an override names no field or does not fit, or something is left open or contradicts the data.
  """
  config = Config()
  config.CopyFrom(base)
  portable.make_portable(config)
  tasks.keep_detection_alone(config)
  if request.num_classes is not None:
    _model(config).num_classes = request.num_classes
  num_steps, batch_size = _training_size(config, request)
  schedule.resize(config.train_config, num_steps, batch_size)
  schedule.settle_batch_norm(config.model, num_steps)
  _read(config.train_input_reader, request.label_map_path, request.train_path)
  _read_for_evaluation(config, request)
  transfer.start_from(config, request.mode, request.checkpoint)
  _evaluate_by_coco(config)
  shorthand.apply(config, request.overrides, _OVERRIDES)
  problems = check(config, request.num_classes)
  if problems:
    raise ConfigError('pipeline.config: ' + joined(problems))
  return config


def check(config: Config, num_classes: int | None) -> list[str]:
  """What would stop training, or spoil it without a word, one sentence each; empty if all is well."""
  return [
    *_left_open(config),
    *_class_count(config, num_classes),
    *_schedule_problems(config),
    *_pyramid_problems(config),
  ]


def _model(config: Config) -> Any:
  return getattr(config.model, config.model.WhichOneof('model'))


def _training_size(config: Config, request: Request) -> tuple[int, int]:
  """(num_steps, batch_size) after overrides, so that the schedule follows these as well."""
  wanted = Config()
  wanted.CopyFrom(config)
  wanted.train_config.num_steps = request.num_steps
  wanted.train_config.batch_size = request.batch_size
  if not wanted.eval_input_reader:
    wanted.eval_input_reader.add()
  shorthand.apply(wanted, request.overrides, _OVERRIDES)
  size = wanted.train_config.num_steps, wanted.train_config.batch_size
  for name, number in zip(('num_steps', 'batch_size'), size, strict=True):
    if number < 1:
      raise ConfigError(f'train.{name}: expected 1 or more, received {number}.')
  return size


def _read(reader: input_reader_pb2.InputReader, label_map_path: str, input_path: str) -> None:
  reader.label_map_path = label_map_path
  reader.tf_record_input_reader.ClearField('input_path')
  reader.tf_record_input_reader.input_path.append(input_path)


def _read_for_evaluation(config: Config, request: Request) -> None:
  """One pass over the eval split in order; the OD API reads the first eval reader alone."""
  del config.eval_input_reader[1:]
  reader = config.eval_input_reader[0] if config.eval_input_reader else config.eval_input_reader.add()
  _read(reader, request.label_map_path, request.eval_path)
  reader.shuffle = False
  reader.num_epochs = 1
  reader.ClearField('sample_1_of_n_examples')


def _evaluate_by_coco(config: Config) -> None:
  evaluation = config.eval_config
  evaluation.metrics_set[:] = ['coco_detection_metrics']
  evaluation.num_visualizations = 0
  evaluation.batch_size = 1  # the OD API evaluates images of one batch at one size, and pads the others wrongly
  # Left at their default, 5,000 examples: the whole split is read, as num_epochs says.
  for field in ('num_examples', 'max_evals', 'eval_interval_secs', 'export_path', 'visualization_export_dir'):
    evaluation.ClearField(field)


def _left_open(config: Config) -> list[str]:
  return [
    f'{path}: still "{value}". Set it in model.overrides.'
    for path, _, value in config_path.set_paths(config)
    if isinstance(value, str) and _PLACEHOLDER in value
  ]


def _class_count(config: Config, num_classes: int | None) -> list[str]:
  found = _model(config).num_classes
  if num_classes is None or found == num_classes:
    return []
  path = f'model.{config.model.WhichOneof("model")}.num_classes'
  return [f'{path}: the label map has ids up to {num_classes}, received {found}. Take it out of model.overrides.']


def _schedule_problems(config: Config) -> list[str]:
  train = config.train_config
  rate = schedule.learning_rate(train.optimizer)
  if rate is None or rate.WhichOneof('learning_rate') is None:
    return ['train_config.optimizer: no learning rate. Set one in model.overrides.']
  found = []
  warmup = schedule.warmup_steps(rate)
  if warmup and warmup >= train.num_steps:
    found.append(f'warm-up takes {warmup} steps of {train.num_steps}. Expected fewer.')
  cosine = rate.cosine_decay_learning_rate
  if rate.HasField('cosine_decay_learning_rate') and cosine.warmup_learning_rate > cosine.learning_rate_base:
    low, high = cosine.warmup_learning_rate, cosine.learning_rate_base
    found.append(f'warm-up begins at a rate of {low:.3g}, above the {high:.3g} it leads to.')
  steps = [0, *(step.step for step in rate.manual_step_learning_rate.schedule)]
  if any(later <= earlier for earlier, later in zip(steps, steps[1:], strict=False)):
    found.append(f'manual_step_learning_rate: steps must rise from above 0, received {steps[1:]}.')
  if schedule.peak(rate) <= 0:
    found.append(f'the learning rate is {schedule.peak(rate):g}. Expected more than 0.')
  return found


def _pyramid_problems(config: Config) -> list[str]:
  """Levels of anchors and pyramid must agree, and a two-way pyramid adds maps that only even sizes let meet."""
  if not config.model.HasField('ssd'):
    return []
  model = config.model.ssd
  kind = model.feature_extractor.WhichOneof('feature_pyramid_oneof')
  if kind is None or not model.anchor_generator.HasField('multiscale_anchor_generator'):
    return []
  pyramid, made = getattr(model.feature_extractor, kind), model.anchor_generator.multiscale_anchor_generator
  found = []
  if (pyramid.min_level, pyramid.max_level) != (made.min_level, made.max_level):
    found.append(
      f'model.ssd: the pyramid has levels {pyramid.min_level} to {pyramid.max_level}, the anchors {made.min_level} to '
      f'{made.max_level}. Set feature_extractor.{kind} and anchor_generator.multiscale_anchor_generator alike.'
    )
  sides = sizes.input_shape(config)
  step = 2**pyramid.max_level
  if kind == 'bifpn' and any(side % step or side < _SMALLEST_EFFICIENTNET for side in sides):
    found.append(
      f'model.ssd.image_resizer: this EfficientDet wants sides of {_SMALLEST_EFFICIENTNET} pixels or more that are '
      f'multiples of {step}, received {sides[0]}x{sides[1]}.'
    )
  return found
