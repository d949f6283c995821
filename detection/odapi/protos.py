"""The OD API's message types, for code that only reads and writes configs: importing them needs no TensorFlow."""

from object_detection.protos import (
  anchor_generator_pb2,
  center_net_pb2,
  faster_rcnn_pb2,
  hyperparams_pb2,
  image_resizer_pb2,
  input_reader_pb2,
  optimizer_pb2,
  pipeline_pb2,
  preprocessor_pb2,
  train_pb2,
)

__all__ = [
  'anchor_generator_pb2',
  'center_net_pb2',
  'faster_rcnn_pb2',
  'hyperparams_pb2',
  'image_resizer_pb2',
  'input_reader_pb2',
  'optimizer_pb2',
  'pipeline_pb2',
  'preprocessor_pb2',
  'train_pb2',
]
