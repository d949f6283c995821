"""The layout of model folders. No other module names these files.

A trained model (the trainer's artifact, or what `refit` writes):

    Format-Serving/                   the SavedModel: saved_model.pb, variables/
    checkpoint/ckpt-0.*               the weights alone, to fine-tune from; not in a refitted model
    pipeline.config, label_map.pbtxt
    classifier.json                   only where a classifier names the boxes of a detector: what it was fitted to

A pushed version, <destination>/<version>/, with the version an integer:

    saved_model.pb, variables/
    pipeline.config, label_map.pbtxt  once here and once in assets.extra/, which moves with a SavedModel
    metrics.json, model_card.md       of the evaluation
    checksums.json                    SHA-256 of every other file
    batching_params.pbtxt             how TensorFlow Serving puts requests together, if it is told to
    assets.extra/tf_serving_warmup_requests
    exports/<kind>.tflite, model.onnx, int8.onnx, drift_reference.npz

A model of the zoo: pipeline.config, checkpoint/ckpt-0.*, saved_model/.
"""

import posixpath

from detection.base import files
from detection.base.errors import DataError
from detection.odapi import label_map

SERVING = 'Format-Serving'
SAVED_MODEL = 'saved_model.pb'
VARIABLES_INDEX = 'variables/variables.index'
CHECKPOINT = 'checkpoint'
CHECKPOINT_NAME = 'ckpt-0'
PIPELINE_CONFIG = 'pipeline.config'
LABEL_MAP = 'label_map.pbtxt'
CLASSIFIER = 'classifier.json'
METRICS = 'metrics.json'
EXPORTS = 'exports'
DRIFT_REFERENCE = 'drift_reference.npz'
ASSETS_EXTRA = 'assets.extra'
WARMUP_REQUESTS = f'{ASSETS_EXTRA}/tf_serving_warmup_requests'


def serving(model: str) -> str:
  """The SavedModel's folder in a trained model's folder, whether it exists or not."""
  return files.join(model, SERVING)


def checkpoint_prefix(model: str) -> str:
  """The prefix of the checkpoint in a trained model's folder."""
  return files.join(model, CHECKPOINT, CHECKPOINT_NAME)


def versions(destination: str, prefix: str = '') -> list[int]:
  """The versions in a push destination, ascending; empty if there are none, or no such folder.

  Args:
    destination: the folder of versions.
    prefix: before the number in the folder's name.
  """
  return [int(name.removeprefix(prefix)) for name in _version_names(destination, prefix)]


def has_saved_model(folder: str) -> bool:
  """Whether the folder itself holds a SavedModel. saved_model.pb is written last, so the rest is then there too."""
  return files.exists(files.join(folder, SAVED_MODEL))


def find_saved_model(path: str) -> str:
  """The folder that holds saved_model.pb: `path`, its Format-Serving, or its highest version.

  Raises:
    DataError: if there is none.
  """
  candidates = [path, serving(path)]
  candidates += [files.join(path, version) for version in reversed(_version_names(path))]
  for folder in candidates:
    if has_saved_model(folder):
      return folder
  raise DataError(f'{path}: no SavedModel. Expected {SAVED_MODEL} in it, in {SERVING} or in a version folder.')


def read_labels(saved_model: str) -> dict[str, int]:
  """The label map, {class name: id}, of the SavedModel in the folder `saved_model`.

  Raises:
    DataError: if there is none, or it does not parse.
  """
  for folder in (files.join(saved_model, ASSETS_EXTRA), saved_model, _above(saved_model)):
    path = files.join(folder, LABEL_MAP)
    if files.exists(path):
      return label_map.parse(files.read_text(path), where=path)
  raise DataError(
    f'{saved_model}: no {LABEL_MAP} in it, in {ASSETS_EXTRA} or in the folder above. Copy it beside the model.'
  )


def read_pipeline_config(saved_model: str) -> str:
  """The text of the pipeline.config of the SavedModel in the folder `saved_model`.

  Raises:
    DataError: if there is none.
  """
  for folder in (saved_model, _above(saved_model)):
    path = files.join(folder, PIPELINE_CONFIG)
    if files.exists(path):
      return files.read_text(path)
  raise DataError(
    f'{saved_model}: no {PIPELINE_CONFIG} in it or in the folder above. Expected a trained or pushed model.'
  )


def fingerprint(path: str) -> str:
  """Changes with the content of the SavedModel that `path` names, as for `find_saved_model`, which tells the errors."""
  folder = find_saved_model(path)
  # The index holds a checksum of each variable.
  named_by = [files.join(folder, name) for name in (SAVED_MODEL, VARIABLES_INDEX)]
  return '-'.join(files.sha256(file)[:16] for file in named_by if files.exists(file))


def _above(folder: str) -> str:
  return posixpath.dirname(folder.rstrip('/'))


def _version_names(destination: str, prefix: str = '') -> list[str]:
  """Names of version folders in the order of their numbers. Made by hand, they may have leading zeros."""
  names = files.listdir(destination) if files.isdir(destination) else []
  numbered = [name for name in names if name.startswith(prefix) and name.removeprefix(prefix).isdecimal()]
  return sorted(numbered, key=lambda name: int(name.removeprefix(prefix)))
