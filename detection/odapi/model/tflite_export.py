"""Converts a trained model to TFLite: the OD API's own TFLite graph, with the preprocessing inside.

The network takes RGB from 0 to 255, [1, height, width, 3]: float32, or uint8 where it is wholly quantized.
Its outputs, in this order: boxes [1, M, 4], (ymin, xmin, ymax, xmax) in [0, 1] of the input; classes [1, M] from 0;
scores [1, M]; number [1].
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

import numpy as np
import tensorflow as tf
from object_detection import export_tflite_graph_lib_tf2
from object_detection.protos import pipeline_pb2
from object_detection.utils import config_util

from detection import model_folder
from detection.base import files
from detection.inference import tflite_model
from detection.inference.tflite_model import Kind, Letterbox
from detection.odapi import families
from detection.odapi.config import config_io
from detection.odapi.model import building, config_facts, export, restore


class Convertible:
  """A trained model as a graph that the TFLite converter takes.

  Attributes:
    size: (height, width) of the network's input, in pixels.
    letterbox: how an image is scaled to it.
  """

  def __init__(
    self, config: pipeline_pb2.TrainEvalPipelineConfig, checkpoint: str, limits: export.Limits | None = None
  ) -> None:
    """Builds the model and restores it.

    Args:
      config: the complete pipeline.config.
      checkpoint: prefix of the model's own checkpoint.
      limits: of what is given out.

    Raises:
      ConfigError: if it cannot be converted.
      DataError: if the checkpoint is not of this model.
    """
    families.check_tflite(config)
    self.size = cast(tuple[int, int], config_facts.static_size(config))  # check_tflite refuses images of many sizes
    self._limits = limits or export.Limits()
    self._model = building.build_model(config)
    restore.restore(self._model, checkpoint, 'full', min_backbone=1.0)
    self.letterbox = _letterbox(config, self._model)
    if families.of(config).tflite == 'module':
      self._module = _ssd_module(config, self._model, self.size, self._limits)
      infer = self._infer_by_module
    else:
      infer = self._infer_by_model
    with building.mode(self._model, training=False):
      spec = tf.TensorSpec([1, *self.size, 3], tf.float32, name='image')
      self._graph = tf.function(infer, autograph=False).get_concrete_function(spec)

  def file(self, kind: Kind, labels: Mapping[str, int], images: Iterable[np.ndarray]) -> bytes:
    """The .tflite file of one kind.

    Args:
      kind: what its numbers are.
      labels: {class name: id}, which go into the file.
      images: uint8 [H, W, 3], of any size; read only for int8, which chooses the ranges of activations by them.

    Raises:
      DataError: if a class name has a line break in it.
    """
    scaled = [self.letterbox.apply(image, *self.size)[0] for image in images] if kind == 'int8' else []
    return tflite_model.pack(self.convert(kind, scaled), labels, self.letterbox)

  def convert(self, kind: Kind, images: Iterable[np.ndarray] = ()) -> bytes:
    """The network of one kind.

    Args:
      kind: what its numbers are; int8 takes uint8 in and gives float32 out, as all do.
      images: float32 [height, width, 3] as `letterbox` gives them, by which int8 chooses the ranges of activations.
    """
    converter = tf.lite.TFLiteConverter.from_concrete_functions([self._graph], self._model)
    converter.allow_custom_ops = True  # TFLite_Detection_PostProcess, which every interpreter brings
    if kind != 'float32':
      converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if kind == 'float16':
      converter.target_spec.supported_types = [tf.float16]
    if kind == 'int8':
      converter.representative_dataset = lambda: ([image[np.newaxis]] for image in images)
      converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8, tf.lite.OpsSet.TFLITE_BUILTINS]
      converter.inference_input_type = tf.uint8
    return converter.convert()

  def _infer_by_module(self, image: tf.Tensor) -> Any:
    found = self._module.inference_fn.python_function(self._model._feature_extractor.preprocess(image))
    return found[::-1]

  def _infer_by_model(self, image: tf.Tensor) -> Any:
    shape = tf.constant([[*self.size, 3]], tf.int32)
    found = self._model.postprocess(self._model.predict(self._model._feature_extractor.preprocess(image), shape), shape)
    found = export.limited(found, self._limits)
    return (
      found['detection_boxes'],
      tf.cast(found['detection_classes'], tf.float32),
      found['detection_scores'],
      tf.cast(found['num_detections'], tf.float32),
    )


def load(model: str, limits: export.Limits) -> Convertible:
  """The trained model in a model folder. Raises as Convertible."""
  path = files.join(model, model_folder.PIPELINE_CONFIG)
  config = config_io.parse(files.read_text(path), path)
  return Convertible(config, model_folder.checkpoint_prefix(model), limits)


def _ssd_module(
  config: pipeline_pb2.TrainEvalPipelineConfig, model: Any, size: tuple[int, int], limits: export.Limits
) -> Any:
  """The OD API's module, which ends in TFLite's own suppression; it asks for a fixed size and takes limits from NMS."""
  fixed = pipeline_pb2.TrainEvalPipelineConfig()
  fixed.CopyFrom(config)
  fixed.model.ssd.image_resizer.fixed_shape_resizer.height, fixed.model.ssd.image_resizer.fixed_shape_resizer.width = (
    size
  )
  suppression = fixed.model.ssd.post_processing.batch_non_max_suppression
  suppression.score_threshold = max(suppression.score_threshold, limits.score_threshold)
  most = min(suppression.max_total_detections, limits.max_detections or suppression.max_total_detections)
  # The OD API's default: a box hides those of other classes below it. Suppression class by class would be what the
  # SavedModel does, but TFLite's kernel of it loses whole classes on more than one thread (seen with TF 2.15.1).
  return export_tflite_graph_lib_tf2.SSDModule(fixed, model, max_detections=most, use_regular_nms=False)


def _letterbox(config: pipeline_pb2.TrainEvalPipelineConfig, model: Any) -> Letterbox:
  resizer = config_util.get_image_resizer_config(config.model)
  if not resizer.HasField('keep_aspect_ratio_resizer'):
    return Letterbox()
  if families.of(config).pads_before_preprocessing:
    return Letterbox(keep_aspect=True)  # padded before its preprocessing
  # SSD is padded with zeros after it: with the colour that becomes zero. Preprocessing is linear in every channel.
  black, one = (
    model._feature_extractor.preprocess(tf.fill([1, 1, 1, 3], value)).numpy().ravel() for value in (0.0, 1.0)
  )
  return Letterbox(keep_aspect=True, padding=tuple((-black / (one - black)).tolist()))
