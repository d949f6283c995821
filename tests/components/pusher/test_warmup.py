"""The warm-up requests."""

from components.pusher import warmup


def test_the_warm_up_requests_are_answered_by_the_model(colour_model, tmp_path):
  import tensorflow as tf
  from tensorflow_serving.apis import prediction_log_pb2

  (tmp_path / 'requests').write_bytes(warmup.requests())
  model = tf.saved_model.load(str(colour_model / 'Format-Serving'))
  asked = []
  for record in tf.data.TFRecordDataset(str(tmp_path / 'requests')).as_numpy_iterator():
    request = prediction_log_pb2.PredictionLog.FromString(record).predict_log.request
    tensors = {name: tf.constant(tf.make_ndarray(tensor)) for name, tensor in request.inputs.items()}
    answer = model.signatures[request.model_spec.signature_name](**tensors)
    asked.append((request.model_spec.signature_name, int(answer['num_detections'].shape[0])))
  assert asked == [('serving_default', 1), *(('image_bytes', size) for size in (1, 2, 4, 8))]
