"""A config written for TPU pods or for TF 1, made one that trains on GPUs or a CPU with TF 2, or refused."""

from typing import Any

from detection.base import suggest
from detection.base.errors import ConfigError
from detection.odapi.config.config_io import Config

# What the OD API 2.8 builds on TF 2; a test holds this list against its model_builder.
EXTRACTORS = {
  'ssd': (
    'ssd_mobilenet_v1_keras',
    'ssd_mobilenet_v1_fpn_keras',
    'ssd_mobilenet_v2_keras',
    'ssd_mobilenet_v2_fpn_keras',
    'ssd_resnet50_v1_fpn_keras',
    'ssd_resnet101_v1_fpn_keras',
    'ssd_resnet152_v1_fpn_keras',
    *(f'ssd_efficientnet-b{size}_bifpn_keras' for size in range(8)),
  ),
  'faster_rcnn': (
    'faster_rcnn_resnet50_keras',
    'faster_rcnn_resnet101_keras',
    'faster_rcnn_resnet152_keras',
    'faster_rcnn_inception_resnet_v2_keras',
    'faster_rcnn_resnet50_fpn_keras',
    'faster_rcnn_resnet101_fpn_keras',
    'faster_rcnn_resnet152_fpn_keras',
  ),
  'center_net': (
    'resnet_v2_50',
    'resnet_v2_101',
    'resnet_v1_18_fpn',
    'resnet_v1_34_fpn',
    'resnet_v1_50_fpn',
    'resnet_v1_101_fpn',
    *(f'hourglass_{size}' for size in (10, 20, 32, 52, 104)),
    'mobilenet_v2',
    'mobilenet_v2_fpn',
    'mobilenet_v2_fpn_sep_conv',
  ),
}
# TF 1 extractors whose TF 2 successor is not simply their name with _keras behind it.
_SUCCESSORS = {
  'ssd_inception_v2': 'ssd_resnet50_v1_fpn_keras',
  'ssd_inception_v3': 'ssd_resnet50_v1_fpn_keras',
  'ssd_mobilenet_v1_ppn': 'ssd_mobilenet_v1_fpn_keras',
  'embedded_ssd_mobilenet_v1': 'ssd_mobilenet_v1_keras',
  'ssd_mobilenet_v2_mnasfpn': 'ssd_mobilenet_v2_fpn_keras',
  'ssd_mobilenet_v3_large': 'ssd_mobilenet_v2_fpn_keras',
  'ssd_mobilenet_v3_small': 'ssd_mobilenet_v2_fpn_keras',
  'ssd_mobilenet_edgetpu': 'ssd_mobilenet_v2_fpn_keras',
  'ssd_resnet50_v1_ppn': 'ssd_resnet50_v1_fpn_keras',
  'ssd_resnet101_v1_ppn': 'ssd_resnet101_v1_fpn_keras',
  'ssd_resnet152_v1_ppn': 'ssd_resnet152_v1_fpn_keras',
  'ssd_pnasnet': 'ssd_efficientnet-b4_bifpn_keras',
  'ssd_mobiledet_cpu': 'ssd_mobilenet_v2_fpn_keras',
  'ssd_mobiledet_dsp': 'ssd_mobilenet_v2_fpn_keras',
  'ssd_mobiledet_edgetpu': 'ssd_mobilenet_v2_fpn_keras',
  'ssd_mobiledet_gpu': 'ssd_mobilenet_v2_fpn_keras',
  'ssd_spaghettinet': 'ssd_mobilenet_v2_fpn_keras',
  'faster_rcnn_nas': 'faster_rcnn_inception_resnet_v2_keras',
  'faster_rcnn_pnas': 'faster_rcnn_inception_resnet_v2_keras',
  'faster_rcnn_inception_v2': 'faster_rcnn_resnet50_keras',
}
_TRAIN_ON_TPU = ('use_bfloat16', 'sync_replicas', 'replicas_to_aggregate', 'startup_delay_steps')
_FASTER_RCNN_ON_TPU = (
  'use_static_shapes',
  'use_static_shapes_for_eval',
  'use_matmul_crop_and_resize',
  'use_matmul_gather_in_matcher',
  'use_static_balanced_label_sampler',
  'use_partitioned_nms_in_first_stage',
  'use_combined_nms_in_first_stage',
)
# Of TF 1's graph: without effect on TF 2, or refused by it.
_OF_TF1 = ('batch_queue_capacity', 'num_batch_queue_threads', 'prefetch_queue_capacity', 'summarize_gradients')


def extractor(config: Config) -> str:
  """The type of the feature extractor of whichever meta-architecture is set."""
  return getattr(config.model, config.model.WhichOneof('model')).feature_extractor.type


def problems(config: Config) -> list[str]:
  """What of the model TF 2 cannot build, one sentence each, with its successor."""
  family = config.model.WhichOneof('model')
  if family not in EXTRACTORS:
    return [f'model.{family}: not built by the OD API on TF 2. Expected one of {", ".join(EXTRACTORS)}.']
  found = []
  kind = extractor(config)
  if kind not in EXTRACTORS[family]:
    found.append(f'model.{family}.feature_extractor.type: {_advice(kind, family)}')
  if family == 'faster_rcnn' and config.model.faster_rcnn.second_stage_box_predictor.HasField('rfcn_box_predictor'):
    found.append(
      'model.faster_rcnn.second_stage_box_predictor.rfcn_box_predictor: R-FCN is for TF 1 alone. '
      'Its TF 2 successor: mask_rcnn_box_predictor.'
    )
  return found


def make_portable(config: Config) -> None:
  """Turns off, in place, what works on TPUs alone and what only TF 1 knew.

  Raises:
    ConfigError: if the model itself is of TF 1, naming its TF 2 successor.
  """
  found = problems(config)
  if found:
    raise ConfigError('pipeline.config: ' + ' '.join(found))
  _clear(config.train_config, (*_TRAIN_ON_TPU, *_OF_TF1))
  config.ClearField('graph_rewriter')  # quantization-aware training, of TF 1's graphs
  if config.model.HasField('faster_rcnn'):
    model = config.model.faster_rcnn
    if model.use_static_shapes:
      # Without static shapes the padding of the ground truth has to go as well, as in the garden's own GPU configs.
      config.train_config.ClearField('unpad_groundtruth_tensors')
    _clear(model, _FASTER_RCNN_ON_TPU)
  elif config.model.HasField('ssd'):
    _clear(config.model.ssd, ('inplace_batchnorm_update',))


def _advice(kind: str, family: str) -> str:
  successor = _SUCCESSORS.get(kind, f'{kind}_keras')
  if successor in (name for names in EXTRACTORS.values() for name in names):
    return f'"{kind}" is for TF 1 alone. Its TF 2 successor: "{successor}".'
  return f'unknown "{kind}"; {suggest.hint(kind, EXTRACTORS[family])}.'


def _clear(message: Any, names: tuple[str, ...]) -> None:
  for name in names:
    message.ClearField(name)
