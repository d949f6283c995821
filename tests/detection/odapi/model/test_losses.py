import types

import tensorflow as tf

from detection.odapi.config import config_io
from detection.odapi.model.losses import TOTAL_LOSS, DetectionLosses

FEATURES = {'image': tf.ones([1, 8, 8, 3]), 'true_image_shape': tf.constant([[8, 8, 3]])}
LABELS = {
  'groundtruth_boxes': tf.zeros([1, 2, 4]),
  'groundtruth_classes': tf.zeros([1, 2, 3]),
  'groundtruth_weights': tf.ones([1, 2]),
  'num_groundtruth_boxes': tf.constant([1]),
}


def compute(text, unpad, given):
  """The losses of a model that predicts in half precision and has a regularisation loss of 2 + 3."""
  model = types.SimpleNamespace(
    get_side_inputs=lambda features: {},
    predict=lambda images, shapes: {'scores': tf.cast(images, tf.bfloat16)},
    loss=lambda predictions, shapes: {'Loss/one': tf.reduce_mean(predictions['scores']), 'Loss/two': tf.constant(4.0)},
    regularization_losses=lambda: [tf.constant(2.0), tf.constant(3.0)],
    provide_groundtruth=lambda **arguments: given.update(arguments),
  )
  losses, predictions = DetectionLosses(config_io.parse(text), model).compute(FEATURES, LABELS, None, unpad)
  return {name: float(value) for name, value in losses.items()}, predictions


def test_the_total_is_the_models_losses_and_regularisation():
  losses, predictions = compute('', unpad=False, given={})
  assert losses == {'Loss/one': 1.0, 'Loss/two': 4.0, 'Loss/regularization_loss': 5.0, TOTAL_LOSS: 10.0}
  assert predictions['scores'].dtype == tf.float32


def test_regularisation_can_be_left_out():
  losses, _ = compute('train_config { add_regularization_loss: false }', unpad=False, given={})
  assert losses[TOTAL_LOSS] == 5.0


def test_padding_is_cut_when_asked_for():
  padded, cut = {}, {}
  compute('', unpad=False, given=padded)
  compute('', unpad=True, given=cut)
  assert padded['groundtruth_boxes_list'][0].shape == (2, 4)
  assert cut['groundtruth_boxes_list'][0].shape == (1, 4)
