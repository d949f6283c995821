"""The features of a detector's backbone are those of the Keras network whose weights it took, to 1e-4."""

import numpy as np
import pytest
import tensorflow as tf
from object_detection.models.keras_models import inception_resnet_v2

from detection.base.errors import ConfigError
from detection.odapi import backbones, networks
from detection.odapi.config import config_io
from detection.odapi.model import backbone_weights
from detection.odapi.weights import adapt, fit, read, targets
from detection.odapi.weights.layers import Layer, SavedNetwork
from detection.pipeline_config import builtin_bases
from tests.support import keras_networks, photographs

# On other sizes the OD API's ResNet pools with its grid half a pixel beside that of Keras.
RESNET_SIZE = 97


def config_of(base, **fields):
  config = config_io.parse(builtin_bases.text(base), base)
  body = getattr(config.model, config.model.WhichOneof('model'))
  for field, value in fields.items():
    setattr(body.feature_extractor, field, value)
  backbones.take_published_weights(config)
  return config


def restored(config, path):
  """(extractor, backbone) with the weights of a file."""
  own = backbones.of(config)
  model = backbone_weights.built(config)
  backbone = backbone_weights.backbone(model)
  match = fit.match(read.read(str(path)), own.network, targets.of(backbone))
  adapted = adapt.values(match, own.bgr)
  for variable, value in adapted.values:
    variable.assign(value)
  assert len(adapted.values) == sum(len(target.variables) for target in targets.of(backbone))
  return model._feature_extractor, backbone


def features(network, layer, images):
  """The output of one layer, for images as the network takes them."""
  return tf.keras.Model(network.inputs, network.get_layer(layer).output)(images, training=False).numpy()


def assert_same_features(keras, config, path, layer, size=96):
  images = photographs.batch(size)
  extractor, backbone = restored(config, path)
  name = backbones.of(config).network.name
  theirs = features(keras, layer, keras_networks.preprocessed(name, images))
  ours = features(backbone, layer, extractor.preprocess(tf.constant(images)))
  theirs = theirs[..., : ours.shape[-1]]
  assert np.abs(theirs[0] - theirs[1]).max() > 0.1 * np.abs(theirs).max()  # they depend on the image
  np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4 * np.abs(theirs).max())


@pytest.fixture(scope='module')
def narrow():
  """MobileNetV2 of depth multiplier 0.35."""
  return keras_networks.random_network('MobileNetV2', 0.35)


@pytest.mark.slow
def test_mobilenet_v2_of_every_layer_up_to_the_last(narrow, tmp_path):
  config = config_of('ssd_mobilenet_v2_fpnlite_cpu_160')
  keras_networks.keras3_archive(narrow, tmp_path / 'narrow.keras')
  assert_same_features(narrow, config, tmp_path / 'narrow.keras', 'Conv_1_bn')


@pytest.mark.slow
@pytest.mark.parametrize(
  ('base', 'network', 'layer', 'size', 'extractor'),
  [
    ('centernet_mobilenet_v2_fpn_512', 'MobileNetV2', 'out_relu', 96, ''),
    ('ssd_mobilenet_v2_320', 'MobileNet', 'conv_pw_13_relu', 96, 'ssd_mobilenet_v1_keras'),
    ('ssd_resnet50_v1_fpn_640', 'ResNet50', 'conv5_block3_out', RESNET_SIZE, ''),
    ('faster_rcnn_resnet50_v1_640', 'ResNet50', 'conv5_block3_out', RESNET_SIZE, ''),
    ('faster_rcnn_resnet101_v1_640', 'ResNet101', 'conv5_block3_out', RESNET_SIZE, ''),
    ('centernet_resnet50_v2_512', 'ResNet50V2', 'post_relu', 96, ''),
    ('centernet_resnet50_v2_512', 'ResNet50', 'conv5_block3_out', 96, 'resnet_v1_50_fpn'),
    ('efficientdet_d0_512', 'EfficientNetB0', 'top_bn', 96, ''),
    ('efficientdet_d1_640', 'EfficientNetB1', 'top_bn', 96, ''),
    ('efficientdet_d2_768', 'EfficientNetB2', 'top_bn', 96, ''),
  ],
)
def test_features_are_the_keras_networks_own(base, network, layer, size, extractor, tmp_path):
  keras = keras_networks.random_network(network)
  path = tmp_path / 'network.h5'
  keras_networks.keras2_weights_h5(keras, path)
  fields = {'type': extractor} if extractor else {}
  assert_same_features(keras, config_of(base, **fields), path, layer, size)


@pytest.mark.slow
def test_inception_resnet_is_the_same_where_it_pads_as_keras_does(tmp_path):
  keras = keras_networks.random_network('InceptionResNetV2')
  keras_networks.keras2_weights_h5(keras, tmp_path / 'net.h5')
  # The detector's own pads otherwise, so that its feature maps are aligned with the image.
  backbone = inception_resnet_v2.inception_resnet_v2(False, align_feature_maps=False, weights=None, include_top=False)
  match = fit.match(read.read(str(tmp_path / 'net.h5')), networks.NETWORKS['InceptionResNetV2'], targets.of(backbone))
  for variable, value in adapt.values(match, bgr=False).values:
    variable.assign(value)
  images = keras_networks.preprocessed('InceptionResNetV2', photographs.batch(139))
  theirs, ours = (features(network, 'conv_7b_bn', images) for network in (keras, backbone))
  np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4 * np.abs(theirs).max())


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
