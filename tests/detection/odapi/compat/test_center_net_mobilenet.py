import pytest
import tensorflow as tf

from detection.odapi import compat


@pytest.mark.slow
def test_no_weights_are_fetched(monkeypatch):
  compat.apply()
  from object_detection.models.keras_models import mobilenet_v2

  def no_network(*args, **kwargs):
    raise AssertionError(f'fetches {args} {kwargs}')

  monkeypatch.setattr(f'{tf.keras.applications.MobileNetV2.__module__}.data_utils.get_file', no_network)
  model = mobilenet_v2.mobilenet_v2(True, weights='imagenet', include_top=False, input_shape=(32, 32, 3))
  assert len(model.layers) > 100
