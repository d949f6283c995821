"""The features of a detector's backbone beside those of the Keras network whose weights it took."""

import numpy as np
import tensorflow as tf

from detection.odapi import backbones
from detection.odapi.config import config_io
from detection.odapi.model import backbone_weights
from detection.odapi.weights import adapt, fit, read, targets
from detection.pipeline_config import builtin_bases
from tests.support import keras_networks, photographs


def config_of(base, extractor=''):
  """The config of a built-in base, made fit for published weights; with another type of feature extractor if named."""
  config = config_io.parse(builtin_bases.text(base), base)
  body = getattr(config.model, config.model.WhichOneof('model'))
  if extractor:
    body.feature_extractor.type = extractor
  backbones.take_published_weights(config)
  return config


class Detector:
  """A detector whose backbone takes weights of one file after another.

  Attributes:
    config: that it was built from.
    backbone: the Keras model that is its backbone.
  """

  def __init__(self, config, backbone=None):
    self.config = config
    self._model = backbone_weights.built(config)
    self.backbone = backbone or backbone_weights.backbone(self._model)

  def restore(self, path):
    """Gives every variable of the backbone the value that the file has for it."""
    own, layers = backbones.of(self.config), targets.of(self.backbone)
    adapted = adapt.values(fit.match(read.read(str(path)), own.network, layers), own.bgr)
    for variable, value in adapted.values:
      variable.assign(value)
    assert len(adapted.values) == sum(len(target.variables) for target in layers)

  def features(self, layer, images):
    """What a layer gives for images of 0..255, preprocessed as the detector does it."""
    return _output(self.backbone, layer, self._model._feature_extractor.preprocess(tf.constant(images)))


def keras_features(network, name, layer, images, slim=False):
  """What a layer of a Keras network gives for images of 0..255, preprocessed as the network was trained; slim's ResNets
  saw red, green, blue."""
  seen = keras_networks.preprocessed(name, images)
  if slim and name.startswith('ResNet'):
    seen = seen[..., ::-1]
  return _output(network, layer, seen)


def difference(ours, theirs):
  """The largest difference of two features, as a part of the largest feature; of the channels that both have."""
  theirs = theirs[..., : ours.shape[-1]]
  highest = np.abs(theirs).max()
  assert np.abs(theirs[0] - theirs[1]).max() > 0.1 * highest, 'the features do not depend on the image'
  return float(np.abs(ours - theirs).max() / highest)


def compare(keras, name, detector, path, layer, size, slim=False):
  """`difference` of the detector's features, with the weights of a file, from those of the network that is in it."""
  images = photographs.batch(size)
  detector.restore(path)
  return difference(detector.features(layer, images), keras_features(keras, name, layer, images, slim))


def _output(network, layer, images):
  return tf.keras.Model(network.inputs, network.get_layer(layer).output)(images, training=False).numpy()
