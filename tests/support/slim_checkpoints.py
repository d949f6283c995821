"""Checkpoints of TF 1 as TF-Slim writes them, of networks of tf.keras.applications."""

import re

import numpy as np
import tensorflow as tf

from detection.odapi import networks

# Names that Keras gives to a convolution and to the batch norm after it: slim's scope of both.
_SCOPES = (
  (r'conv1_conv|conv1_bn', 'resnet_v1_{depth}/conv1'),
  (r'conv(\d)_block(\d+)_0_\w+', r'resnet_v1_{depth}/block{\1}/unit_\2/bottleneck_v1/shortcut'),
  (r'conv(\d)_block(\d+)_(\d)_\w+', r'resnet_v1_{depth}/block{\1}/unit_\2/bottleneck_v1/conv\3'),
  (r'conv1_bn|conv1', 'MobilenetV1/Conv2d_0'),
  (r'conv_dw_(\d+)(?:_bn)?', r'MobilenetV1/Conv2d_\1_depthwise'),
  (r'conv_pw_(\d+)(?:_bn)?', r'MobilenetV1/Conv2d_\1_pointwise'),
  (r'Conv1|bn_Conv1', 'MobilenetV2/Conv'),
  (r'Conv_1(?:_bn)?', 'MobilenetV2/Conv_1'),
  (r'expanded_conv_(\w+?)(?:_BN)?', r'MobilenetV2/expanded_conv/\1'),
  (r'block_(\d+)_(\w+?)(?:_BN)?', r'MobilenetV2/expanded_conv_\1/\2'),
  (r'conv_7b(?:_bn)?', 'InceptionResnetV2/Conv2d_7b_1x1'),
  (r'(block35_\d+)_conv', r'InceptionResnetV2/Repeat/\1/Conv2d_1x1'),
  (r'(block17_\d+)_conv', r'InceptionResnetV2/Repeat_1/\1/Conv2d_1x1'),
  (r'block8_10_conv', 'InceptionResnetV2/Block8/Conv2d_1x1'),
  (r'(block8_\d)_conv', r'InceptionResnetV2/Repeat_2/\1/Conv2d_1x1'),
)
# Of Inception-ResNet v2, the layers that Keras only numbers, in its order: (scope, how often, names in it).
_NUMBERED = (
  ('', 1, 'Conv2d_1a_3x3 Conv2d_2a_3x3 Conv2d_2b_3x3 Conv2d_3b_1x1 Conv2d_4a_3x3'),
  ('Mixed_5b/', 1, '0/Conv2d_1x1 1/Conv2d_0a_1x1 1/Conv2d_0b_5x5 2/Conv2d_0a_1x1 2/Conv2d_0b_3x3 2/Conv2d_0c_3x3 '
   '3/Conv2d_0b_1x1'),
  ('Repeat/block35_{}/', 10, '0/Conv2d_1x1 1/Conv2d_0a_1x1 1/Conv2d_0b_3x3 2/Conv2d_0a_1x1 2/Conv2d_0b_3x3 '
   '2/Conv2d_0c_3x3'),
  ('Mixed_6a/', 1, '0/Conv2d_1a_3x3 1/Conv2d_0a_1x1 1/Conv2d_0b_3x3 1/Conv2d_1a_3x3'),
  ('Repeat_1/block17_{}/', 20, '0/Conv2d_1x1 1/Conv2d_0a_1x1 1/Conv2d_0b_1x7 1/Conv2d_0c_7x1'),
  ('Mixed_7a/', 1, '0/Conv2d_0a_1x1 0/Conv2d_1a_3x3 1/Conv2d_0a_1x1 1/Conv2d_1a_3x3 2/Conv2d_0a_1x1 2/Conv2d_0b_3x3 '
   '2/Conv2d_1a_3x3'),
  ('Repeat_2/block8_{}/', 9, '0/Conv2d_1x1 1/Conv2d_0a_1x1 1/Conv2d_0b_1x3 1/Conv2d_0c_3x1'),
  ('Block8/', 1, '0/Conv2d_1x1 1/Conv2d_0a_1x1 1/Conv2d_0b_1x3 1/Conv2d_0c_3x1'),
)  # fmt: skip
_WEIGHTS = {'kernel': 'weights', 'depthwise_kernel': 'depthwise_weights', 'bias': 'biases'}
_NORMALIZED = ('gamma', 'beta', 'moving_mean', 'moving_variance')


def write(network, prefix, scope='', one_file=False):
  """A checkpoint of a MobileNet, a ResNet v1 or Inception-ResNet v2, by TF-Slim's names.

  Args:
    network: of Keras. Slim's ResNets have no biases before batch norms: they go into the moving means. Their epsilon,
      1e-5 in place of 1.001e-5, makes no difference here.
    prefix: of the files.
    scope: before every name: `FeatureExtractor/` in the TF 1 detection zoo.
    one_file: in the older format.
  """
  depth, numbered = _depth(network), networks.by_place(layer.name for layer in network.layers)
  values = {}
  for layer in network.layers:
    for weight in layer.weights:
      role, value = weight.name.split(':')[0].split('/')[-1], weight.numpy()
      if role == 'bias' and depth:
        continue
      if role == 'moving_mean' and depth:
        value = value - network.get_layer(f'{layer.name.removesuffix("_bn")}_conv').bias.numpy()
      norm = '/BatchNorm' if role in _NORMALIZED else ''
      name = f'{_scope(numbered.get(layer.name, layer.name), depth)}{norm}/{_WEIGHTS.get(role, role)}'
      values[f'{scope}{name}'] = value
  values['global_step'] = np.int64(7)
  write_variables(values, prefix, one_file)


def write_variables(values, prefix, one_file=False):
  """A checkpoint of TF 1 with these variables."""
  names, tensors = list(values), [tf.constant(value) for value in values.values()]
  if one_file:
    tf.raw_ops.Save(filename=prefix, tensor_names=names, data=tensors)
  else:
    tf.raw_ops.SaveV2(prefix=prefix, tensor_names=names, shape_and_slices=[''] * len(names), tensors=tensors)


def _depth(network):
  """Of a ResNet v1, in layers; None of another network."""
  names = {layer.name for layer in network.layers}
  deepest = {'conv4_block36_1_conv': 152, 'conv4_block23_1_conv': 101, 'conv4_block6_1_conv': 50}
  return next((depth for mark, depth in deepest.items() if mark in names and 'conv2_block1_3_bn' in names), None)


def _scope(name, depth):
  numbered = re.fullmatch(r'(?:conv2d|batch_normalization)_(\d+)', name)
  if numbered:
    return f'InceptionResnetV2/{_inception_scopes()[int(numbered[1])]}'
  for pattern, scope in _SCOPES if depth else _SCOPES[3:]:
    match = re.fullmatch(pattern, name)
    if match:
      filled = match.expand(scope).replace('{depth}', str(depth))
      return re.sub(r'\{(\d)\}', lambda number: str(int(number[1]) - 1), filled)
  raise ValueError(name)


def _inception_scopes():
  return [
    f'{scope.format(number)}{"Branch_" if scope else ""}{name}'
    for scope, times, names in _NUMBERED
    for number in range(1, times + 1)
    for name in names.split()
  ]
