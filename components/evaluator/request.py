"""What one run of MapEvaluator has to measure, read from its input artifacts and execution properties."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any

from tfx.types import artifact, artifact_utils

from components.artifacts import LabelMap
from components.evaluator import evaluation, verdict
from detection import model_folder
from detection.base import files
from detection.base.errors import DataError
from detection.inference import onnx_model, tflite_model
from detection.odapi import label_map
from detection.tiles.grid import Grid

TRAIN_SPLIT = 'train'

Artifacts = Mapping[str, Sequence[artifact.Artifact]]


@dataclasses.dataclass(frozen=True)
class Request:
  """What to measure, on what, and how.

  model: the trainer's model.
  saved_model: the folder of its SavedModel.
  baseline: the model in production as an artifact; None if there is none, or it was found where models are pushed.
  baseline_model: the folder of the baseline's SavedModel; empty if there is no baseline.
  exports: the model's files for other runtimes.
  examples: TFRecord files of the split to evaluate.
  train_examples: TFRecord files of the training split; empty if there is no such split.
  fingerprint: of the data; empty if unknown.
  model_run: the trainer's folder of records; empty if unknown.
  class_ids: {class name in the examples: id}; names of one class share an id.
  labels: {class name: id}, the first name of each id: the classes that are reported.
  bounds: what the model has to reach.
  settings: how to measure.
  tiles: what the model sees of each image; None: all of it.
  """

  model: artifact.Artifact
  saved_model: str
  baseline: artifact.Artifact | None
  baseline_model: str
  exports: Sequence[str]
  examples: Sequence[str]
  train_examples: Sequence[str]
  fingerprint: str
  model_run: str
  class_ids: Mapping[str, int]
  labels: Mapping[str, int]
  bounds: verdict.Bounds
  settings: evaluation.Settings
  tiles: Grid | None = None


def read(inputs: Artifacts, properties: Mapping[str, Any]) -> Request:
  """Reads the executor's inputs, as MapEvaluatorSpec names them.

  Raises:
    ConfigError: if a threshold names no class of the label map.
    DataError: if the split to evaluate has no files, or the label map does not parse.
  """
  class_ids = _class_ids(inputs)
  labels = label_map.categories(class_ids)
  bounds = verdict.Bounds(
    thresholds=json.loads(properties['thresholds']),
    min_improvement=float(properties['min_improvement']),
    max_class_drop=properties.get('max_class_drop'),
  )
  bounds.check_classes(labels)
  model = artifact_utils.get_single_instance(list(inputs['model']))
  exports = _uri(inputs, 'exports')
  return Request(
    model=model,
    saved_model=model_folder.serving(model.uri),
    examples=_example_files(inputs['examples'], properties['split']),
    baseline=artifact_utils.get_single_instance(list(inputs['baseline'])) if inputs.get('baseline') else None,
    baseline_model=_baseline_model(inputs, properties['baseline_destination']),
    exports=[path for path in files.glob(files.join(exports, '*')) if _is_model(path)] if exports else [],
    train_examples=_train_files(inputs['examples']),
    fingerprint=artifact_utils.get_single_instance(list(inputs['examples'])).get_string_custom_property(
      'input_fingerprint'
    ),
    model_run=_uri(inputs, 'model_run'),
    class_ids=class_ids,
    labels=labels,
    bounds=bounds,
    settings=evaluation.Settings(properties['iou'], properties['slice_pattern']),
    tiles=Grid(**json.loads(properties['tiles'])) if properties.get('tiles') else None,
  )


def _is_model(export: str) -> bool:
  return export.endswith((onnx_model.SUFFIX, tflite_model.SUFFIX))


def _class_ids(inputs: Artifacts) -> dict[str, int]:
  path = files.join(_uri(inputs, 'label_map'), LabelMap.FILE_NAME)
  return label_map.parse_shared(files.read_text(path), where=path)


def _uri(inputs: Artifacts, name: str) -> str:
  """The URI of the one artifact of this input; empty if the input is left out."""
  return artifact_utils.get_single_uri(list(inputs[name])) if inputs.get(name) else ''


def _example_files(examples: Sequence[artifact.Artifact], split: str) -> list[str]:
  folders = artifact_utils.get_split_uris(list(examples), split)
  found = sorted(path for folder in folders for path in files.glob(files.join(folder, '*')))
  if not found:
    raise DataError(f'examples: the split "{split}" has no files. Expected TFRecord files of at least one image.')
  return found


def _train_files(examples: Sequence[artifact.Artifact]) -> list[str]:
  has_split = all(TRAIN_SPLIT in artifact_utils.decode_split_names(one.split_names) for one in examples)
  return _example_files(examples, TRAIN_SPLIT) if has_split else []


def _baseline_model(inputs: Artifacts, destination: str) -> str:
  """The model in production: the artifact if there is one, else the highest version pushed, else none ('')."""
  if inputs.get('baseline'):
    return model_folder.serving(_uri(inputs, 'baseline'))
  if destination and model_folder.versions(destination):
    return model_folder.find_saved_model(destination)
  return ''
