"""Backbones as functions from crops to feature vectors."""

import numpy as np
import pytest
import tensorflow as tf

from detection.base.errors import ConfigError, DataError
from detection.crops import features


def test_feature_maps_are_averaged_over_their_places_and_concatenated():
  maps = [tf.constant(np.arange(8.0).reshape(1, 2, 2, 2)), tf.fill([1, 3, 1, 1], 7)]
  assert features.pooled(maps).numpy().tolist() == [[3, 4, 7]]


def test_a_saved_backbone_keeps_its_function_and_its_size(tmp_path, mean_colour):
  module = tf.Module()
  module.backbone = mean_colour
  tf.saved_model.save(module, str(tmp_path))
  loaded = tf.saved_model.load(str(tmp_path)).backbone
  assert int(loaded.size) == 16
  assert loaded.embed(tf.fill([2, 16, 16, 3], 9.0)).numpy().tolist() == [[9, 9, 9]] * 2


@pytest.mark.slow
def test_a_network_of_keras_with_weights_from_a_file(tmp_path):
  weights = str(tmp_path / 'weights.h5')
  tf.keras.applications.MobileNetV2(include_top=False, weights=None, input_shape=(32, 32, 3)).save_weights(weights)
  found = features.from_keras('MobileNetV2', weights, 32)
  assert found.embed(tf.zeros([2, 32, 32, 3])).shape == (2, 1280)


def test_keras_networks_that_do_not_exist_or_weights_that_do_not_fit_are_one_line(tmp_path):
  with pytest.raises(ConfigError, match=r'"MobileNetV9": no network of tf.keras.applications. Expected one of .*VGG16'):
    features.from_keras('MobileNetV9', 'unread')
  (tmp_path / 'weights.h5').write_bytes(b'no weights')
  for path in (tmp_path / 'weights.h5', tmp_path / 'nowhere.h5'):
    with pytest.raises(DataError, match=r'not the weights of MobileNetV2 without its top') as caught:
      features.from_keras('MobileNetV2', str(path), 32)
    assert '\n' not in str(caught.value)
