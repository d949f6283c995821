"""The OD API hands RMSProp's decay, of the mean of squares, to Keras as a decay of the learning rate.

The rate is then a tenth of what the schedule says after ten steps.
"""

from typing import Any

from detection.odapi.compat.versions import Versions

VERSIONS = Versions('tensorflow', since='2')


def apply() -> None:
  from object_detection.builders import optimizer_builder

  build = optimizer_builder.build_optimizers_tf_v2

  def build_mended(config: Any, global_step: Any = None) -> Any:
    optimizer, rates = build(config, global_step)
    if config.HasField('rms_prop_optimizer'):
      inner = getattr(optimizer, '_optimizer', optimizer)  # inside the moving average's wrapper
      inner._initial_decay, inner.decay, inner.rho = 0.0, 0.0, config.rms_prop_optimizer.decay
    return optimizer, rates

  optimizer_builder.build_optimizers_tf_v2 = build_mended
