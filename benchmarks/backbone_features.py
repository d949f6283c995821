"""The features of every backbone that takes a network's weights, against the Keras network's own, on photographs.

    python -m benchmarks.backbone_features [--networks MobileNetV2,...] [--kinds 'keras 2 .h5,slim'] [--output FILE]

Networks of tf.keras.applications with random weights, saved as each kind of file, restored into the backbone of a
detector. The figure is the largest difference as a part of the largest feature. Beside it, what a change of the pixels
in their last bits (1e-7) makes of the Keras network's own features: deep networks of random weights amplify rounding.
The suite of tests compares some.
"""

import argparse
import gc
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from benchmarks import command
from tests.support import backbone_features, keras_networks, photographs, slim_checkpoints

SLIM = 'slim'
# The grid on which the OD API's ResNet v1 pools is that of Keras for sides of 1 or 2 above a multiple of 4.
_SIZE, _RESNET_SIZE, _INCEPTION_SIZE = 96, 97, 139
_MULTIPLIERS = {'ssd_mobilenet_v2_fpnlite_cpu_160': 0.35}
_SLIM_NETWORKS = ('MobileNet', 'MobileNetV2', 'ResNet50', 'ResNet101', 'ResNet152', 'InceptionResNetV2')


class Case(NamedTuple):
  """A network of Keras; a base, and the type of its feature extractor if not the base's own; the layer compared."""

  network: str
  base: str
  extractor: str
  layer: str


CASES = (
  Case('MobileNet', 'ssd_mobilenet_v2_320', 'ssd_mobilenet_v1_keras', 'conv_pw_13_relu'),
  Case('MobileNet', 'ssd_resnet50_v1_fpn_640', 'ssd_mobilenet_v1_fpn_keras', 'conv_pw_13_relu'),
  Case('MobileNetV2', 'ssd_mobilenet_v2_fpnlite_cpu_160', '', 'Conv_1_bn'),
  Case('MobileNetV2', 'ssd_mobilenet_v2_320', '', 'out_relu'),
  Case('MobileNetV2', 'centernet_mobilenet_v2_fpn_512', '', 'out_relu'),
  *(
    Case(f'ResNet{depth}', 'ssd_resnet50_v1_fpn_640', f'ssd_resnet{depth}_v1_fpn_keras', 'conv5_block3_out')
    for depth in (50, 101, 152)
  ),
  *(
    Case(f'ResNet{depth}', 'faster_rcnn_resnet50_v1_640', f'faster_rcnn_resnet{depth}_keras', 'conv5_block3_out')
    for depth in (50, 101, 152)
  ),
  Case('ResNet50', 'centernet_resnet50_v2_512', 'resnet_v1_50_fpn', 'conv5_block3_out'),
  Case('ResNet101', 'centernet_resnet50_v2_512', 'resnet_v1_101_fpn', 'conv5_block3_out'),
  Case('ResNet50V2', 'centernet_resnet50_v2_512', '', 'post_relu'),
  Case('ResNet101V2', 'centernet_resnet50_v2_512', 'resnet_v2_101', 'post_relu'),
  Case('InceptionResNetV2', 'faster_rcnn_inception_resnet_v2_640', '', 'conv_7b_bn'),
  Case('EfficientNetB0', 'efficientdet_d0_512', '', 'top_bn'),
  Case('EfficientNetB1', 'efficientdet_d1_640', '', 'top_bn'),
  Case('EfficientNetB2', 'efficientdet_d2_768', '', 'top_bn'),
)


def run(root: Path, options: argparse.Namespace) -> str:
  """Compares case by case, each printed as it comes; returns the table."""
  rows = []
  for case in CASES:
    if options.networks and case.network not in options.networks.split(','):
      continue
    noise = rounding(case)
    for kind, found in compare(case, options.kinds.split(','), root):
      rows.append((case.network, case.extractor or case.base, kind, f'{found:.1e}', f'{noise:.1e}'))
      print(json.dumps(rows[-1]), flush=True)
    tf.keras.backend.clear_session()
    gc.collect()
  return '\n'.join(command.table(('network', 'detector', 'file', 'difference', 'by rounding'), rows)) + '\n'


def rounding(case: Case) -> float:
  """What noise of 1e-7 of the brightest pixel changes in the network's features."""
  network = keras_networks.random_network(case.network, _MULTIPLIERS.get(case.base, 1.0))
  images = photographs.batch(_size(case.network))
  noise = 1e-7 * images.max() * np.random.default_rng(0).standard_normal(images.shape)
  features = [
    backbone_features.keras_features(network, case.network, case.layer, batch)
    for batch in (images, (images + noise).astype(images.dtype))
  ]
  return backbone_features.difference(*features)


def compare(case: Case, kinds: list[str], root: Path) -> Iterator[tuple[str, float]]:
  """(kind of file, difference) of one case."""
  network = keras_networks.random_network(case.network, _MULTIPLIERS.get(case.base, 1.0))
  detector = backbone_features.Detector(backbone_features.config_of(case.base, case.extractor), _unpadded(case))
  for kind in kinds:
    path = str(root / f'{kind.replace(" ", "-")}{case.network}')
    if kind != SLIM:
      write, name = keras_networks.KERAS_FILES[kind]
      path += name
      write(network, path)
    elif case.network in _SLIM_NETWORKS:
      slim_checkpoints.write(network, path)
    else:
      continue
    yield (
      kind,
      backbone_features.compare(network, case.network, detector, path, case.layer, _size(case.network), kind == SLIM),
    )


def _size(network: str) -> int:
  if network == 'InceptionResNetV2':
    return _INCEPTION_SIZE
  return _RESNET_SIZE if network in ('ResNet50', 'ResNet101', 'ResNet152') else _SIZE


def _unpadded(case: Case) -> Any:
  """Inception-ResNet that pads as Keras does; the detector's own pads so that its maps are aligned with the image."""
  if case.network != 'InceptionResNetV2':
    return None
  from object_detection.models.keras_models import inception_resnet_v2  # once detection.odapi is imported

  return inception_resnet_v2.inception_resnet_v2(False, align_feature_maps=False, weights=None, include_top=False)


if __name__ == '__main__':
  every = [kind for kind in keras_networks.KERAS_FILES if kind != 'SavedModel']
  command.main(__doc__, run, networks='', kinds=','.join([*every, SLIM]))
