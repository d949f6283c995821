"""How a training step is computed."""

from __future__ import annotations

import dataclasses

from detection.base.errors import ConfigError
from detection.odapi.config.config_io import Config


@dataclasses.dataclass(frozen=True)
class Compute:
  """How a step is computed; none of it changes what is learned, beyond rounding.

  precision: Keras's global policy: float32, mixed_float16 (with loss scaling) or mixed_bfloat16.
  xla: compiles the forward and backward pass.
  accumulate: a batch is computed in so many parts whose gradients are averaged, when memory is short.
  """

  precision: str = 'float32'
  xla: bool = False
  accumulate: int = 1

  def check(self, config: Config) -> None:
    """Raises ConfigError for what pipeline.config does not allow."""
    train = config.train_config
    if self.xla and train.unpad_groundtruth_tensors:
      raise ConfigError('train.xla: needs train_config.unpad_groundtruth_tensors: false in pipeline.config.')
    if self.precision == 'mixed_float16' and train.optimizer.use_moving_average:
      raise ConfigError(
        'train.precision: mixed_float16 scales the loss, which train_config.optimizer.use_moving_average in '
        'pipeline.config does not allow. Set it to false, or take mixed_bfloat16.'
      )
    if config.eval_config.use_moving_averages and not train.optimizer.use_moving_average:
      raise ConfigError(
        'pipeline.config: eval_config.use_moving_averages needs train_config.optimizer.use_moving_average: true.'
      )
    if train.batch_size % self.accumulate:
      raise ConfigError(
        f'train.accumulate: {self.accumulate} parts do not divide train_config.batch_size {train.batch_size}.'
      )
