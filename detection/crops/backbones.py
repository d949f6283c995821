"""A frozen backbone by what the user calls it: a trained model, a zoo download, or a Keras application."""

from __future__ import annotations

import tempfile

from detection import model_folder
from detection.base import files
from detection.base.errors import ConfigError
from detection.crops import backbone
from detection.odapi.config import config_io
from detection.odapi.model import features
from detection.pipeline_config import checkpoint, zoo
from detection.pipeline_config.base import read_base


def load(source: str, size: int = backbone.CROP_SIZE) -> backbone.Backbone:
  """Reads a backbone.

  Args:
    source: a folder with pipeline.config and a checkpoint (a trainer's model, a zoo model), a pushed version or the
      folder of versions, a zoo archive, or `<network>=<weights file>` with a network of tf.keras.applications.
    size: of the crops it shall see, in pixels.

  Raises:
    ConfigError, DataError: if it is none of these, or cannot be read.
  """
  network, equals, weights = source.partition('=')
  if equals and not files.exists(source):
    return backbone.from_keras(network, weights, size)
  if model_folder.versions(source):
    source = model_folder.find_saved_model(source)
  is_file = files.exists(source) and not files.isdir(source)
  if not is_file and not files.exists(files.join(source, model_folder.PIPELINE_CONFIG)):
    raise ConfigError(
      f'{source}: no such model. Expected a folder with pipeline.config and a checkpoint, a zoo archive, or '
      '<network of tf.keras.applications>=<weights file>.'
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
  return backbone.Backbone(lambda crops: backbone.pooled(maps(crops)), variables, size)


def fingerprint(source: str) -> str:
  """Changes with the weights that `load` would read from `source`.

  Raises:
    ConfigError, DataError: if there are none.
  """
  network, equals, weights = source.partition('=')
  if equals and not files.exists(source):
    if not files.exists(weights):
      raise ConfigError(f'{weights}: no such file. Expected weights that Keras saved of {network}.')
    return files.sha256(weights)
  if zoo.is_archive(source):
    return files.sha256(source)
  if model_folder.versions(source):
    source = model_folder.find_saved_model(source)
  return checkpoint.fingerprint(checkpoint.find(source))
