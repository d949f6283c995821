"""Which devices train: one, several on this machine, or several machines."""

from __future__ import annotations

import json
import os

import tensorflow as tf

from components.errors import ConfigError


def choose_strategy() -> tf.distribute.Strategy | None:
  """The distribution strategy that fits what is there.

  Returns:
    MultiWorkerMirroredStrategy when TF_CONFIG names more than one worker, MirroredStrategy for several GPUs, None for
    one device: no strategy costs nothing.

  Raises:
    ConfigError: if TF_CONFIG is not what TensorFlow defines.
  """
  if _workers(os.environ.get('TF_CONFIG', '')) > 1:
    return tf.distribute.MultiWorkerMirroredStrategy()
  if len(tf.config.list_physical_devices('GPU')) > 1:
    return tf.distribute.MirroredStrategy()
  return None


def is_chief(strategy: tf.distribute.Strategy | None) -> bool:
  """Whether this process writes checkpoints, logs and the model; exactly one of several workers does."""
  return strategy is None or strategy.extended.should_checkpoint


def _workers(tf_config: str) -> int:
  if not tf_config:
    return 0
  try:
    cluster = json.loads(tf_config).get('cluster', {})
    return len(cluster.get('chief', [])) + len(cluster.get('worker', []))
  except (ValueError, AttributeError) as error:
    raise ConfigError(f'TF_CONFIG: not the JSON that TensorFlow defines: {error}.') from error
