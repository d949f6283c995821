"""Short forms in overrides: augmentation, optimizer and schedule by the names people use.

overrides:
  augment: [horizontal_flip, color_jitter, {cutout: {probability: 0.3}}]
  optimizer: {name: adam, learning_rate: 1e-3}
  schedule: {name: cosine, warmup_steps: 100}
  learning_rate: 0.02
  text: 'train_config { gradient_clipping_by_norm: 10 }'
"""

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import pydantic

from detection.base import suggest
from detection.base.errors import ConfigError
from detection.base.settings import Settings, parse_settings, unknown_key
from detection.odapi.config import config_path
from detection.odapi.protos import pipeline_pb2, preprocessor_pb2
from detection.pipeline_config import schedule
from detection.pipeline_config.sizes import input_size

ALSO = ' Also: '
FIT_ANCHORS = 'fit_anchors'
KEYS = ('augment', 'optimizer', 'schedule', 'learning_rate', 'text', FIT_ANCHORS)

# {short name: steps of the OD API's preprocessor}. SIZE stands for the side of the model's input, in pixels.
SIZE = '<input size>'
AUGMENTATIONS: dict[str, list[dict[str, dict[str, Any]]]] = {
  'horizontal_flip': [{'random_horizontal_flip': {}}],
  'vertical_flip': [{'random_vertical_flip': {}}],
  'rotation90': [{'random_rotation90': {}}],
  'ssd_random_crop': [{'ssd_random_crop': {}}],
  'ssd_random_crop_pad': [{'ssd_random_crop_pad': {}}],
  'random_crop': [
    {
      'random_crop_image': {
        'min_object_covered': 0.0,
        'min_aspect_ratio': 0.75,
        'max_aspect_ratio': 3.0,
        'min_area': 0.75,
        'max_area': 1.0,
        'overlap_thresh': 0.0,
      }
    }
  ],
  'scale_crop_pad': [
    {'random_scale_crop_and_pad_to_square': {'output_size': SIZE, 'scale_min': 0.5, 'scale_max': 1.5}}
  ],
  'square_crop': [{'random_square_crop_by_scale': {'scale_min': 0.6, 'scale_max': 1.3}}],
  'color_jitter': [
    {'random_adjust_brightness': {}},
    {'random_adjust_contrast': {}},
    {'random_adjust_saturation': {}},
    {'random_adjust_hue': {}},
  ],
  'distort_color': [{'random_distort_color': {}}],
  'gray': [{'random_rgb_to_gray': {}}],
  'jpeg_quality': [{'random_jpeg_quality': {'random_coef': 0.5, 'min_jpeg_quality': 40, 'max_jpeg_quality': 100}}],
  'patch_gaussian': [{'random_patch_gaussian': {'random_coef': 0.5, 'max_patch_size': 64, 'max_gaussian_stddev': 0.5}}],
  'cutout': [{'random_black_patches': {'max_black_patches': 4, 'probability': 0.5, 'size_to_image_ratio': 0.15}}],
  'autoaugment': [{'autoaugment_image': {'policy_name': 'v0'}}],
  'jitter_boxes': [{'random_jitter_boxes': {'ratio': 0.02}}],
  'self_concat': [
    {'random_self_concat_image': {'concat_vertical_probability': 0.2, 'concat_horizontal_probability': 0.2}}
  ],
}
# {name: (the OD API's, Keras's default learning rate)}.
OPTIMIZERS = {
  'sgd': ('momentum_optimizer', 0.01),
  'momentum': ('momentum_optimizer', 0.01),
  'rmsprop': ('rms_prop_optimizer', 0.001),
  'adam': ('adam_optimizer', 0.001),
}
SCHEDULES = ('constant', 'cosine', 'exponential', 'manual_step')


class _Optimizer(Settings):
  """learning_rate: the highest of the schedule; momentum: for sgd and rmsprop; epsilon: for adam and rmsprop."""

  name: str
  learning_rate: float | None = None
  momentum: float | None = None
  epsilon: float | None = None


class _Rate(Settings):
  """The highest rate of the schedule."""

  learning_rate: pydantic.PositiveFloat


class _Schedule(Settings):
  """Steps are optimizer steps; rates are the optimizer's; see `set_schedule`."""

  name: str
  learning_rate: float | None = None
  warmup_steps: int | None = None
  warmup_learning_rate: float | None = None
  decay_steps: int | None = None
  decay_factor: float = 0.1
  steps: list[int] = []


def apply(config: pipeline_pb2.TrainEvalPipelineConfig, overrides: Mapping[str, Any], where: str) -> None:
  """Sets short forms, then every other path of `overrides`, in place. Doing it twice changes nothing more.

  Args:
    config: its training size is set already, as the schedules follow it.
    overrides: {short form or dotted path: value}.
    where: what the user wrote it in, for messages; short forms go by their own name.

  Raises:
    ConfigError: naming every entry that does not fit, and the nearest known name.
  """
  setters = {
    'text': config_path.merge,
    'augment': set_augmentation,
    'optimizer': set_optimizer,
    'learning_rate': set_learning_rate,
    'schedule': set_schedule,
  }
  problems = _rates_set_twice(overrides)
  for key, setter in setters.items():
    if overrides.get(key) is not None:
      with noted(problems):
        setter(config, overrides[key], where if key == 'text' else key)
  # In the order of the paths, so that a message comes before its fields.
  for path in sorted(set(overrides) - set(KEYS)):
    with noted(problems):
      if '.' not in path and path not in config.DESCRIPTOR.fields_by_name:
        raise ConfigError(f'{where}: {unknown_key(path, [*KEYS, *config.DESCRIPTOR.fields_by_name])}')
      config_path.put(config, path, overrides[path], where)
  if problems:
    raise ConfigError(ALSO.join(problems))


@contextlib.contextmanager
def noted(problems: list[str]) -> Iterator[None]:
  """Adds a mistake to the others, so that all are told at once."""
  try:
    yield
  except ConfigError as error:
    problems.append(str(error))


def set_augmentation(config: pipeline_pb2.TrainEvalPipelineConfig, names: Any, where: str) -> None:
  """Replaces the augmentation steps. An item is a short name, an OD API step, or {either: {its field: value}}."""
  if not isinstance(names, list | tuple):
    raise ConfigError(f'{where}: expected a list of names, received {names!r}.')
  size = input_size(config)
  steps = [step for item in names for step in _steps(item, size, where)]
  config_path.put(config, 'train_config.data_augmentation_options', steps, where)


def set_optimizer(config: pipeline_pb2.TrainEvalPipelineConfig, short: Any, where: str) -> None:
  """Sets optimizer and peak learning rate. Another optimizer keeps the schedule's shape, but not its rates."""
  options = _options(_Optimizer, short, where)
  if options.name not in OPTIMIZERS:
    raise ConfigError(f'{where}: {unknown_key(options.name, OPTIMIZERS)}')
  kind, default = OPTIMIZERS[options.name]
  optimizer = config.train_config.optimizer
  previous, rate = optimizer.WhichOneof('optimizer'), schedule.learning_rate(optimizer)
  chosen = getattr(optimizer, kind)
  if previous != kind:
    kept = type(chosen.learning_rate)()
    kept.CopyFrom(rate or kept)
    chosen.learning_rate.CopyFrom(kept)
    optimizer.use_moving_average = False
  if chosen.learning_rate.WhichOneof('learning_rate') is None:
    chosen.learning_rate.constant_learning_rate.learning_rate = default
  wanted = options.learning_rate or (default if previous != kind else None)
  if wanted is not None:
    schedule.scale_to(chosen.learning_rate, wanted)
  fields = {'momentum_optimizer_value': options.momentum, 'epsilon': options.epsilon}
  for name, value in fields.items():
    if value is not None:
      config_path.put(config, f'train_config.optimizer.{kind}.{name}', value, where)


def set_schedule(config: pipeline_pb2.TrainEvalPipelineConfig, short: Any, where: str) -> None:
  """Sets the learning rate's course over train_config.num_steps.

  constant: one rate. cosine: to 0 at the end. exponential: times decay_factor every decay_steps (a third of the
  training). manual_step: times decay_factor at each of `steps` (after 60 and 80 percent). Without a learning_rate the
  highest of the schedule before is kept; warm-up starts at a tenth of it and takes a twentieth of the training.
  """
  options = _options(_Schedule, short, where)
  if options.name not in SCHEDULES:
    raise ConfigError(f'{where}: {unknown_key(options.name, SCHEDULES)}')
  rate = schedule.learning_rate(config.train_config.optimizer)
  if rate is None:
    raise ConfigError(f'{where}: no optimizer to set it for. Set optimizer as well.')
  peak = options.learning_rate or schedule.peak(rate)
  num_steps = config.train_config.num_steps
  rate.Clear()
  if options.name == 'constant':
    rate.constant_learning_rate.learning_rate = peak
  elif options.name == 'cosine':
    cosine = rate.cosine_decay_learning_rate
    cosine.learning_rate_base, cosine.total_steps = peak, num_steps
    cosine.warmup_steps = num_steps // 20 if options.warmup_steps is None else options.warmup_steps
    cosine.warmup_learning_rate = options.warmup_learning_rate or peak / 10
  elif options.name == 'exponential':
    decay = rate.exponential_decay_learning_rate
    decay.initial_learning_rate, decay.decay_factor = peak, options.decay_factor
    decay.decay_steps = options.decay_steps or max(1, num_steps // 3)
    decay.burnin_steps = options.warmup_steps or 0
    decay.burnin_learning_rate = options.warmup_learning_rate or 0.0
  else:
    manual = rate.manual_step_learning_rate
    manual.initial_learning_rate = peak
    for count, step in enumerate(options.steps or [num_steps * 3 // 5, num_steps * 4 // 5], start=1):
      manual.schedule.add(step=step, learning_rate=peak * options.decay_factor**count)


def _rates_set_twice(overrides: Mapping[str, Any]) -> list[str]:
  rivals = ('optimizer', 'schedule')
  found = [key for key in rivals if isinstance(overrides.get(key), Mapping) and overrides[key].get('learning_rate')]
  if overrides.get('learning_rate') is None or not found:
    return []
  return [f'learning_rate: {found[0]}.learning_rate is set too. Keep one of them.']


def set_learning_rate(config: pipeline_pb2.TrainEvalPipelineConfig, peak: Any, where: str) -> None:
  """Scales the schedule so that its highest rate is `peak`; its shape stays."""
  optimizer = config.train_config.optimizer
  if schedule.learning_rate(optimizer) is None:
    raise ConfigError(f'{where}: no optimizer to set it for. Set optimizer as well.')
  wanted = parse_settings(_Rate, {'learning_rate': peak}, where).learning_rate
  schedule.scale_to(schedule.learning_rate(optimizer), wanted)


def _options(model: type, short: Any, where: str) -> Any:
  return parse_settings(model, {'name': short} if isinstance(short, str) else dict(_mapping(short, where)), where)


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
  if not isinstance(value, Mapping):
    raise ConfigError(f'{where}: expected a name or a mapping with one, received {value!r}.')
  return value


def _steps(item: Any, size: int, where: str) -> list[dict[str, Any]]:
  name, options = (item, {}) if isinstance(item, str) else _named(item, where)
  real = preprocessor_pb2.PreprocessingStep.DESCRIPTOR.fields_by_name
  if name not in AUGMENTATIONS and name not in real:
    hint = suggest.hint(name, [*AUGMENTATIONS, *real], listed=AUGMENTATIONS)
    raise ConfigError(f'{where}: unknown "{name}"; {hint}.')
  steps = AUGMENTATIONS.get(name, [{name: {}}])
  if options and len(steps) > 1:
    raise ConfigError(f'{where}: "{name}" stands for several steps and takes no options. Name the steps one by one.')
  return [
    {step: {k: size if v == SIZE else v for k, v in {**fields, **options}.items()}}
    for one in steps
    for step, fields in one.items()
  ]


def _named(item: Any, where: str) -> tuple[str, Mapping[str, Any]]:
  if not isinstance(item, Mapping) or len(item) != 1:
    raise ConfigError(f'{where}: expected a name or {{name: {{option: value}}}}, received {item!r}.')
  ((name, options),) = item.items()
  return str(name), _mapping(options or {}, where)
