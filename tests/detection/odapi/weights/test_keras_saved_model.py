"""SavedModels of Keras, of a few layers as saving a whole network takes a minute, and others."""

import numpy as np
import pytest
import tensorflow as tf

from detection.base.errors import ConfigError
from detection.odapi.weights import keras_saved_model, read


def test_every_variable_is_found_by_its_layer_in_a_nested_model_too(tmp_path):
  inner = tf.keras.Sequential(
    [
      tf.keras.layers.Conv2D(4, 3, name='Conv1', use_bias=False),
      tf.keras.layers.BatchNormalization(name='bn_Conv1'),
      tf.keras.layers.DepthwiseConv2D(3, name='expanded_conv_depthwise'),
    ]
  )
  tf.keras.Sequential([tf.keras.Input((8, 8, 3)), inner, tf.keras.layers.Flatten()]).save(str(tmp_path / 'net'))
  assert read.is_keras(str(tmp_path / 'net'))
  found = {layer.name: layer.arrays for layer in read.read(str(tmp_path / 'net')).layers}
  assert set(found['bn_Conv1']) == {'gamma', 'beta', 'moving_mean', 'moving_variance'}
  assert set(found['expanded_conv_depthwise']) == {'kernel', 'bias'}
  np.testing.assert_array_equal(found['Conv1']['kernel'], inner.get_layer('Conv1').kernel.numpy())


def test_a_folder_without_variables_is_refused(tmp_path):
  with pytest.raises(ConfigError, match='not a SavedModel of Keras'):
    keras_saved_model.read(str(tmp_path), 'net')


def test_variables_without_names_of_layers_are_refused(tmp_path):
  module = tf.Module()
  module.kernel = tf.Variable([1.0], name='kernel')
  tf.saved_model.save(module, str(tmp_path))
  with pytest.raises(ConfigError, match='have no names of layers'):
    keras_saved_model.read(str(tmp_path), 'net')
