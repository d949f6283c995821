"""Networks of tf.keras.applications with random weights, in files as Keras 2, Keras 3 and TF-Slim write them."""

import json
import re
import zipfile

import h5py
import numpy as np
import tensorflow as tf

from detection.odapi import networks
from detection.odapi.weights import keras_config, targets
from tests.support import photographs

_APPLICATIONS = tf.keras.applications
_MODULES = (  # the first whose name a network's begins with
  ('MobileNetV2', _APPLICATIONS.mobilenet_v2),
  ('MobileNet', _APPLICATIONS.mobilenet),
  ('InceptionResNetV2', _APPLICATIONS.inception_resnet_v2),
  ('EfficientNet', _APPLICATIONS.efficientnet),
  *((f'ResNet{depth}V2', _APPLICATIONS.resnet_v2) for depth in (50, 101, 152)),
  ('ResNet', _APPLICATIONS.resnet),
)


def random_network(name, multiplier=1.0, seed=0):
  """Without its classifier. Its batch norms normalize photographs, so that its features depend on the image."""
  tf.keras.utils.set_random_seed(seed)
  network = targets.keras_network(name, multiplier)
  generator = np.random.default_rng(seed)
  for variable in network.variables:
    role = variable.name.split(':')[0].split('/')[-1]
    if role in ('beta', 'bias'):
      variable.assign(generator.normal(0, 0.1, variable.shape))
    elif role == 'gamma':
      variable.assign(generator.uniform(0.7, 1.4, variable.shape))
    elif role == 'mean':
      variable.assign(np.reshape(networks.IMAGENET_MEAN, variable.shape))
    elif role == 'variance':
      variable.assign(np.reshape(np.square(networks.IMAGENET_STD), variable.shape))
  targets.finalize(network)
  _settle_batch_norms(name, network)
  return network


def preprocessed(name, images):
  """Images of 0..255 as a network of this name is trained on them."""
  module = next(module for start, module in _MODULES if name.startswith(start))
  return module.preprocess_input(images.copy())


def _settle_batch_norms(name, network):
  """Sets moving averages to what the images of one batch give."""
  for layer in network.layers:
    if isinstance(layer, tf.keras.layers.BatchNormalization):
      layer.momentum = 0.0
    if isinstance(layer, tf.keras.layers.Dropout):
      layer.rate = 0.0
  network(preprocessed(name, photographs.batch(96)), training=True)


def with_top(network, nested):
  """As people train it: three classes on top, around the network or on its last layer."""
  if nested:
    return tf.keras.Sequential([network, tf.keras.layers.GlobalAveragePooling2D(), tf.keras.layers.Dense(3)])
  pooled = tf.keras.layers.GlobalAveragePooling2D()(network.output)
  return tf.keras.Model(network.input, tf.keras.layers.Dense(3, name='predictions')(pooled))


def keras2_h5(model, path):
  model.save(path, save_format='h5')


def keras2_weights_h5(model, path):
  """The layout by names: what Keras 2 up to 2.11 writes, and all published files have."""
  model.save_weights(path, save_format='h5')


def keras2_by_class(model, path):
  """`.weights.h5` of Keras 2.12 to 2.15, with no names of layers in it."""
  model.save_weights(path)


def keras2_archive(model, path):
  model.save(path, save_format='keras')


def saved_model(model, path):
  model.save(path, save_format='tf')


def keras3_h5(model, path):
  """As keras.src.legacy.saving.legacy_h5_format of Keras 3.11."""
  with h5py.File(path, 'w') as file:
    file.attrs['keras_version'] = '3.11.3'
    file.attrs['model_config'] = model.to_json()
    root = file.create_group('model_weights')
    root.attrs['layer_names'] = [layer.name.encode() for layer in model.layers]
    for layer in model.layers:
      group = root.create_group(layer.name)
      weights = layer.trainable_weights + layer.non_trainable_weights
      names = [weight.name.split(':')[0].replace('depthwise_kernel', 'kernel') for weight in weights]
      group.attrs['weight_names'] = [name.encode() for name in names]
      for name, weight in zip(names, weights, strict=True):
        group.create_dataset(name, data=weight.numpy())
    file.create_group('optimizer_weights').attrs['weight_names'] = [b'adam/iteration']


def keras3_weights_h5(model, path):
  """As keras.src.saving.saving_lib of Keras 3.11: by class, with the layer's name at `vars`."""
  with h5py.File(path, 'w') as file:
    _by_class(model, file)


def keras3_archive(model, path):
  weights = f'{path}.part'
  keras3_weights_h5(model, weights)
  with zipfile.ZipFile(path, 'w') as archive:
    archive.writestr('metadata.json', json.dumps({'keras_version': '3.11.3'}))
    archive.writestr('config.json', model.to_json())
    archive.write(weights, 'model.weights.h5')


def _by_class(model, file, above=''):
  counts = {}
  for layer in model.layers:
    base = keras_config.snake_case(type(layer).__name__)
    number = counts[base] = counts.get(base, -1) + 1
    path = f'{above}layers/{base}_{number}' if number else f'{above}layers/{base}'
    variables = file.create_group(path).create_group('vars')
    variables.attrs['name'] = layer.name
    if isinstance(layer, tf.keras.Model):
      _by_class(layer, file, f'{path}/')
    else:
      for place, weight in enumerate(layer.weights):
        variables[str(place)] = weight.numpy()


KERAS_FILES = {
  'keras 2 .h5': (keras2_h5, 'model.h5'),
  'keras 2 weights': (keras2_weights_h5, 'weights.h5'),
  'keras 2 .weights.h5': (keras2_by_class, 'model.weights.h5'),
  'keras 2 .keras': (keras2_archive, 'model.keras'),
  'SavedModel': (saved_model, 'saved'),
  'keras 3 .h5': (keras3_h5, 'model3.h5'),
  'keras 3 .weights.h5': (keras3_weights_h5, 'model3.weights.h5'),
  'keras 3 .keras': (keras3_archive, 'model3.keras'),
}
"""{kind: (writer of (model, path), file name)}."""

_SLIM = (
  (r'conv1_bn|conv1', 'MobilenetV1/Conv2d_0'),
  (r'conv_dw_(\d+)(?:_bn)?', r'MobilenetV1/Conv2d_\1_depthwise'),
  (r'conv_pw_(\d+)(?:_bn)?', r'MobilenetV1/Conv2d_\1_pointwise'),
  (r'Conv1|bn_Conv1', 'MobilenetV2/Conv'),
  (r'Conv_1(?:_bn)?', 'MobilenetV2/Conv_1'),
  (r'expanded_conv_(\w+?)(?:_BN)?', r'MobilenetV2/expanded_conv/\1'),
  (r'block_(\d+)_(\w+?)(?:_BN)?', r'MobilenetV2/expanded_conv_\1/\2'),
  (r'conv1_conv|conv1_bn', 'resnet_v1_50/conv1'),
  (r'conv(\d)_block(\d+)_0_\w+', r'resnet_v1_50/block{\1}/unit_\2/bottleneck_v1/shortcut'),
  (r'conv(\d)_block(\d+)_(\d)_\w+', r'resnet_v1_50/block{\1}/unit_\2/bottleneck_v1/conv\3'),
)
_SLIM_WEIGHTS = {'kernel': 'weights', 'depthwise_kernel': 'depthwise_weights', 'bias': 'biases'}


def slim_checkpoint(network, prefix, scope='', one_file=False):
  """A TF 1 checkpoint of a MobileNet or ResNet v1, by TF-Slim's names.

  Args:
    network: of Keras.
    prefix: of the files.
    scope: before every name: `FeatureExtractor/` in the TF 1 detection zoo.
    one_file: in the older format.
  """
  resnet = any(layer.name == 'conv1_conv' for layer in network.layers)
  values = {}
  for layer in network.layers:
    for weight in layer.weights:
      role = weight.name.split(':')[0].split('/')[-1]
      normalized = role in ('gamma', 'beta', 'moving_mean', 'moving_variance')
      name = f'{_slim_scope(layer.name, resnet)}{"/BatchNorm" if normalized else ""}/{_SLIM_WEIGHTS.get(role, role)}'
      values[f'{scope}{name}'] = weight.numpy()
  values['global_step'] = np.int64(7)
  write_tf1(values, prefix, one_file)


def write_tf1(values, prefix, one_file=False):
  """A checkpoint of TF 1 with these variables."""
  with tf.Graph().as_default(), tf.compat.v1.Session() as session:
    variables = [tf.compat.v1.get_variable(name, initializer=value) for name, value in values.items()]
    session.run(tf.compat.v1.global_variables_initializer())
    version = tf.compat.v1.train.SaverDef.V1 if one_file else tf.compat.v1.train.SaverDef.V2
    saver = tf.compat.v1.train.Saver(variables, write_version=version)
    saver.save(session, prefix, write_meta_graph=False, write_state=False)


def _slim_scope(name, resnet):
  for pattern, scope in _SLIM[7:] if resnet else _SLIM[:7]:
    match = re.fullmatch(pattern, name)
    if match:
      return re.sub(r'\{(\d)\}', lambda number: str(int(number[1]) - 1), match.expand(scope))
  raise ValueError(name)
