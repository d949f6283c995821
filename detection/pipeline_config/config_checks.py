"""What in a complete config would stop training, or spoil it silently: one sentence a problem."""

from detection.odapi import families
from detection.odapi.config import config_path
from detection.odapi.config.config_io import Config
from detection.odapi.protos import optimizer_pb2
from detection.pipeline_config import schedule, sizes

_PLACEHOLDER = 'PATH_TO_BE_CONFIGURED'
_SMALLEST_EFFICIENTNET = 129


def problems(config: Config, num_classes: int | None) -> list[str]:
  """Problems of a patched config; empty if all is well.

  Args:
    config: complete.
    num_classes: the highest id of the label map; None while that is not known.
  """
  return [
    *_open_paths(config),
    *_class_count(config, num_classes),
    *_learning_rate(config),
    *_pyramid(config),
  ]


def _open_paths(config: Config) -> list[str]:
  return [
    f'{path}: still "{value}". Set it in model.overrides.'
    for path, _, value in config_path.set_paths(config)
    if isinstance(value, str) and _PLACEHOLDER in value
  ]


def _class_count(config: Config, num_classes: int | None) -> list[str]:
  family, received = families.of(config).name, families.body(config).num_classes
  if num_classes is None or received == num_classes:
    return []
  return [
    f'model.{family}.num_classes: the label map has ids up to {num_classes}, received {received}. '
    f'Take it out of model.overrides.'
  ]


def _learning_rate(config: Config) -> list[str]:
  rate = schedule.learning_rate(config.train_config.optimizer)
  if rate is None or rate.WhichOneof('learning_rate') is None:
    return ['train_config.optimizer: no learning rate. Set one in model.overrides.']
  return [*_warm_up(rate, config.train_config.num_steps), *_manual_steps(rate), *_peak(rate)]


def _warm_up(rate: optimizer_pb2.LearningRate, num_steps: int) -> list[str]:
  found = []
  steps = schedule.warmup_steps(rate)
  if steps and steps >= num_steps:
    found.append(f'warm-up takes {steps} steps of {num_steps}. Expected fewer.')
  cosine = rate.cosine_decay_learning_rate
  if rate.HasField('cosine_decay_learning_rate') and cosine.warmup_learning_rate > cosine.learning_rate_base:
    low, high = cosine.warmup_learning_rate, cosine.learning_rate_base
    found.append(f'warm-up begins at a rate of {low:.3g}, above the {high:.3g} it leads to.')
  return found


def _manual_steps(rate: optimizer_pb2.LearningRate) -> list[str]:
  steps = [0, *(step.step for step in rate.manual_step_learning_rate.schedule)]
  if all(later > earlier for earlier, later in zip(steps, steps[1:], strict=False)):
    return []
  return [f'manual_step_learning_rate: steps must rise from above 0, received {steps[1:]}.']


def _peak(rate: optimizer_pb2.LearningRate) -> list[str]:
  peak = schedule.peak(rate)
  return [f'the learning rate is {peak:g}. Expected more than 0.'] if peak <= 0 else []


def _pyramid(config: Config) -> list[str]:
  """Levels of anchors and pyramid must agree; a two-way pyramid adds maps of two levels, so sizes must halve evenly."""
  if families.of(config).name != 'ssd':
    return []
  model = config.model.ssd
  kind = model.feature_extractor.WhichOneof('feature_pyramid_oneof')
  if kind is None or not model.anchor_generator.HasField('multiscale_anchor_generator'):
    return []
  pyramid, anchors = getattr(model.feature_extractor, kind), model.anchor_generator.multiscale_anchor_generator
  found = []
  if (pyramid.min_level, pyramid.max_level) != (anchors.min_level, anchors.max_level):
    found.append(
      f'model.ssd: the pyramid has levels {pyramid.min_level} to {pyramid.max_level}, the anchors {anchors.min_level} '
      f'to {anchors.max_level}. Set feature_extractor.{kind} and anchor_generator.multiscale_anchor_generator alike.'
    )
  sides = sizes.input_shape(config)
  step = 2**pyramid.max_level
  if kind == 'bifpn' and any(side % step or side < _SMALLEST_EFFICIENTNET for side in sides):
    found.append(
      f'model.ssd.image_resizer: this EfficientDet wants sides of {_SMALLEST_EFFICIENTNET} pixels or more that are '
      f'multiples of {step}, received {sides[0]}x{sides[1]}.'
    )
  return found
