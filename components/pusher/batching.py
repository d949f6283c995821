"""Batching parameters for TensorFlow Serving: how it puts requests that wait into one call of the model.

It reads them from the version's folder when started with --enable_batching and --enable_per_model_batching_parameters.
The proto is BatchingParameters in tensorflow_serving/servables/tensorflow/session_bundle_config.proto.
"""

FILE_NAME = 'batching_params.pbtxt'

# A call of 8 images takes the cores of a server well; more add latency and little else (docs/serving.md).
SIZES = (1, 2, 4, 8)
_WAIT_MICROSECONDS = 2000  # a small part of what one image takes
_MOST_WAITING = 100  # batches; what comes above it is refused at once, with UNAVAILABLE


def parameters() -> str:
  """The file's content. A batch is filled up to the next of SIZES, so that the model meets only these."""
  lines = [
    f'max_batch_size {{ value: {SIZES[-1]} }}',
    f'batch_timeout_micros {{ value: {_WAIT_MICROSECONDS} }}',
    f'max_enqueued_batches {{ value: {_MOST_WAITING} }}',
    *(f'allowed_batch_sizes: {size}' for size in SIZES),
  ]
  return '\n'.join(lines) + '\n'
