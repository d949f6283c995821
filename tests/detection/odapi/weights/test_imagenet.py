"""Published weights: from Keras's cache, or fetched by Keras; here Keras never reaches the network."""

import importlib

import pytest
import tensorflow as tf

from detection.base.errors import ConfigError
from detection.odapi.networks import NETWORKS
from detection.odapi.weights import imagenet

V2 = NETWORKS['MobileNetV2']
FILE = 'mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_224_no_top.h5'


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
  monkeypatch.setenv('HOME', str(tmp_path / 'home'))
  monkeypatch.setenv('KERAS_HOME', str(tmp_path / 'keras'))
  return tmp_path


@pytest.mark.parametrize('folder', ['keras', 'home/.keras'])
def test_a_file_in_the_cache_is_taken(home, folder):
  place = home / folder / 'models' / FILE
  place.parent.mkdir(parents=True)
  place.touch()
  assert imagenet.path(V2, 0.35) == str(place)


def test_offline_the_file_and_its_place_are_named(home, monkeypatch):
  def offline(**_):
    raise Exception('URL fetch failure on https://far')

  monkeypatch.setattr(tf.keras.applications, 'MobileNetV2', offline)
  with pytest.raises(ConfigError) as caught:
    imagenet.path(V2, 0.35)
  assert FILE in str(caught.value)
  assert f'Put the file at {home}/keras/models/{FILE}.' in str(caught.value)
  assert '\n' not in str(caught.value)


def test_keras_fetches_what_is_not_there(home, monkeypatch):
  place = home / 'home/.keras/models' / FILE

  def fetch(weights, include_top, alpha, input_shape):
    assert (weights, include_top, alpha) == ('imagenet', False, 0.35)
    place.parent.mkdir(parents=True)
    place.touch()

  monkeypatch.setattr(tf.keras.applications, 'MobileNetV2', fetch)
  assert imagenet.path(V2, 0.35) == str(place)


def test_a_multiplier_of_which_nothing_is_published_is_refused():
  with pytest.raises(ConfigError, match=r'MobileNetV2 with depth multiplier 0\.6 are published\. Expected 0\.35, 0\.5'):
    imagenet.file_name(V2, 0.6)


@pytest.mark.slow
# One network a kind of file name, in one width: Keras builds each before it asks.
@pytest.mark.parametrize(
  ('network', 'multiplier'), [('MobileNet', 0.25), ('MobileNetV2', 0.35), ('ResNet50V2', 1.0), ('EfficientNetB0', 1.0)]
)
def test_the_name_is_the_one_that_keras_asks_for(network, multiplier, monkeypatch):
  keras = tf.keras.layers.Layer.__module__.partition('.')[0]  # keras, or tf_keras
  data_utils = importlib.import_module(f'{keras}.src.utils.data_utils')

  def note(name, *_, **__):
    asked.append(name)
    raise Exception('offline')

  asked = []
  monkeypatch.setattr(data_utils, 'get_file', note)
  with pytest.raises(ConfigError):
    imagenet.path(NETWORKS[network], multiplier)
  assert asked == [NETWORKS[network].files[multiplier]]
