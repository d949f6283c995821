"""Facts for the model card: how the model was made and from what data, from the files of the other components."""

import importlib.metadata
import json
import platform
from collections.abc import Mapping

from detection import model_folder
from detection.base import files
from detection.odapi import families
from detection.odapi.config import config_io
from detection.odapi.protos import image_resizer_pb2

_PACKAGES = ('tensorflow', 'tfx', 'tf-models-research-object-detection', 'detection-pipeline')


def collect(model: str, model_run: str = '', fingerprint: str = '') -> dict[str, str]:
  """{name: text} in the order of reading; what is unknown is left out.

  Args:
    model: the trainer's model folder, or that of a classifier behind a detector.
    model_run: the trainer's folder of records, if known.
    fingerprint: of the data, if known.
  """
  facts = _config_facts(files.join(model, model_folder.PIPELINE_CONFIG))
  facts |= _run_facts(files.join(model_run, 'run.json')) if model_run else {}
  facts |= _classifier_facts(files.join(model, model_folder.CLASSIFIER))
  facts |= {'data fingerprint': fingerprint, 'Python': platform.python_version()}
  facts |= {package: _version(package) for package in _PACKAGES}
  return {name: value for name, value in facts.items() if value}


def history(model_run: str) -> list[dict[str, float]]:
  """The trainer's evaluations, one row each: {'step' and metrics: value}; empty if there are none."""
  path = files.join(model_run, 'history.jsonl') if model_run else ''
  if not path or not files.exists(path):
    return []
  return [json.loads(line) for line in files.read_text(path).splitlines() if line.strip()]


def trained(model: str) -> str:
  """What the trainer evaluated: the model, or only the detector in it, whose boxes a classifier names."""
  is_named = files.exists(files.join(model, model_folder.CLASSIFIER))
  return 'the detector alone, of one class: a classifier names what it finds' if is_named else 'the model'


def _config_facts(path: str) -> dict[str, str]:
  if not files.exists(path):
    return {}
  config = config_io.parse(files.read_text(path), path)
  name = config.model.WhichOneof('model') or ''
  facts = {'architecture': name}
  if name in families.FAMILIES:
    facts['feature extractor'] = families.extractor_type(config)
    facts['image size'] = _image_size(families.body(config).image_resizer)
  facts['steps'] = str(config.train_config.num_steps)
  facts['batch size'] = str(config.train_config.batch_size)
  facts['started from'] = config.train_config.fine_tune_checkpoint or 'random weights'
  return facts


def _image_size(resizer: image_resizer_pb2.ImageResizer) -> str:
  kind = resizer.WhichOneof('image_resizer_oneof')
  if kind == 'fixed_shape_resizer':
    return f'{resizer.fixed_shape_resizer.width} x {resizer.fixed_shape_resizer.height}'
  if kind == 'keep_aspect_ratio_resizer':
    inner = resizer.keep_aspect_ratio_resizer
    return f'shorter side {inner.min_dimension}, longer at most {inner.max_dimension}'
  return ''


def _run_facts(path: str) -> dict[str, str]:
  if not files.exists(path):
    return {}
  run: Mapping = json.loads(files.read_text(path))
  facts = {
    'exported step': run.get('exported_step'),
    'stopped because': run.get('stopped_because'),
    'training seconds': run.get('training_seconds'),
    'trained at': run.get('finished'),
  }
  return {name: str(value) for name, value in facts.items() if value is not None}


def _classifier_facts(path: str) -> dict[str, str]:
  if not files.exists(path):
    return {}
  found: Mapping = json.loads(files.read_text(path))
  accuracy = found['cross_validated_accuracy']
  return {
    'named by': f'{found["kind"]} classifier on {sum(found["objects"].values())} objects',
    'its accuracy, cross-validated': 'too few images' if accuracy is None else f'{accuracy:.3f}',
  }


def _version(package: str) -> str:
  try:
    return importlib.metadata.version(package)
  except importlib.metadata.PackageNotFoundError:
    return ''
