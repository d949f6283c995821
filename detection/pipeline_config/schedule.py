"""Sets training length and batch size; the learning rate and batch norm's averages follow."""

import math
from collections.abc import Iterator

from google.protobuf.message import Message

from detection.odapi.protos import hyperparams_pb2, optimizer_pb2, train_pb2

# Batch norm's averages look back over a tenth of the training, and over ten steps at least. Published decays look
# back 333 steps: after 900 the averages still lag so far behind that a detector which has learned finds nothing.
_WINDOWS_IN_TRAINING = 10
_LOWEST_DECAY = 0.9


def resize(train: train_pb2.TrainConfig, num_steps: int, batch_size: int) -> None:
  """Sets steps and batch size; stretches the schedule to the steps, scales its rates to the batch size.

  A schedule keeps its shape: every step in it is multiplied by new steps / old steps. Rates follow the square root of
  the batch size (Krizhevsky, arXiv:1404.5997; for Adam and RMSProp also Malladi et al., arXiv:2205.10287). The linear
  rule (Goyal et al., arXiv:1706.02677) would take a published 0.08 at batch 128 down to 0.005 at batch 8, at which a
  few thousand steps lead nowhere. Doing it twice changes nothing more.

  Args:
    train: changed in place. A base without num_steps or without batch_size keeps its schedule's steps or rates.
    num_steps: optimizer steps, 1 or more.
    batch_size: images a step, over all replicas, 1 or more.
  """
  rate = learning_rate(train.optimizer)
  if rate is not None:
    _scale_rates(rate, _rate_factor(train, batch_size))
    _stretch(rate, train.num_steps, num_steps)
  train.num_steps = num_steps
  train.batch_size = batch_size


def settle_batch_norm(model: Message, num_steps: int) -> None:
  """Lowers every batch norm's decay, in place, to one whose averages settle within num_steps; never raises one."""
  highest = max(1 - _WINDOWS_IN_TRAINING / num_steps, _LOWEST_DECAY)
  for batch_norm in _batch_norms(model):
    if batch_norm.decay > highest:
      batch_norm.decay = highest


def _batch_norms(message: Message) -> Iterator[hyperparams_pb2.BatchNorm]:
  if isinstance(message, hyperparams_pb2.BatchNorm):
    yield message
  for field, value in message.ListFields():
    if field.message_type is not None:
      for part in value if field.label == field.LABEL_REPEATED else [value]:
        yield from _batch_norms(part)


def learning_rate(optimizer: optimizer_pb2.Optimizer) -> optimizer_pb2.LearningRate | None:
  """The learning rate of whichever optimizer is set, or None."""
  kind = optimizer.WhichOneof('optimizer')
  return getattr(optimizer, kind).learning_rate if kind else None


def warmup_steps(rate: optimizer_pb2.LearningRate) -> int:
  """Steps of warm-up before the schedule itself begins; 0 without warm-up."""
  kind = rate.WhichOneof('learning_rate')
  if kind == 'cosine_decay_learning_rate':
    return rate.cosine_decay_learning_rate.warmup_steps
  if kind == 'exponential_decay_learning_rate':
    return rate.exponential_decay_learning_rate.burnin_steps
  manual = rate.manual_step_learning_rate
  return manual.schedule[0].step if kind == 'manual_step_learning_rate' and manual.warmup and manual.schedule else 0


def peak(rate: optimizer_pb2.LearningRate) -> float:
  """The highest rate of a schedule; 0 if none is set."""
  kind = rate.WhichOneof('learning_rate')
  if kind is None:
    return 0.0
  if kind == 'cosine_decay_learning_rate':
    return rate.cosine_decay_learning_rate.learning_rate_base
  if kind == 'constant_learning_rate':
    return rate.constant_learning_rate.learning_rate
  if kind == 'exponential_decay_learning_rate':
    return rate.exponential_decay_learning_rate.initial_learning_rate
  manual = rate.manual_step_learning_rate
  return max([manual.initial_learning_rate, *(step.learning_rate for step in manual.schedule)])


def scale_to(rate: optimizer_pb2.LearningRate, new_peak: float) -> None:
  """Scales every rate of a schedule, in place, so that its peak is `new_peak`."""
  current = peak(rate)
  # A peak that is there already, in float32, stays bit for bit: doing it twice must change nothing.
  if current > 0 and not math.isclose(current, new_peak, rel_tol=1e-6):
    _scale_rates(rate, new_peak / current)


def _rate_factor(train: train_pb2.TrainConfig, batch_size: int) -> float:
  if not train.HasField('batch_size') or not train.batch_size:
    return 1.0
  return math.sqrt(batch_size / train.batch_size)


def _scale_rates(rate: optimizer_pb2.LearningRate, factor: float) -> None:
  if factor == 1.0:
    return
  kind = rate.WhichOneof('learning_rate')
  if kind is None:
    return
  schedule = getattr(rate, kind)
  for field in schedule.DESCRIPTOR.fields:
    if field.name.endswith('learning_rate') or field.name == 'learning_rate_base':
      setattr(schedule, field.name, getattr(schedule, field.name) * factor)
  if kind == 'manual_step_learning_rate':
    for step in schedule.schedule:
      step.learning_rate *= factor


def _stretch(rate: optimizer_pb2.LearningRate, old_steps: int, num_steps: int) -> None:
  kind = rate.WhichOneof('learning_rate')
  if kind == 'cosine_decay_learning_rate':
    _stretch_cosine(rate.cosine_decay_learning_rate, num_steps)
  elif kind == 'exponential_decay_learning_rate' and old_steps:
    decay = rate.exponential_decay_learning_rate
    decay.decay_steps = max(1, round(decay.decay_steps * num_steps / old_steps))
    decay.burnin_steps = min(round(decay.burnin_steps * num_steps / old_steps), num_steps - 1)
  elif kind == 'manual_step_learning_rate' and old_steps:
    previous = 0
    for step in rate.manual_step_learning_rate.schedule:
      # The OD API wants steps above 0 that rise, however few there are left.
      previous = step.step = max(round(step.step * num_steps / old_steps), previous + 1)


def _stretch_cosine(cosine: optimizer_pb2.CosineDecayLearningRate, num_steps: int) -> None:
  factor = num_steps / max(cosine.total_steps, 1)
  # At least one step must be left to decay in, or the OD API divides by zero.
  cosine.warmup_steps = min(round(cosine.warmup_steps * factor), num_steps - 1)
  if cosine.hold_base_rate_steps:
    hold = round(cosine.hold_base_rate_steps * factor)
    cosine.hold_base_rate_steps = min(hold, num_steps - 1 - cosine.warmup_steps)
  cosine.total_steps = num_steps
