"""The features of a detector's backbone are those of the Keras network whose weights it took, to 1e-4."""

import functools

import numpy as np
import pytest
import tensorflow as tf

from detection.base.errors import ConfigError
from detection.odapi import networks
from detection.odapi.weights import adapt, fit, targets
from detection.odapi.weights.layers import Layer, SavedNetwork
from tests.support import backbone_features, keras_networks, slim_checkpoints

# Every family once, in its smallest form that a detector has; all forms: python -m benchmarks.backbone_features.
# On other sizes the OD API's ResNet pools with its grid a pixel beside that of Keras.
RESNET_SIZE = 97


@pytest.fixture(scope='module')
def compared():
  """compared(...): of one network and one detector each, built once."""
  return functools.cache(
    lambda name, multiplier, base, extractor: (
      keras_networks.random_network(name, multiplier),
      backbone_features.Detector(backbone_features.config_of(base, extractor)),
    )
  )


@pytest.mark.slow
@pytest.mark.parametrize(
  ('kind', 'name', 'multiplier', 'base', 'extractor', 'layer', 'size'),
  [
    ('keras 3 .keras', 'MobileNetV2', 0.35, 'ssd_mobilenet_v2_fpnlite_cpu_160', '', 'Conv_1_bn', 96),
    ('slim', 'MobileNetV2', 0.35, 'ssd_mobilenet_v2_fpnlite_cpu_160', '', 'Conv_1_bn', 96),
    ('slim', 'ResNet50', 1.0, 'ssd_resnet50_v1_fpn_640', '', 'conv5_block3_out', RESNET_SIZE),
    ('keras 3 .h5', 'ResNet50', 1.0, 'centernet_resnet50_v2_512', 'resnet_v1_50_fpn', 'conv5_block3_out', RESNET_SIZE),
    ('keras 2 weights', 'ResNet50V2', 1.0, 'centernet_resnet50_v2_512', '', 'post_relu', 96),
    ('keras 2 weights', 'EfficientNetB0', 1.0, 'efficientdet_d0_512', '', 'top_bn', 96),
  ],
)
def test_features_are_the_keras_networks_own(kind, name, multiplier, base, extractor, layer, size, compared, tmp_path):
  network, detector = compared(name, multiplier, base, extractor)
  if kind == 'slim':
    path = tmp_path / 'model.ckpt'
    slim_checkpoints.write(network, str(path))
  else:
    write, file_name = keras_networks.KERAS_FILES[kind]
    path = tmp_path / file_name
    write(network, path)
  assert backbone_features.compare(network, name, detector, path, layer, size, kind == 'slim') < 1e-4


@pytest.fixture
def one_layer():
  """A convolution with batch norm: (Match, target variables) of changed files."""

  def make(name, arrays, norm, slim=False, here=1e-3):
    kernel = targets.Target(f'{name}_conv', {'kernel': tf.Variable(np.zeros((1, 1, 3, 2)))}, 0.0)
    values = {'beta': np.zeros(2), 'moving_mean': np.zeros(2), 'moving_variance': np.ones(2), **norm}
    target = targets.Target(f'{name}_bn', {role: tf.Variable(values[role]) for role in norm or values}, here)
    layers = [Layer(f'{name}_conv', '', arrays), Layer(f'{name}_bn', '', values)]
    saved = SavedNetwork('net.h5', layers, slim=slim)
    pairs = list(zip([kernel, target], layers, strict=True))
    return fit.Match(networks.NETWORKS['ResNet50'], saved, pairs, {layer.name: layer for layer in layers}, [])

  return make


def values_of(adapted):
  return [value for _, value in adapted.values]


def test_a_bias_without_a_place_goes_into_the_moving_mean_of_the_batch_norm(one_layer):
  arrays = {'kernel': np.ones((1, 1, 3, 2)), 'bias': np.array([1.0, -2.0])}
  match = one_layer('conv1', arrays, {'moving_mean': np.array([5.0, 5.0]), 'moving_variance': np.ones(2)})
  adapted = adapt.values(match, bgr=True)
  assert values_of(adapted)[1].tolist() == [4.0, 7.0]
  assert adapted.notes == ['the biases of 1 convolutions moved into the moving means of their batch norms']


def test_channels_are_reversed_where_the_weights_saw_the_other_order(one_layer):
  kernel = np.arange(6.0).reshape(1, 1, 3, 2)
  norm = {'moving_mean': np.zeros(2), 'moving_variance': np.ones(2)}
  reversed_kernel = kernel[:, :, ::-1]
  for slim, bgr, expected in [(False, False, reversed_kernel), (False, True, kernel), (True, True, reversed_kernel)]:
    found = values_of(adapt.values(one_layer('conv1', {'kernel': kernel}, norm, slim), bgr))[0]
    np.testing.assert_array_equal(found, expected)


def test_a_gamma_without_a_place_is_refused(one_layer):
  match = one_layer('conv1', {'kernel': np.ones((1, 1, 3, 2))}, {'moving_variance': np.ones(2)})
  match.named['conv1_bn'].arrays['gamma'] = np.full(2, 3.0)
  with pytest.raises(ConfigError, match=r'conv1_bn has a gamma in the file, and none here. Set batch_norm.scale: true'):
    adapt.values(match, bgr=True)


def test_efficientnets_published_weights_keep_deviations_in_place_of_variances():
  mean, std = networks.IMAGENET_MEAN, np.asarray(networks.IMAGENET_STD)
  published = {'mean': np.asarray(mean), 'variance': std}
  variances = {**published, 'variance': std**2}
  for arrays, scale in ((published, None), (published, 1 / np.sqrt(std)), (variances, [1.0] * 3)):
    np.testing.assert_allclose(adapt._normalization(arrays, scale)[1], std)
