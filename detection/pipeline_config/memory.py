"""What training a config takes of memory, estimated before anything is built."""

from detection.odapi.config.config_io import Config
from detection.pipeline_config import portable, sizes

# {extractor: (bytes a pixel, MB an image, millions of parameters)}. Bytes: float32 outputs of all operations of one
# forward pass in training, summed over a traced graph at 256 x 256; for two-stage models also at 384 x 384, which tells
# what grows with the image from the second stage's crops, which do not. Parameters: of the whole detector.
TRACED = {
  'ssd_mobilenet_v2_keras': (1750, 0, 5),
  'ssd_mobilenet_v2_fpn_keras': (3000, 0, 3),
  'ssd_resnet50_v1_fpn_keras': (4700, 0, 32),
  'ssd_efficientnet-b0_bifpn_keras': (4450, 0, 4),
  'ssd_efficientnet-b1_bifpn_keras': (5600, 0, 7),
  'ssd_efficientnet-b2_bifpn_keras': (6100, 0, 8),
  'faster_rcnn_resnet50_keras': (2770, 220, 28),
  'faster_rcnn_resnet101_keras': (4260, 220, 47),
  'faster_rcnn_inception_resnet_v2_keras': (4910, 3360, 59),
  'resnet_v2_50': (4050, 0, 30),
  'mobilenet_v2_fpn': (2550, 0, 2),
  'mobilenet_v2_fpn_sep_conv': (2550, 0, 2),
}
_OTHERS = (8000, 250, 60)
# Not every output is kept for the backward pass: 0.5 to 1.0 of them, by benchmarks/memory_estimate.py.
_KEPT = 0.75
# TensorFlow itself, the input pipeline, and the workspace of convolutions.
_FIXED_GIB = 1.0
_GIB = 2**30
# More than most single GPUs have.
_LARGE_GIB = 24.0


def estimate(config: Config) -> float:
  """GiB that a training step takes on one device: weights, gradients, optimizer slots, and activations.

  Activations grow with batch size and pixels. Meant to tell 4 GiB from 40, not 10 from 12.
  """
  train = config.train_config
  height, width = sizes.input_shape(config)
  bytes_a_pixel, mb_an_image, millions = TRACED.get(portable.extractor(config), _OTHERS)
  # float32 weights and gradients, and what the optimizer keeps for each weight.
  copies = 4 if train.optimizer.HasField('adam_optimizer') else 3
  activations = _KEPT * train.batch_size * (height * width * bytes_a_pixel + mb_an_image * 1e6)
  return _FIXED_GIB + (activations + millions * 1e6 * 4 * copies) / _GIB


def warnings(config: Config, gib: float) -> list[str]:
  """A sentence when no usual GPU would hold the estimate, with a batch size that one would."""
  if gib <= _LARGE_GIB:
    return []
  batch = config.train_config.batch_size
  smaller = max(1, int(batch * (_LARGE_GIB - _FIXED_GIB) / gib))
  return [
    f'a batch of {batch} takes some {gib:.0f} GiB to train, by estimate. On one GPU of {_LARGE_GIB:.0f} GiB '
    f'train.batch_size: {smaller} would fit.'
  ]
