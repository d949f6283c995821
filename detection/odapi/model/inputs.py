"""Batches for training and evaluation from the OD API's own parts, with a cache between decoding and augmentation.

The OD API's train_input decodes and resizes every image again in every epoch. Here the two halves are apart: decode
and resize once (cached when it fits), then augment, normalise and pad for every step. Where nothing is augmented, what
the model takes is the same in every epoch, and that is what is cached.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf
from object_detection import inputs as od_inputs
from object_detection.builders import decoder_builder, image_resizer_builder, preprocessor_builder
from object_detection.utils import config_util

from detection import kept_scans
from detection.base import files, local_copies
from detection.base.errors import DataError
from detection.odapi.config.config_io import Config
from detection.odapi.model import cache
from detection.odapi.model.balance import Balance
from detection.odapi.model.fields import InputDataFields
from detection.odapi.protos import input_reader_pb2
from detection.record_scan import Scans

_BUFFER = 8 << 20  # bytes read at once
_SAMPLE = 16  # images decoded to estimate the size of all
Transform = Callable[[dict[str, tf.Tensor]], tuple[dict, dict]]


@dataclasses.dataclass(frozen=True)
class InputOptions:
  """How batches are made.

  cache: 'none', 'memory', 'disk', or 'auto' (memory when the decoded images fit a quarter of the free memory).
  cache_directory: where 'disk' keeps its files.
  seed: of the order and of every augmentation; the same seed gives the same batches as long as `parallel` is off.
  parallel: augment in several threads; random operations then run in no fixed order.
  scans: of record files of which it is known what is in them; see record_scan.
  balance: how often images are shown and how much objects weigh, by class; None: all alike.
  """

  cache: str = 'auto'
  cache_directory: str = ''
  seed: int = 0
  parallel: bool = False
  scans: Scans = dataclasses.field(default_factory=dict)
  balance: Balance | None = None


@dataclasses.dataclass(frozen=True)
class EvalOptions:
  """Which images of the eval split are read.

  limit: the first so many; None for all.
  scans: as in InputOptions.
  """

  limit: int | None = None
  scans: Scans = dataclasses.field(default_factory=dict)


def train_batches(
  config: Config,
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
  count = _some_records(paths, options.scans, 'train')
  own = files_of_worker(paths, options.scans, context) if context is not None else paths
  records = _records(own or paths, reader, options.seed)
  if context is not None:
    batch_size = context.get_per_replica_batch_size(batch_size)
    if not own:
      records = records.shard(context.num_input_pipelines, context.input_pipeline_id)
  pixels = functools.partial(_pixels, paths, reader, options.scans, count)
  kept = cache.choose(config, options.cache, options.cache_directory, count, pixels)
  decoded = records.map(_decoder(reader, kept.shrink), tf.data.AUTOTUNE)
  if options.balance:
    decoded = options.balance.weighted(decoded)
  transform = _transform(config, reader, model, _augmentation(config))
  endless = functools.partial(_endless, reader=reader, options=options, count=count)
  if kept.holds_inputs:
    examples = endless(kept.keep(decoded.map(transform, tf.data.AUTOTUNE), count))
  else:
    examples = endless(kept.keep(decoded, count)).map(transform, tf.data.AUTOTUNE if options.parallel else None)
  return examples.batch(batch_size, drop_remainder=True).prefetch(max(2, reader.num_prefetch_batches))


def eval_batches(
  config: Config, model: Any, batch_size: int, options: EvalOptions | None = None
) -> tuple[tf.data.Dataset, int]:
  """Batches of (features, labels) of the eval split, in file order, and the number of images in them.

  Every batch is full: the last one is filled up with images from the start, to be left out by the caller.

  Args:
    config: complete; the first eval_input_reader is read.
    model: the DetectionModel whose `preprocess` normalises and resizes.
    batch_size: images a batch; 1 when the resizer gives images of different sizes.
    options: None for all images.

  Raises:
    DataError: if no file matches, or there is no record in them.
  """
  options = options or EvalOptions()
  reader = config.eval_input_reader[0]
  paths = record_files(reader)
  count = _some_records(paths, options.scans, 'evaluate')
  count = min(count, options.limit or count)
  dataset = _dataset(paths).take(count)
  dataset = dataset.map(_decoder(reader, None), tf.data.AUTOTUNE)
  dataset = dataset.map(_transform(config, reader, model, None, keep_pixels=True), tf.data.AUTOTUNE)
  batches = -(-count // batch_size)
  dataset = dataset.repeat().take(batches * batch_size)
  return dataset.batch(batch_size, drop_remainder=True).prefetch(2), count


def record_files(reader: input_reader_pb2.InputReader) -> list[str]:
  """The TFRecord files that an input reader names, sorted; DataError when a pattern matches none."""
  paths = []
  for pattern in reader.tf_record_input_reader.input_path:
    found = files.glob(pattern)
    if not found:
      raise DataError(f'pipeline.config: input_path "{pattern}": no such TFRecord file.')
    paths += found
  return paths


def files_of_worker(paths: Sequence[str], scans: Scans, context: tf.distribute.InputContext) -> list[str]:
  """The files that one of several workers reads alone.

  Returns:
    []: if some worker would have none with a record; then all read all files, and each keeps its share of records.
  """
  workers = context.num_input_pipelines
  shares = [list(paths[worker::workers]) for worker in range(workers)]
  return shares[context.input_pipeline_id] if all(count_records(share, scans) for share in shares) else []


def count_records(paths: Sequence[str], scans: Scans | None = None) -> int:
  """Number of records in files; those of which it is not known are read, without decoding."""
  known = _known(paths, scans or {})
  unknown = [path for path in paths if path not in known]
  counted = sum(known[path].records for path in paths if path in known)
  if unknown:
    counted += int(_dataset(unknown, _BUFFER).reduce(0, lambda n, _: n + 1).numpy())
  return counted


def _known(paths: Sequence[str], scans: Scans) -> Scans:
  """What is known of these files: given, or kept beside them."""
  return {**kept_scans.read(path for path in paths if path not in scans), **scans}


def _dataset(paths: Sequence[str], buffer_size: int | None = None) -> tf.data.Dataset:
  """The records of files, in their order."""
  names = tf.data.Dataset.from_tensor_slices(tf.constant(paths, tf.string))
  return tf.data.TFRecordDataset(_readable(paths, names), buffer_size=buffer_size)


def _readable(paths: Sequence[str], names: tf.data.Dataset) -> tf.data.Dataset:
  """`names`, some order of `paths`, as TensorFlow opens them: a file that has to be copied is when its turn comes."""
  if all(map(files.tensorflow_opens, paths)):
    return names

  def copied(name: tf.Tensor) -> tf.Tensor:
    found = tf.py_function(lambda path: local_copies.readable(path.numpy().decode()), [name], tf.string)
    return tf.ensure_shape(found, [])

  return names.map(copied)


def _some_records(paths: Sequence[str], scans: Scans, purpose: str) -> int:
  """Number of records, at least one."""
  count = count_records(paths, scans)
  if count == 0:
    raise DataError(f'{paths[0]}: no examples to {purpose} on.')
  return count


def _records(paths: list[str], reader: input_reader_pb2.InputReader, seed: int) -> tf.data.Dataset:
  if len(paths) == 1:
    return _dataset(paths, _BUFFER)
  names = tf.data.Dataset.from_tensor_slices(paths)
  if reader.shuffle:
    names = names.shuffle(len(paths), seed=seed)
  names = _readable(paths, names)
  readers = min(len(paths), max(1, reader.num_readers))
  return names.interleave(tf.data.TFRecordDataset, cycle_length=readers, num_parallel_calls=readers, deterministic=True)


def _endless(
  dataset: tf.data.Dataset, reader: input_reader_pb2.InputReader, options: InputOptions, count: int
) -> tf.data.Dataset:
  if options.balance:
    dataset = options.balance.repeated(dataset, options.seed)
    count = options.balance.most_images(count)
  if reader.shuffle:
    dataset = dataset.shuffle(min(count, max(reader.shuffle_buffer_size, 1)), seed=options.seed)
  return dataset.repeat()


def _decoder(reader: input_reader_pb2.InputReader, shrink: Callable | None) -> Callable[[tf.Tensor], dict]:
  decoder = decoder_builder.build(reader)

  @tf.autograph.experimental.do_not_convert
  def decode(record: tf.Tensor) -> dict[str, tf.Tensor]:
    example = decoder.decode(record)
    if shrink is not None:
      example[InputDataFields.image] = shrink(example[InputDataFields.image])
    return example

  return decode


def _pixels(paths: Sequence[str], reader: input_reader_pb2.InputReader, scans: Scans, count: int) -> int:
  """Pixels of all images: exact where scans say it, else estimated from the first images."""
  known_scans = _known(paths, scans)
  scanned = [known_scans[path].pixels if path in known_scans else None for path in paths]
  known = [pixels for pixels in scanned if pixels is not None]
  if len(known) == len(paths):
    return sum(known)
  decode = _decoder(reader, None)
  records = _dataset(paths).take(_SAMPLE)
  sample = [int(tf.size(decode(record)[InputDataFields.image])) // 3 for record in records]
  return count * sum(sample) // max(1, len(sample))


def _augmentation(config: Config) -> Callable:
  steps = [preprocessor_builder.build(step) for step in config.train_config.data_augmentation_options]
  return functools.partial(od_inputs.augment_input_data, data_augmentation_options=steps)


def _transform(
  config: Config,
  reader: input_reader_pb2.InputReader,
  model: Any,
  augmentation: Callable | None,
  keep_pixels: bool = False,
) -> Transform:
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
