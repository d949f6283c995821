"""Which devices train: one, several on this machine, or several machines."""

from __future__ import annotations

import json
import os

import tensorflow as tf

from detection.base.errors import ConfigError


def choose_strategy() -> tf.distribute.Strategy | None:
  """The distribution strategy that fits what is there.

  Returns:
    MultiWorkerMirroredStrategy when TF_CONFIG names more than one worker, MirroredStrategy for several GPUs, None for
    one device: no strategy costs nothing.

  Raises:
    ConfigError: if TF_CONFIG is not what TensorFlow defines.
  """
  if node()[1] > 1:
    return tf.distribute.MultiWorkerMirroredStrategy()
  if len(tf.config.list_physical_devices('GPU')) > 1:
    return tf.distribute.MirroredStrategy()
  return None


def is_chief(strategy: tf.distribute.Strategy | None) -> bool:
  """Whether this process writes checkpoints, logs and the model; exactly one of several workers does."""
  return strategy is None or strategy.extended.should_checkpoint


def node() -> tuple[int, int]:
  """Which machine of a job this is, and of how many: (0, 1) unless TF_CONFIG says otherwise. The chief is number 0.

  Raises:
    ConfigError: if TF_CONFIG is not what TensorFlow defines.
  """
  text = os.environ.get('TF_CONFIG', '')
  if not text:
    return 0, 1
  try:
    found = json.loads(text)
    cluster, task = found.get('cluster', {}), found.get('task', {})
    chiefs, workers = (len(cluster.get(role, [])) for role in ('chief', 'worker'))
    number = int(task.get('index', 0)) + (chiefs if task.get('type') == 'worker' else 0)
  except (ValueError, AttributeError, TypeError) as error:
    raise ConfigError(f'TF_CONFIG: not the JSON that TensorFlow defines: {error}.') from error
  return number, max(chiefs + workers, 1)
