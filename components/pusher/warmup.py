"""Warm-up requests for TensorFlow Serving: run when a version is loaded, so that no user waits for the first call.

Reference: https://www.tensorflow.org/tfx/serving/saved_model_warmup
"""

import os
import tempfile

import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

from components.pusher import batching

_SHAPE = (320, 320, 3)


def requests(model_name: str = 'detector') -> bytes:
  """The file's content: TFRecords of a PredictionLog: an image tensor, and JPEG bytes for each batch size.

  TensorFlow prepares its kernels for each shape that it meets.
  """
  image = np.zeros(_SHAPE, np.uint8)
  encoded = tf.io.encode_jpeg(image).numpy()
  inputs = [
    ('serving_default', 'input_tensor', tf.make_tensor_proto(image[np.newaxis])),
    *(('image_bytes', 'image_bytes', tf.make_tensor_proto([encoded] * size)) for size in batching.SIZES),
  ]
  with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, 'requests')
    with tf.io.TFRecordWriter(path) as writer:
      for signature, argument, tensor in inputs:
        request = predict_pb2.PredictRequest(inputs={argument: tensor})
        request.model_spec.name, request.model_spec.signature_name = model_name, signature
        log = prediction_log_pb2.PredictionLog(predict_log=prediction_log_pb2.PredictLog(request=request))
        writer.write(log.SerializeToString())
    with open(path, 'rb') as file:
      return file.read()
