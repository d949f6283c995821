"""Optimizer, learning-rate schedule and learning rate by short forms.

optimizer: {name: adam, learning_rate: 1e-3}
schedule: {name: cosine, warmup_steps: 100}
learning_rate: 0.02
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pydantic import v1 as pydantic

from detection.base.errors import ConfigError
from detection.base.settings import Settings, parse_settings, unknown_key
from detection.odapi.config import config_path
from detection.odapi.config.config_io import Config
from detection.odapi.protos import optimizer_pb2
from detection.pipeline_config import schedule

# {short name: (field of the OD API's Optimizer, Keras's default learning rate)}.
OPTIMIZERS = {
  'sgd': ('momentum_optimizer', 0.01),
  'momentum': ('momentum_optimizer', 0.01),
  'rmsprop': ('rms_prop_optimizer', 0.001),
  'adam': ('adam_optimizer', 0.001),
}


class OptimizerOptions(Settings):
  """learning_rate: the highest of the schedule; momentum: for sgd and rmsprop; epsilon: for adam and rmsprop."""

  name: str
  learning_rate: float | None = None
  momentum: float | None = None
  epsilon: float | None = None


class ScheduleOptions(Settings):
  """Steps are optimizer steps; rates are the optimizer's; see `set_schedule`."""

  name: str
  learning_rate: float | None = None
  warmup_steps: int | None = None
  warmup_learning_rate: float | None = None
  decay_steps: int | None = None
  decay_factor: float = 0.1
  steps: list[int] = []


class _PeakRate(Settings):
  learning_rate: pydantic.PositiveFloat


Options = TypeVar('Options', bound=Settings)


def set_optimizer(config: Config, short: Any, where: str) -> None:
  """Sets optimizer and peak learning rate, in place. Another optimizer keeps the schedule's shape, but not its rates.

  Args:
    config: complete but for overrides.
    short: what the user wrote: a name, or a mapping as in OptimizerOptions.
    where: the key in the user's config, for messages.

  Raises:
    ConfigError: if it names no known optimizer or option, or the optimizer has no such option.
  """
  options = _parse(OptimizerOptions, short, where)
  _refuse_unknown(options.name, OPTIMIZERS, where)
  kind, default_rate = OPTIMIZERS[options.name]
  optimizer = config.train_config.optimizer
  is_another = optimizer.WhichOneof('optimizer') != kind
  if is_another:
    _replace_optimizer(optimizer, kind)
  rate = getattr(optimizer, kind).learning_rate
  if rate.WhichOneof('learning_rate') is None:
    rate.constant_learning_rate.learning_rate = default_rate
  new_peak = options.learning_rate or (default_rate if is_another else None)
  if new_peak is not None:
    schedule.scale_to(rate, new_peak)
  for name, value in {'momentum_optimizer_value': options.momentum, 'epsilon': options.epsilon}.items():
    if value is not None:
      config_path.put(config, f'train_config.optimizer.{kind}.{name}', value, where)


def _replace_optimizer(optimizer: optimizer_pb2.Optimizer, kind: str) -> None:
  """Sets another optimizer, in place, with a copy of the learning-rate schedule of the one before."""
  kept = optimizer_pb2.LearningRate()
  previous = schedule.learning_rate(optimizer)
  if previous is not None:
    kept.CopyFrom(previous)
  getattr(optimizer, kind).learning_rate.CopyFrom(kept)
  optimizer.use_moving_average = False


def set_schedule(config: Config, short: Any, where: str) -> None:
  """Sets the learning rate's course over train_config.num_steps, in place.

  constant: one rate. cosine: to 0 at the end. exponential: times decay_factor every decay_steps (a third of the
  training). manual_step: times decay_factor at each of `steps` (after 60 and 80 percent). Without a learning_rate the
  highest of the schedule before is kept; warm-up starts at a tenth of it and takes a twentieth of the training.

  Args:
    config: with num_steps and an optimizer.
    short: what the user wrote: a name, or a mapping as in ScheduleOptions.
    where: the key in the user's config, for messages.

  Raises:
    ConfigError: if it names no known schedule or option, or `config` has no optimizer.
  """
  options = _parse(ScheduleOptions, short, where)
  _refuse_unknown(options.name, SCHEDULES, where)
  rate = _learning_rate(config, where)
  peak = options.learning_rate or schedule.peak(rate)
  rate.Clear()
  SCHEDULES[options.name](rate, peak, config.train_config.num_steps, options)


def _set_constant(rate: optimizer_pb2.LearningRate, peak: float, num_steps: int, options: ScheduleOptions) -> None:
  rate.constant_learning_rate.learning_rate = peak


def _set_cosine(rate: optimizer_pb2.LearningRate, peak: float, num_steps: int, options: ScheduleOptions) -> None:
  cosine = rate.cosine_decay_learning_rate
  cosine.learning_rate_base = peak
  cosine.total_steps = num_steps
  cosine.warmup_steps = num_steps // 20 if options.warmup_steps is None else options.warmup_steps
  cosine.warmup_learning_rate = options.warmup_learning_rate or peak / 10


def _set_exponential(rate: optimizer_pb2.LearningRate, peak: float, num_steps: int, options: ScheduleOptions) -> None:
  decay = rate.exponential_decay_learning_rate
  decay.initial_learning_rate = peak
  decay.decay_factor = options.decay_factor
  decay.decay_steps = options.decay_steps or max(1, num_steps // 3)
  decay.burnin_steps = options.warmup_steps or 0
  decay.burnin_learning_rate = options.warmup_learning_rate or 0.0


def _set_manual_step(rate: optimizer_pb2.LearningRate, peak: float, num_steps: int, options: ScheduleOptions) -> None:
  manual = rate.manual_step_learning_rate
  manual.initial_learning_rate = peak
  for count, step in enumerate(options.steps or [num_steps * 3 // 5, num_steps * 4 // 5], start=1):
    manual.schedule.add(step=step, learning_rate=peak * options.decay_factor**count)


ScheduleSetter = Callable[[optimizer_pb2.LearningRate, float, int, ScheduleOptions], None]
# {name: writes that schedule into an empty LearningRate, given its peak rate, num_steps and options}.
SCHEDULES: dict[str, ScheduleSetter] = {
  'constant': _set_constant,
  'cosine': _set_cosine,
  'exponential': _set_exponential,
  'manual_step': _set_manual_step,
}


def set_learning_rate(config: Config, peak: Any, where: str) -> None:
  """Scales the schedule, in place, so that its highest rate is `peak`; its shape stays.

  Raises:
    ConfigError: if `config` has no optimizer, or `peak` is not a number above 0.
  """
  rate = _learning_rate(config, where)
  schedule.scale_to(rate, parse_settings(_PeakRate, {'learning_rate': peak}, where).learning_rate)


def _learning_rate(config: Config, where: str) -> optimizer_pb2.LearningRate:
  rate = schedule.learning_rate(config.train_config.optimizer)
  if rate is None:
    raise ConfigError(f'{where}: no optimizer to set it for. Set optimizer as well.')
  return rate


def _parse(model: type[Options], short: Any, where: str) -> Options:
  """Options from their short form: a name alone, or a mapping."""
  if isinstance(short, str):
    return parse_settings(model, {'name': short}, where)
  if not isinstance(short, Mapping):
    raise ConfigError(f'{where}: expected a name or a mapping with one, received {short!r}.')
  return parse_settings(model, dict(short), where)


def _refuse_unknown(name: str, known: Mapping[str, Any], where: str) -> None:
  if name not in known:
    raise ConfigError(f'{where}: {unknown_key(name, known)}')
