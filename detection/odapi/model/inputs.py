"""Batches for training and evaluation from the OD API's own parts, with a cache between decoding and augmentation.

The OD API's train_input decodes and resizes every image again in every epoch. Here the two halves are apart: decode
and resize once (cached when it fits), then augment, normalise and pad for every step. Where nothing is augmented, what
the model takes is the same in every epoch, and that is what is cached.
"""

from __future__ import annotations

import dataclasses
import functools
import os
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf
from object_detection import inputs as od_inputs
from object_detection.builders import decoder_builder, image_resizer_builder, preprocessor_builder
from object_detection.core import standard_fields
from object_detection.protos import input_reader_pb2, pipeline_pb2
from object_detection.utils import config_util

from detection.base.errors import ConfigError, DataError

Fields = standard_fields.InputDataFields
# Share of the free memory that the cache of decoded images may take.
CACHE_SHARE = 0.25
# Labels over the classes, [batch, classes]; whatever else has as many rows as there are padded boxes is of the boxes.
_OVER_CLASSES = frozenset(
  {
    Fields.groundtruth_image_classes,
    Fields.groundtruth_image_confidences,
    Fields.groundtruth_labeled_classes,
    Fields.groundtruth_verified_neg_classes,
    Fields.groundtruth_not_exhaustive_classes,
  }
)


@dataclasses.dataclass(frozen=True)
class InputOptions:
  """How batches are made.

  cache: 'none', 'memory', 'disk', or 'auto' (memory when the decoded images fit a quarter of the free memory).
  cache_directory: where 'disk' keeps its files.
  seed: of the order and of every augmentation; the same seed gives the same batches as long as `parallel` is off.
  parallel: augment in several threads; random operations then run in no fixed order.
  """

  cache: str = 'auto'
  cache_directory: str = ''
  seed: int = 0
  parallel: bool = False


def train_batches(
  config: pipeline_pb2.TrainEvalPipelineConfig,
  model: Any,
  options: InputOptions,
  batch_size: int,
  context: tf.distribute.InputContext | None = None,
) -> tf.data.Dataset:
  """Endless shuffled batches of (features, labels), as object_detection.inputs.train_input gives them.

  Args:
    config: complete; train_input_reader names uncompressed TFRecord files of tf.Example.
    model: the DetectionModel whose `preprocess` normalises and resizes.
    options: cache, seed, threads.
    batch_size: images a batch, over all replicas.
    context: given under a distribution strategy; the batch size and the files are then split between the workers.

  Raises:
    DataError: if no file matches, or there is no record in them.
  """
  reader = config.train_input_reader
  paths = record_files(reader)
  count = count_records(paths)
  if count == 0:
    raise DataError(f'{paths[0]}: no examples to train on.')
  dataset = _records(paths, reader, options.seed)
  if context is not None:
    batch_size = context.get_per_replica_batch_size(batch_size)
    dataset = dataset.shard(context.num_input_pipelines, context.input_pipeline_id)
  place = _place(options, config, paths, count)
  ready = place != 'none' and _is_cached_ready(config, count)
  # Resized early, images are not quite those of the OD API's own input, which normalises first; there must be a gain.
  dataset = dataset.map(_decoder(reader, _shrink(config) if place != 'none' and not ready else None), tf.data.AUTOTUNE)
  augmentation = functools.partial(
    od_inputs.augment_input_data,
    data_augmentation_options=[preprocessor_builder.build(o) for o in config.train_config.data_augmentation_options],
  )
  transform = _transform(config, reader, model, augmentation)
  if ready:
    dataset = dataset.map(transform, tf.data.AUTOTUNE)
  dataset = _cached(dataset, place, options, count)
  if reader.shuffle:
    dataset = dataset.shuffle(min(count, max(reader.shuffle_buffer_size, 1)), seed=options.seed)
  dataset = dataset.repeat()
  if not ready:
    dataset = dataset.map(transform, tf.data.AUTOTUNE if options.parallel else None)
  return dataset.batch(batch_size, drop_remainder=True).prefetch(max(2, reader.num_prefetch_batches))


def eval_batches(
  config: pipeline_pb2.TrainEvalPipelineConfig, model: Any, batch_size: int, limit: int | None = None
) -> tuple[tf.data.Dataset, int]:
  """Batches of (features, labels) of the eval split, in file order, and the number of images in them.

  Every batch is full: the last one is filled up with images from the start, to be left out by the caller.

  Args:
    config: complete; the first eval_input_reader is read.
    model: the DetectionModel whose `preprocess` normalises and resizes.
    batch_size: images a batch; 1 when the resizer gives images of different sizes.
    limit: the first so many images only.
  """
  reader = config.eval_input_reader[0]
  paths = record_files(reader)
  count = count_records(paths)
  if count == 0:
    raise DataError(f'{paths[0]}: no examples to evaluate on.')
  count = min(count, limit or count)
  dataset = tf.data.TFRecordDataset(paths).take(count)
  dataset = dataset.map(_decoder(reader, None), tf.data.AUTOTUNE)
  dataset = dataset.map(_transform(config, reader, model, None, keep_pixels=True), tf.data.AUTOTUNE)
  batches = -(-count // batch_size)
  dataset = dataset.repeat().take(batches * batch_size)
  return dataset.batch(batch_size, drop_remainder=True).prefetch(2), count


def without_padding(labels: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
  """Labels cut to the boxes of the batch's fullest image: matching an empty box costs as much as a real one.

  Args:
    labels: padded to equal counts, [batch, max_number_of_boxes, ...]. At least one row is left.
  """
  padded = labels[Fields.groundtruth_boxes].shape[1]
  most = tf.maximum(tf.reduce_max(labels[Fields.num_groundtruth_boxes]), 1)

  def cut(name: str, value: tf.Tensor) -> tf.Tensor:
    is_of_boxes = value.shape.rank > 1 and value.shape[1] == padded and name not in _OVER_CLASSES
    return value[:, :most] if is_of_boxes else value

  return {name: cut(name, value) for name, value in labels.items()}


def record_files(reader: input_reader_pb2.InputReader) -> list[str]:
  """The TFRecord files that an input reader names, sorted; DataError when a pattern matches none."""
  paths = []
  for pattern in reader.tf_record_input_reader.input_path:
    found = sorted(tf.io.gfile.glob(pattern))
    if not found:
      raise DataError(f'pipeline.config: input_path "{pattern}": no such TFRecord file.')
    paths += found
  return paths


def count_records(paths: list[str]) -> int:
  """Number of records, read without decoding them."""
  return int(tf.data.TFRecordDataset(paths, buffer_size=8 << 20).reduce(0, lambda n, _: n + 1).numpy())


def num_classes(config: pipeline_pb2.TrainEvalPipelineConfig) -> int:
  """Of whichever meta-architecture the config has."""
  return config_util.get_number_of_classes(config.model)


def static_size(config: pipeline_pb2.TrainEvalPipelineConfig) -> tuple[int, int] | None:
  """(height, width) in pixels when every image becomes the same size, else None."""
  height, width = config_util.get_spatial_image_size(config_util.get_image_resizer_config(config.model))
  return (height, width) if height > 0 and width > 0 else None


def _records(paths: list[str], reader: input_reader_pb2.InputReader, seed: int) -> tf.data.Dataset:
  if len(paths) == 1:
    return tf.data.TFRecordDataset(paths, buffer_size=8 << 20)
  names = tf.data.Dataset.from_tensor_slices(paths)
  if reader.shuffle:
    names = names.shuffle(len(paths), seed=seed)
  readers = min(len(paths), max(1, reader.num_readers))
  return names.interleave(tf.data.TFRecordDataset, cycle_length=readers, num_parallel_calls=readers, deterministic=True)


def _decoder(reader: input_reader_pb2.InputReader, shrink: Callable | None) -> Callable[[tf.Tensor], dict]:
  decoder = decoder_builder.build(reader)

  @tf.autograph.experimental.do_not_convert
  def decode(record: tf.Tensor) -> dict[str, tf.Tensor]:
    example = decoder.decode(record)
    if shrink is not None:
      example[Fields.image] = shrink(example[Fields.image])
    return example

  return decode


def _shrink(config: pipeline_pb2.TrainEvalPipelineConfig) -> Callable | None:
  """Resizes once, before the cache, with the model's own resizer.

  Only for the fixed shape resizer, where resizing and flips, turns and colour changes may change places. A crop looks
  closer at a part of the image, so no image is made smaller before one: then decoded images are kept at full size.
  Pixels are rounded to whole numbers, a quarter of the memory of what they are resized to.
  """
  resizer = config_util.get_image_resizer_config(config.model)
  if resizer.WhichOneof('image_resizer_oneof') != 'fixed_shape_resizer':
    return None
  steps = [step.WhichOneof('preprocessing_step') for step in config.train_config.data_augmentation_options]
  if any('crop' in step or 'pad' in step or 'scale' in step for step in steps):
    return None
  resize = image_resizer_builder.build(resizer)
  return lambda image: tf.cast(tf.round(resize(image, None)[0]), tf.uint8)


def _place(options: InputOptions, config: pipeline_pb2.TrainEvalPipelineConfig, paths: list[str], count: int) -> str:
  """Where decoded images are cached: 'memory', 'disk' or 'none'."""
  if options.cache != 'auto':
    return options.cache
  return 'memory' if _cache_bytes(config, paths, count) < _allowance() else 'none'


def _allowance() -> float:
  """Bytes that a cache may take."""
  return os.sysconf('SC_AVPHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') * CACHE_SHARE


def _is_cached_ready(config: pipeline_pb2.TrainEvalPipelineConfig, count: int) -> bool:
  """True if the cache can hold what the model takes: nothing random comes after it, and float32 images fit."""
  size = static_size(config)
  if size is None or config.train_config.data_augmentation_options:
    return False
  return count * size[0] * size[1] * 3 * np.dtype(np.float32).itemsize < _allowance()


def _cached(dataset: tf.data.Dataset, place: str, options: InputOptions, count: int) -> tf.data.Dataset:
  if place == 'memory':
    return dataset.take(count).cache()
  if place == 'disk':
    if not options.cache_directory:
      raise ConfigError('train.cache: "disk" needs a folder to keep the decoded images in.')
    return dataset.cache(os.path.join(options.cache_directory, 'decoded'))
  return dataset


def _cache_bytes(config: pipeline_pb2.TrainEvalPipelineConfig, paths: list[str], count: int) -> int:
  """Bytes of all decoded images: exact when resized before the cache, else estimated from the first records."""
  size = static_size(config)
  if size is not None and _shrink(config) is not None:
    return count * size[0] * size[1] * 3
  decode = _decoder(config.train_input_reader, None)
  sample = [int(tf.size(decode(record)[Fields.image])) for record in tf.data.TFRecordDataset(paths).take(16)]
  return count * sum(sample) // max(1, len(sample))


def _transform(
  config: pipeline_pb2.TrainEvalPipelineConfig,
  reader: input_reader_pb2.InputReader,
  model: Any,
  augmentation: Callable | None,
  keep_pixels: bool = False,
) -> Callable[[dict], tuple[dict, dict]]:
  """The OD API's way from a decoded example to padded (features, labels); with keep_pixels also the image in uint8."""
  resizer = config_util.get_image_resizer_config(config.model)
  classes = config_util.get_number_of_classes(config.model)
  train = config.train_config
  transform = functools.partial(
    od_inputs.transform_input_data,
    model_preprocess_fn=model.preprocess,
    image_resizer_fn=image_resizer_builder.build(resizer),
    num_classes=classes,
    data_augmentation_fn=augmentation,
    merge_multiple_boxes=train.merge_multiple_label_boxes,
    use_multiclass_scores=train.use_multiclass_scores,
    retain_original_image=keep_pixels,
    keypoint_type_weight=reader.keypoint_type_weight or None,
  )
  pad = functools.partial(
    od_inputs.pad_input_data_to_static_shapes,
    max_num_boxes=reader.max_number_of_boxes,
    num_classes=classes,
    spatial_image_shape=config_util.get_spatial_image_size(resizer),
    max_num_context_features=config_util.get_max_num_context_features(config.model),
    context_feature_length=config_util.get_context_feature_length(config.model),
  )

  @tf.autograph.experimental.do_not_convert
  def to_batch_item(example: dict[str, tf.Tensor]) -> tuple[dict, dict]:
    tensors = pad(tensor_dict=transform(example))
    return (
      od_inputs._get_features_dict(tensors, include_source_id=True),
      od_inputs._get_labels_dict(tensors),
    )

  return to_batch_item
