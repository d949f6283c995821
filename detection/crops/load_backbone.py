"""Loads a frozen backbone by the name that a user gives: a trained model, a zoo download, or a classifier's weights."""

from __future__ import annotations

import tempfile

from detection import model_folder
from detection.base import files
from detection.base.errors import ConfigError
from detection.crops.features import CROP_SIZE, Backbone, from_keras, from_weights, pooled
from detection.odapi import networks
from detection.odapi.config import config_io
from detection.odapi.model import features
from detection.odapi.weights import read
from detection.pipeline_config import checkpoint, zoo
from detection.pipeline_config.base import read_base


def load(source: str, size: int = CROP_SIZE) -> Backbone:
  """Reads a backbone.

  Args:
    source: a folder with pipeline.config and a checkpoint (a trainer's model, a zoo model), a pushed version or the
      folder of versions, a zoo archive; a classification network's weights, see weights.read; or
      `<network>=<weights file>` with any network of tf.keras.applications.
    size: of the sides of the crops that it takes, in pixels.

  Raises:
    ConfigError, DataError: if it is none of these, or cannot be read.
  """
  network, equals, weights = source.partition('=')
  if equals and not files.exists(source):
    return from_keras(network, weights, size)
  if _is_network(source):
    saved = read.read(source)
    if saved is not None:
      return from_weights(saved, size)
  return _from_detector(source, size)


def fingerprint(source: str) -> str:
  """A digest of the weights that `load` would read from `source`.

  Raises:
    ConfigError, DataError: if there are none.
  """
  network, equals, weights = source.partition('=')
  if equals and not files.exists(source):
    if not files.exists(weights):
      raise ConfigError(f'{weights}: no such file. Expected weights that Keras saved of {network}.')
    return files.sha256(weights)
  if _is_network(source):
    return checkpoint.fingerprint(source)
  if zoo.is_archive(source):
    return files.sha256(source)
  if model_folder.versions(source):
    source = model_folder.find_saved_model(source)
  return checkpoint.fingerprint(checkpoint.find(source))


def _is_network(source: str) -> bool:
  return source != networks.IMAGENET and read.is_network(source)


def _from_detector(source: str, size: int) -> Backbone:
  if model_folder.versions(source):
    source = model_folder.find_saved_model(source)
  is_file = files.exists(source) and not files.isdir(source)
  if not is_file and not files.exists(files.join(source, model_folder.PIPELINE_CONFIG)):
    raise ConfigError(
      f'{source}: no such model. Expected a folder with pipeline.config and a checkpoint, a zoo archive, a '
      'weights file of Keras, or <network of tf.keras.applications>=<weights file>.'
    )
  base = read_base(source)
  if not base.checkpoint:
    raise ConfigError(f'{source}: no checkpoint beside its pipeline.config. Expected a trained model with one.')
  with tempfile.TemporaryDirectory() as unpacked:
    if zoo.is_archive(base.checkpoint):
      prefix = zoo.unpack_checkpoint(base.checkpoint, files.join(unpacked, model_folder.CHECKPOINT))
    else:
      prefix = checkpoint.find(base.checkpoint)
    maps, variables = features.backbone(config_io.parse(base.text, base.name), prefix)
  return Backbone(lambda crops: pooled(maps(crops)), variables, size)
