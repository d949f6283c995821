"""Keras 2, which the OD API's layers are written for, also where `tf.keras` would be Keras 3.

The package tf_keras holds Keras 2. TensorFlow reads the choice when tf.keras is first used, which TFX does as it is
imported: so `detection`, which every floor imports first, applies this.
"""

import os

from detection.odapi.compat.versions import Versions

VERSIONS = Versions('tensorflow', since='2.16')


def apply() -> None:
  os.environ.setdefault('TF_USE_LEGACY_KERAS', '1')
