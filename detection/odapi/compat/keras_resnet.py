"""CenterNet's ResNet-v1-18/34 subclass what Keras 2.13 and later do not show under keras.applications.resnet.

The OD API's resnet_v1 also imports `keras` by name, which beside TF 2.16 and later is Keras 3: its layers are none of
tf.keras's. It gets the module of the Keras that tf.keras is.
"""

import importlib

import tensorflow as tf

from detection.odapi.compat.versions import Versions

VERSIONS = Versions('tensorflow', since='2.13')


def apply() -> None:
  keras = tf.keras.layers.Layer.__module__.partition('.')[0]  # keras, or tf_keras
  source = importlib.import_module(f'{keras}.src.applications.resnet')
  from object_detection.models.keras_models import resnet_v1

  if resnet_v1.resnet.__name__.partition('.')[0] != keras:
    resnet_v1.resnet = source
  for module in (resnet_v1.resnet, tf.keras.applications.resnet, tf.compat.v1.keras.applications.resnet):
    if not hasattr(module, 'ResNet'):
      module.ResNet = source.ResNet
