"""tf_slim's decoder calls control_flow_ops.case; TensorFlow moved these names away from 2.13 on."""

import tensorflow as tf
from tensorflow.python.ops import control_flow_ops

from detection.odapi.compat.versions import Versions

VERSIONS = Versions('tensorflow', since='2.13')


def apply() -> None:
  for name in ('case', 'cond', 'while_loop'):
    if not hasattr(control_flow_ops, name):
      setattr(control_flow_ops, name, getattr(tf.compat.v1, name))
