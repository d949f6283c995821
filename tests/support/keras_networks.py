"""Networks of tf.keras.applications with random weights, in files as Keras 2 and Keras 3 write them."""

import functools
import json
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
# What a block of a ResNet v1 adds is small in trained networks. Otherwise a hundred layers amplify rounding.
_END_OF_BLOCK = 0.2


@functools.lru_cache(maxsize=3)  # tests of several files take the same ones, and change none
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
    if '_3_bn/gamma' in variable.name:
      variable.assign(_END_OF_BLOCK * variable)
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
