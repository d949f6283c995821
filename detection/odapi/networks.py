"""The classification networks that are backbones here, and what was published of each: one row a network of
tf.keras.applications. To make weights of another network usable, add a row and name it in families.py."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping

IMAGENET = 'imagenet'
# Channels of the narrowest layer of a MobileNet.
LEAST_DEPTH = 8
# Of the first layer of EfficientNet, for pixels of 0..1 in red, green, blue.
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@dataclasses.dataclass(frozen=True)
class Network:
  """One network.

  name: in tf.keras.applications.
  marks: names of layers that it has and no smaller relative has.
  activation: as Hyperparams.Activation names it; empty where a config cannot change it.
  epsilon: of its batch norms, in Keras and, for those that slim has too, close to it in slim.
  bgr: whether Keras's weights saw blue, green, red; slim's saw red, green, blue.
  width: (layer, its number of output channels at depth multiplier 1), where networks differ in their widths alone.
  last: the layers after which no other follows: a detector's may have fewer channels.
  files: {depth multiplier: file that Keras publishes, without the classifier}.
  """

  name: str
  marks: tuple[str, ...]
  files: Mapping[float, str]
  activation: str = ''
  epsilon: float = 1e-3
  bgr: bool = False
  width: tuple[str, int] | None = None
  last: tuple[str, ...] = ()


def _mobilenet_v1(multiplier: float) -> str:
  text = {1.0: '1_0', 0.75: '7_5', 0.5: '5_0', 0.25: '2_5'}[multiplier]
  return f'mobilenet_{text}_224_tf_no_top.h5'


def _one_file(name: str) -> Mapping[float, str]:
  return {1.0: f'{name}.h5'}


def _resnet(name: str, last_block: str, mark: str, v1: bool) -> Network:
  file = f'{name.lower()}_weights_tf_dim_ordering_tf_kernels_notop'
  return Network(name, (mark, last_block), _one_file(file), 'RELU', epsilon=1.001e-5, bgr=v1)


_DEPTHS = {'50': 'conv4_block6_1_conv', '101': 'conv4_block23_1_conv', '152': 'conv4_block36_1_conv'}
_ROWS = (
  Network(
    'MobileNet',
    ('conv_dw_13', 'conv_pw_13'),
    {multiplier: _mobilenet_v1(multiplier) for multiplier in (0.25, 0.5, 0.75, 1.0)},
    'RELU_6',
    width=('conv_pw_13', 1024),
  ),
  Network(
    'MobileNetV2',
    ('expanded_conv_project', 'block_16_project'),
    {
      multiplier: f'mobilenet_v2_weights_tf_dim_ordering_tf_kernels_{multiplier}_224_no_top.h5'
      for multiplier in (0.35, 0.5, 0.75, 1.0, 1.3, 1.4)
    },
    'RELU_6',
    width=('block_16_project', 320),
    last=('Conv_1', 'Conv_1_bn'),
  ),
  *(_resnet(f'ResNet{depth}', last, 'conv2_block1_3_bn', True) for depth, last in _DEPTHS.items()),
  *(_resnet(f'ResNet{depth}V2', last, 'conv2_block1_preact_bn', False) for depth, last in _DEPTHS.items()),
  Network(
    'InceptionResNetV2',
    ('block35_1_conv', 'conv_7b'),
    _one_file('inception_resnet_v2_weights_tf_dim_ordering_tf_kernels_notop'),
  ),
  Network('EfficientNetB0', ('block1a_dwconv',), _one_file('efficientnetb0_notop'), width=('top_conv', 1280)),
  *(
    Network(
      f'EfficientNetB{size}',
      ('block1b_dwconv', 'block2c_dwconv'),
      _one_file(f'efficientnetb{size}_notop'),
      width=('top_conv', top),
    )
    for size, top in ((1, 1280), (2, 1408))
  ),
)
NETWORKS: Mapping[str, Network] = {row.name: row for row in _ROWS}

_STACK = re.compile(r'stack_(\d+)/block_(\d+)/(.+)')
_IN_BLOCK = {
  'expand_conv2d': 'expand_conv',
  'expand_bn': 'expand_bn',
  'depthwise_conv2d': 'dwconv',
  'depthwise_bn': 'bn',
  'se_reduce_conv2d': 'se_reduce',
  'se_expand_conv2d': 'se_expand',
  'project_conv2d': 'project_conv',
  'project_bn': 'project_bn',
}
_OTHERS = {'stem_conv2d': 'stem_conv', 'top_conv2d': 'top_conv'}
_NUMBERED = re.compile(r'^(conv2d|batch_normalization|freezable_batch_norm)(?:_(\d+))?$')


def keras_name(name: str) -> str:
  """The name that tf.keras.applications gives a layer of the OD API's EfficientNet; all others keep theirs."""
  match = _STACK.fullmatch(name)
  if match and match[3] in _IN_BLOCK:
    return f'block{int(match[1]) + 1}{chr(ord("a") + int(match[2]))}_{_IN_BLOCK[match[3]]}'
  return _OTHERS.get(name, name)


def by_place(names: Iterable[str]) -> dict[str, str]:
  """{layer's name: its name counted from 0 within these layers}, for layers that Keras only numbers.

  Keras counts on through all models of a process, so that the first convolution may be `conv2d_203`.
  """
  numbers: dict[str, list[tuple[int, str]]] = {}
  for name in names:
    match = _NUMBERED.match(name)
    if match:
      kind = 'conv2d' if match[1] == 'conv2d' else 'batch_normalization'
      numbers.setdefault(kind, []).append((int(match[2] or 0), name))
  return {name: f'{kind}_{place}' for kind, found in numbers.items() for place, (_, name) in enumerate(sorted(found))}


def recognize(channels: Mapping[str, int]) -> Network | None:
  """The deepest network of the table whose marks are among these layers; None if there is none.

  Args:
    channels: {layer: number of its output channels}; it tells apart networks of the same layers.
  """
  fitting = [row for row in _ROWS if channels.keys() >= set(row.marks)]
  alike = [row for row in fitting if row.marks == fitting[-1].marks]
  exact = [row for row in alike if row.width and channels.get(row.width[0]) == row.width[1]]
  return next(iter(exact or alike), None)


def multiplier(network: Network, channels: Mapping[str, int]) -> float | None:
  """The depth multiplier of weights of this network; None where it comes in one width or the layer is not there."""
  if network.width is None or len(network.files) == 1 or network.width[0] not in channels:
    return None
  layer, full = network.width
  return round(channels[layer] / full, 3)
