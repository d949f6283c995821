"""Exports a model as the SavedModel that TensorFlow Serving, the evaluator and `predict` load.

The OD API's exporter hands the Keras layers to tf.saved_model.save, which traces each of them again. Nobody calls
those layers in a served model, so here one graph is traced, and the signatures share it. In it weights are constants,
batch norm is part of the convolutions, and suppression goes over the whole batch at once.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf
from object_detection.core import standard_fields

from detection import records
from detection.inference.saved_model import CLASS_NAMES, IMAGE_BYTES, SERVING_DEFAULT, TF_EXAMPLE
from detection.odapi.model import building, constants, engine, suppression
from detection.odapi.model.preparation import Preparation, Prepared

# From a batch as Preparation gives it to the outputs by name.
Detect = Callable[..., dict[str, tf.Tensor]]

_COUNT = standard_fields.DetectionResultFields.num_detections
_CLASSES = standard_fields.DetectionResultFields.detection_classes
# Outputs of the signatures; all else that a model returns is too large to send.
_KEPT = ('detection_boxes', 'detection_scores', 'detection_classes', 'num_detections')
_KEPT_IF_THERE = ('detection_masks', 'detection_keypoints', 'detection_keypoint_scores', 'detection_multiclass_scores')


@dataclasses.dataclass(frozen=True)
class Limits:
  """Which of the model's detections are returned.

  score_threshold: detections below it are left out, in [0, 1].
  max_detections: at most so many an image, the best ones; None: as many as pipeline.config allows.
  """

  score_threshold: float = 0.0
  max_detections: int | None = None


def signatures(detect: Detect, preparation: Preparation, labels: Mapping[str, int]) -> dict[str, Any]:
  """{name: tf.ConcreteFunction} of a detection model's signatures.

  serving_default: `input_tensor`, uint8 [N, height, width, 3], RGB.
  image_bytes: `image_bytes`, string [N], JPEG or PNG files; sizes may differ.
  tf_example: `tf_example`, string [N], serialized tf.Example with `image/encoded`.
  class_names: `ids`, int64 [N], label map ids; gives `class_names`, string [N], '' for an id that has none.

  Outputs of the others, as the OD API names them: detection_boxes float32 [N, M, 4], (ymin, xmin, ymax, xmax) in [0,
  1]; detection_classes float32 [N, M], label map ids, from 1; detection_scores float32 [N, M]; num_detections [N].

  Args:
    detect: see `detector`.
    preparation: of the same model.
    labels: {class name: id}, at least one.
  """
  pixels = tf.TensorSpec([None, None, None, 3], tf.uint8, name='input_tensor')
  prepare: dict[str, tuple[tf.TensorSpec, Callable[[tf.Tensor], Prepared]]] = {
    SERVING_DEFAULT: (pixels, preparation.pixels),
    IMAGE_BYTES: (tf.TensorSpec([None], tf.string, name='image_bytes'), preparation.encoded),
    TF_EXAMPLE: (
      tf.TensorSpec([None], tf.string, name='tf_example'),
      lambda examples: preparation.encoded(records.parse_encoded(examples)),
    ),
  }
  functions = {
    name: tf.function(lambda batch, of=prepared: detect(*of(batch)), autograph=False).get_concrete_function(spec)
    for name, (spec, prepared) in prepare.items()
  }
  return functions | {CLASS_NAMES: class_namer(labels).get_concrete_function()}


def detector(model: Any, size: tuple[int | None, int | None], limits: Limits) -> Detect:
  """From a batch as Preparation gives it to the outputs of the signatures, as one graph of constants if that can be.

  Args:
    model: a DetectionModel whose variables all exist.
    size: (height, width) of the batch, as far as they are known.
    limits: of what is given out.
  """
  specs = [tf.TensorSpec([None, *size, 3], tf.float32, 'images'), tf.TensorSpec([None, 3], tf.int32, 'shapes')]
  as_trained = tf.function(
    lambda images, shapes: limited(_detect(model, images, shapes), limits), input_signature=specs, autograph=False
  )
  with suppression.in_batches(model):
    traced = as_trained.get_concrete_function()
  # Two stages stay as they are: frozen, Faster R-CNN ResNet 50 answered 5 to 7 % quicker, with scores 5e-4 apart (crops
  # make more of rounding), in a file of twice the size.
  run = None if hasattr(model, '_second_stage_nms_fn') else constants.frozen(traced)
  return tf.function(run, input_signature=specs, autograph=False) if run else as_trained


def standalone(trained: engine.Engine) -> Any:
  """The engine's model; after distributed training, one of its own with the same weights.

  A SavedModel cannot hold distributed variables, and reading one needs all workers, while only the chief exports.
  Values that differ between replicas (batch norm's moments) are taken from the first local replica.
  """
  strategy = trained.strategy
  if strategy is tf.distribute.get_strategy():  # TensorFlow's word for none
    return trained.model
  model = building.build_model(trained.config)
  for own, theirs in zip(building.all_variables(model), building.all_variables(trained.model), strict=True):
    own.assign(strategy.experimental_local_results(theirs)[0])
  return model


def save(model: Any, directory: str, labels: Mapping[str, int], limits: Limits | None = None) -> None:
  """Writes the SavedModel of a trained model to `directory`.

  Args:
    model: a DetectionModel whose variables all exist.
    directory: a folder that is new or empty; the caller makes it whole by renaming.
    labels: {class name: id}, at least one.
    limits: of what it gives out.
  """
  with building.mode(model, training=False):
    preparation = Preparation(model)
    detect = detector(model, preparation.size(), limits or Limits())
    functions = signatures(detect, preparation, labels)
  # Only the variables, not the layers: each layer would be traced once more. No function either: with attributes that
  # are functions TensorFlow traces all once more, and stores the weights a second time. The signatures do not need the
  # variables; training that goes on from this model does.
  module = tf.Module()
  module._weights = building.all_variables(model)
  tf.saved_model.save(module, directory, signatures=functions)


def class_namer(labels: Mapping[str, int]) -> Any:
  """The function behind the signature CLASS_NAMES. `labels`: {class name: id}, at least one."""
  named = {number: name for name, number in labels.items()}
  names = [named.get(number, '') for number in range(max(named) + 1)]

  @tf.function(input_signature=[tf.TensorSpec([None], tf.int64, name='ids')], autograph=False)
  def name_classes(ids: tf.Tensor) -> dict[str, tf.Tensor]:
    known = (ids >= 0) & (ids < len(names))
    return {CLASS_NAMES: tf.where(known, tf.gather(names, tf.where(known, ids, 0)), '')}

  return name_classes


def limited(detections: Mapping[str, tf.Tensor], limits: Limits) -> dict[str, tf.Tensor]:
  """The first of each image's detections, as many as the limits allow; zeros take the place of those below the score.

  Args:
    detections: `num_detections` [N], all else [N, M, ...], the highest score first.
    limits: of what is kept.
  """
  kept = {name: value[:, : limits.max_detections] for name, value in detections.items() if name != _COUNT}
  count = tf.cast(detections[_COUNT], tf.int32)[:, tf.newaxis]
  scores = kept[standard_fields.DetectionResultFields.detection_scores]
  # Not `>=`: a score that is no number must stay, for the evaluator to see it.
  stays = (tf.range(tf.shape(scores)[1])[tf.newaxis] < count) & ~(scores < limits.score_threshold)
  if limits.score_threshold:
    kept = {name: tf.where(_as_wide(stays, value), value, tf.zeros_like(value)) for name, value in kept.items()}
  return kept | {_COUNT: tf.reduce_sum(tf.cast(stays, tf.float32), axis=1)}


def _as_wide(flags: tf.Tensor, value: tf.Tensor) -> tf.Tensor:
  """[N, M] with so many axes of 1 after it that it lies over `value`."""
  return tf.reshape(flags, tf.concat([tf.shape(flags), tf.ones([len(value.shape) - 2], tf.int32)], axis=0))


def _detect(model: Any, images: tf.Tensor, shapes: tf.Tensor) -> dict[str, tf.Tensor]:
  with building.mode(model, training=False):
    detections = model.postprocess(model.predict(images, shapes), shapes)
  # The model counts classes from 0; label maps, and so everyone outside, from 1.
  detections[_CLASSES] = tf.cast(detections[_CLASSES], tf.float32) + 1
  kept = [*_KEPT, *(name for name in _KEPT_IF_THERE if name in detections)]
  return {name: tf.cast(detections[name], tf.float32) for name in kept}
