"""Checkpoints of TF 1 by the names that slim and the TF 1 detection zoo gave."""

import re

import numpy as np
import pytest
import tensorflow as tf

from detection.base.errors import ConfigError
from detection.odapi import networks
from detection.odapi.weights import fit, read, targets, tf1_checkpoint
from tests.support import keras_networks, slim_checkpoints


@pytest.fixture(scope='module')
def network():
  return keras_networks.random_network('MobileNetV2', 0.35)


def assert_all_found(network, name, saved):
  match = fit.match(saved, networks.NETWORKS[name], targets.of(network))
  found = {(target.name, role) for target, layer in match.pairs for role in layer.arrays}
  assert found >= {(target.name, role) for target in targets.of(network) for role in target.variables}
  for target, layer in match.pairs:
    np.testing.assert_array_equal(layer.arrays[next(iter(layer.arrays))], target.variables[next(iter(layer.arrays))])
  return match


@pytest.mark.parametrize(('scope', 'one_file'), [('', False), ('FeatureExtractor/', True)])
def test_mobilenet_v2_of_slim_and_of_the_detection_zoo(network, scope, one_file, tmp_path):
  prefix = str(tmp_path / 'model.ckpt')
  slim_checkpoints.write(network, prefix, scope, one_file)
  assert read.is_network(prefix)
  saved = read.read(prefix)
  assert saved.slim
  match = assert_all_found(network, 'MobileNetV2', saved)
  assert list(match.unused) == ['global_step']


# Of ResNet v1: test_adapt.py. Of every network that slim has: python -m benchmarks.backbone_features.
def test_mobilenet_v1_of_the_detection_zoo(tmp_path):
  network = targets.keras_network('MobileNet', 0.25)
  slim_checkpoints.write(network, str(tmp_path / 'model.ckpt'), 'FeatureExtractor/')
  assert_all_found(network, 'MobileNet', read.read(str(tmp_path / 'model.ckpt')))


@pytest.mark.parametrize(
  ('scope', 'convolution', 'batch_norm'),
  [
    ('resnet_v1_101/block3/unit_23/bottleneck_v1/conv2', 'conv4_block23_2_conv', 'conv4_block23_2_bn'),
    ('resnet_v1_50/block1/unit_1/bottleneck_v1/shortcut', 'conv2_block1_0_conv', 'conv2_block1_0_bn'),
    ('resnet_v1_50/resnet_v1_50/conv1', 'conv1_conv', 'conv1_bn'),
    ('MobilenetV1/Conv2d_13_pointwise', 'conv_pw_13', 'conv_pw_13_bn'),
    ('InceptionResnetV2/Conv2d_7b_1x1', 'conv_7b', 'conv_7b_bn'),
  ],
)
def test_a_layer_has_the_name_that_keras_gives_it(scope, convolution, batch_norm, tmp_path):
  values = {f'{scope}/weights': np.zeros((1, 1, 2, 2), np.float32), f'{scope}/BatchNorm/beta': np.zeros(2, np.float32)}
  slim_checkpoints.write_variables(values, str(tmp_path / 'model.ckpt'))
  saved = tf1_checkpoint.read(str(tmp_path / 'model.ckpt'), 'model')
  assert {layer.name: list(layer.arrays) for layer in saved.layers} == {convolution: ['kernel'], batch_norm: ['beta']}


def test_inception_resnets_layers_are_numbered_in_the_order_of_keras():
  scopes = {
    f'InceptionResnetV2/{scope}'
    for scope in (
      'Conv2d_1a_3x3',
      'Mixed_5b/Branch_1/Conv2d_0a_1x1',
      'Mixed_5b/Branch_0/Conv2d_1x1',
      'Conv2d_2a_3x3',
      'Repeat/block35_10/Branch_0/Conv2d_1x1',
      'Repeat/block35_2/Branch_0/Conv2d_1x1',
      'Block8/Branch_0/Conv2d_1x1',
    )
  }
  numbers = tf1_checkpoint._inception_numbers(scopes)
  assert [re.sub('InceptionResnetV2/', '', scope) for scope in sorted(numbers, key=numbers.get)] == [
    'Conv2d_1a_3x3',
    'Conv2d_2a_3x3',
    'Mixed_5b/Branch_0/Conv2d_1x1',
    'Mixed_5b/Branch_1/Conv2d_0a_1x1',
    'Repeat/block35_2/Branch_0/Conv2d_1x1',
    'Repeat/block35_10/Branch_0/Conv2d_1x1',
    'Block8/Branch_0/Conv2d_1x1',
  ]


def test_an_unknown_network_is_refused_in_one_line(tmp_path):
  slim_checkpoints.write_variables({'vgg_16/conv1/weights': np.zeros(3, np.float32)}, str(tmp_path / 'vgg.ckpt'))
  with pytest.raises(ConfigError, match=r'vgg\.ckpt: a TF1 checkpoint of an unknown network \(vgg_16\)') as caught:
    read.read(str(tmp_path / 'vgg.ckpt'))
  assert '\n' not in str(caught.value)


def test_a_checkpoint_of_tf_2_is_left_to_others(tmp_path):
  prefix = tf.train.Checkpoint(x=tf.Variable(1.0)).save(str(tmp_path / 'ckpt'))
  assert not read.is_network(prefix)
  assert read.read(prefix) is None
