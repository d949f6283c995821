"""The memory that training takes, estimated before anything is built."""

from detection.odapi import families
from detection.odapi.config.config_io import Config
from detection.pipeline_config import sizes

# For an extractor that was not measured.
_OTHERS = families.Memory(8000, 250, 60)
# The fraction of outputs kept for the backward pass; measured: 0.5 to 1.0 (benchmarks/memory_estimate.py).
_KEPT = 0.75
# TensorFlow itself, the input pipeline, and the workspace of convolutions.
_FIXED_GIB = 1.0
_GIB = 2**30
# More than most single GPUs have.
_LARGE_GIB = 24.0


def estimate(config: Config) -> float:
  """GiB that a training step takes on one device: weights, gradients, optimizer slots and activations.

  Activations grow with batch size and pixels. Meant to tell 4 GiB from 40, not 10 from 12.
  """
  train = config.train_config
  height, width = sizes.input_shape(config)
  extractor = families.extractor(config)
  traced = (extractor.memory if extractor else None) or _OTHERS
  # float32 weights and gradients, and what the optimizer keeps for each weight.
  copies = 4 if train.optimizer.HasField('adam_optimizer') else 3
  activations = _KEPT * train.batch_size * (height * width * traced.bytes_a_pixel + traced.mb_an_image * 1e6)
  return _FIXED_GIB + (activations + traced.millions * 1e6 * 4 * copies) / _GIB


def warnings(config: Config, gib: float) -> list[str]:
  """A sentence if a usual GPU cannot hold `gib`, with a batch size that it can; else nothing."""
  if gib <= _LARGE_GIB:
    return []
  batch = config.train_config.batch_size
  smaller = max(1, int(batch * (_LARGE_GIB - _FIXED_GIB) / gib))
  return [
    f'a batch of {batch} takes some {gib:.0f} GiB to train, by estimate. On one GPU of {_LARGE_GIB:.0f} GiB '
    f'train.batch_size: {smaller} would fit.'
  ]
