"""SavedModels that are none of Keras. Whole ones: test_keras_h5.py."""

import pytest
import tensorflow as tf

from detection.base.errors import ConfigError
from detection.odapi.weights import keras_saved_model


def test_a_folder_without_variables_is_refused(tmp_path):
  with pytest.raises(ConfigError, match='not a SavedModel of Keras'):
    keras_saved_model.read(str(tmp_path), 'net')


def test_variables_without_names_of_layers_are_refused(tmp_path):
  module = tf.Module()
  module.kernel = tf.Variable([1.0], name='kernel')
  tf.saved_model.save(module, str(tmp_path))
  with pytest.raises(ConfigError, match='have no names of layers'):
    keras_saved_model.read(str(tmp_path), 'net')
