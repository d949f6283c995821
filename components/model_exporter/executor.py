"""ModelExporter's executor: a trained model in, .tflite and .onnx files out."""

import itertools
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from tfx.dsl.components.base import base_executor
from tfx.types import artifact, artifact_utils

from detection import model_folder, records
from detection.base import files
from detection.base.errors import DataError
from detection.crops import load_backbone, seen_images
from detection.drift import sample
from detection.inference import onnx_export, onnx_int8, onnx_model, tflite_model
from detection.inference.detector import Detector
from detection.inference.images import decode
from detection.odapi.model import export, tflite_export

CALIBRATION_IMAGES = 100
COMPARED_IMAGES = 8
DRIFT_IMAGES, DRIFT_MIN_SCORE = 1000, 0.5
TRAIN_SPLIT = 'train'

Artifacts = Mapping[str, Sequence[artifact.Artifact]]


class Executor(base_executor.BaseExecutor):
  """See ModelExporter."""

  def Do(self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: Mapping[str, Any]) -> None:
    """Converts the model to everything that is asked for.

    int8 chooses the ranges of activations by images of the training split, if there is one: what is measured on the
    other split has then not seen it.

    Raises:
      ConfigError: if the model is of a family that cannot be converted to TFLite.
      DataError: if int8 or ONNX is asked for and the split has no images, or the ONNX file finds other boxes.
    """
    model = artifact_utils.get_single_uri(list(input_dict['model']))
    target = artifact_utils.get_single_uri(list(output_dict['exports']))
    saved_model = model_folder.serving(model)
    labels = model_folder.read_labels(saved_model)
    splits = artifact_utils.get_split_uris(list(input_dict['examples']), exec_properties['split'])
    calibration = _training_splits(input_dict['examples']) or splits
    kinds = json.loads(exec_properties['tflite'])
    if kinds:
      limits = export.Limits(float(exec_properties['score_threshold']), exec_properties.get('max_detections'))
      convertible = tflite_export.load(model, limits)
      for kind in kinds:
        begun = time.monotonic()
        file = convertible.file(kind, labels, _images(calibration, CALIBRATION_IMAGES))
        _write(file, target, kind + tflite_model.SUFFIX, begun)
    onnx_kinds = json.loads(exec_properties['onnx'])
    if onnx_kinds:
      begun = time.monotonic()
      file = onnx_export.convert(saved_model, labels)
      onnx_export.check(file, saved_model, list(_images(splits, COMPARED_IMAGES)))
      if 'float32' in onnx_kinds:
        _write(file, target, 'model' + onnx_model.SUFFIX, begun)
    if 'int8' in onnx_kinds:
      begun = time.monotonic()
      quantized = onnx_int8.quantize(file, _images(calibration, CALIBRATION_IMAGES))
      _write(quantized, target, 'int8' + onnx_model.SUFFIX, begun)
    if exec_properties.get('drift_reference'):
      _write_drift_reference(model, splits, target)


def _write(file: bytes, folder: str, name: str, begun: float) -> None:
  files.write_bytes(files.join(folder, name), file)
  print(f'{name}: {len(file) / 1e6:.1f} MB in {time.monotonic() - begun:.1f} s', flush=True)


def _write_drift_reference(model: str, splits: Sequence[str], folder: str) -> None:
  """What `drift` compares new images with: features, objects and confidence of the first images of the splits."""
  begun = time.monotonic()
  contents = (records.parse(record).encoded for record in itertools.islice(_records(splits), DRIFT_IMAGES))
  seen = seen_images.see_encoded(contents, Detector(model), load_backbone.load(model))
  path = files.join(folder, model_folder.DRIFT_REFERENCE)
  sample.write(path, sample.of_seen(seen, DRIFT_MIN_SCORE))
  print(f'{model_folder.DRIFT_REFERENCE}: {len(seen)} images in {time.monotonic() - begun:.1f} s', flush=True)


def _records(uris: Sequence[str]) -> Iterator[bytes]:
  return records.read(sorted(path for uri in uris for path in files.glob(files.join(uri, '*'))))


def _training_splits(examples: Sequence[artifact.Artifact]) -> list[str]:
  """The folders of the training split; empty if there is none."""
  has_split = all(TRAIN_SPLIT in artifact_utils.decode_split_names(one.split_names) for one in examples)
  return artifact_utils.get_split_uris(list(examples), TRAIN_SPLIT) if has_split else []


def _images(uris: Sequence[str], count: int) -> Iterator[np.ndarray]:
  """The first `count` images of the splits, uint8 [H, W, 3].

  Raises:
    DataError: if there is none.
  """
  found = False
  for record in itertools.islice(_records(uris), count):
    found = True
    yield decode(records.parse(record).encoded)
  if not found:
    raise DataError('export: int8 and ONNX need images, and the split has none. See data.split in the run config.')
