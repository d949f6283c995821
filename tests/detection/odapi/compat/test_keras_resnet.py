import tensorflow as tf

from detection.odapi import compat


def test_center_nets_resnet_18_is_built_of_tensorflows_own_layers():
  compat.apply()
  from object_detection.models.keras_models import resnet_v1

  model = resnet_v1.resnet_v1_18(include_top=False, weights=None, input_shape=(32, 32, 3))
  assert isinstance(model, tf.keras.Model)
  assert model.output_shape == (None, 1, 1, 512)
