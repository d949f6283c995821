"""Mends what breaks in the OD API (2.8.0.post1) on newer libraries: one module a break, listed in `apply`.

Each module says in `VERSIONS` which versions break it, and mends it in `apply`. No file in site-packages is edited: a
mend puts back a name or a default that newer libraries took away, or replaces a function.

Two mends are needed before TensorFlow is imported, and are applied by the packages themselves: keras_2 by `detection`,
generated_protos by `detection.odapi`. The others are applied by `detection.odapi.model`, before any of its modules.
"""

import functools


@functools.cache
def apply() -> None:
  """Applies every mend that the installed versions need, once. Imports TensorFlow."""
  from detection.odapi.compat import (
    autoaugment,
    center_net_mobilenet,
    control_flow,
    equalization_loss,
    estimator,
    keras_resnet,
    no_tensorflow_io,
    numpy_aliases,
    pillow_getsize,
    preprocessor_selector,
    rmsprop_decay,
  )

  # The first three let modules of the OD API be imported, which those below do.
  mends = (
    estimator,
    no_tensorflow_io,
    control_flow,
    numpy_aliases,
    pillow_getsize,
    keras_resnet,
    center_net_mobilenet,
    equalization_loss,
    rmsprop_decay,
    preprocessor_selector,
    autoaugment,
  )
  for mend in mends:
    if mend.VERSIONS.installed():
      mend.apply()
