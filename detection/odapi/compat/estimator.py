"""The OD API's model_lib and inputs import tf.estimator by name, which TF 2.16 took away. Nothing of it is used."""

import types

import tensorflow as tf

from detection.odapi.compat.versions import Versions

VERSIONS = Versions('tensorflow', since='2.16')


def apply() -> None:
  modes = types.SimpleNamespace(TRAIN='train', EVAL='eval', PREDICT='infer')
  tf.compat.v1.estimator = types.SimpleNamespace(ModeKeys=modes)
