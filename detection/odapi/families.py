"""What the project knows of each model family: one row a meta-architecture, and within it one row a feature extractor.

A family is a member of the oneof `model` in pipeline.config. Code that treats families differently asks the row here.
To add a feature extractor, add it to its family's `extractors`; to add a family, add a row to `_ROWS`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, Literal

from detection.base.errors import ConfigError
from detection.odapi.config.config_io import Config


@dataclasses.dataclass(frozen=True)
class Memory:
  """What a training step takes, measured on a traced graph.

  bytes_a_pixel: float32 outputs of all operations of one forward pass in training, by pixels of the image, summed at
    256 x 256; for two-stage models also at 384 x 384, which tells what grows with the image from what does not.
  mb_an_image: MB an image that do not grow with it: the second stage's crops.
  millions: of parameters of the whole detector.
  """

  bytes_a_pixel: int
  mb_an_image: int
  millions: int


@dataclasses.dataclass(frozen=True)
class Extractor:
  """One feature extractor that the OD API builds on TF 2.

  backbone: regular expression that finds the backbone's variables by the name Keras gives their layer; what it does
    not find is pyramid or head.
  memory: None where it was not measured.
  network: its backbone's name in networks.NETWORKS; empty where no published weights fit.
  bgr: whether it gives its backbone blue, green, red.
  """

  backbone: str
  memory: Memory | None = None
  network: str = ''
  bgr: bool = False


def _no_change(_: Any) -> None:
  """For families that need nothing more."""


@dataclasses.dataclass(frozen=True)
class Family:
  """One meta-architecture.

  name: its field in `model` of pipeline.config.
  extractors: {feature_extractor.type: Extractor}, all that the OD API builds on TF 2.
  predictors: attributes of the DetectionModel that turn features into boxes and classes.
  adapts: whether its feature maps can be aligned between two domains.
  tflite: how it becomes a TFLite graph: by the OD API's own module, which ends in TFLite's suppression ('module'), or
    from the model's own prediction ('model'); None where the OD API cannot convert it.
  stride: pixels between neighbouring predictions at the finest, where the anchors do not say.
  other_tasks: dotted fields of what VOC annotations do not hold: masks, keypoints, tracks.
  find_boxes: changes the message in place, where clearing `other_tasks` does not suffice to find boxes only.
  pads_before_preprocessing: whether an image is padded first and then preprocessed; else the other way round.
  anchors: field of the anchor generator; '' without anchors.
  clips_anchors: field that says whether anchors beyond the image's edge are clipped, or else left out; '' if such
    anchors are kept.
  for_tpu: fields that work only on TPUs, or belong to TF 1.
  successors: {extractor of TF 1: its TF 2 successor}, where that is not the same name with `_keras` behind it.
  tf1_parts: {dotted field: sentence} of parts that TF 2 cannot build.
  """

  name: str
  extractors: Mapping[str, Extractor]
  predictors: tuple[str, ...]
  adapts: bool
  tflite: Literal['module', 'model'] | None
  stride: int
  other_tasks: tuple[str, ...]
  find_boxes: Callable[[Any], None] = _no_change
  pads_before_preprocessing: bool = False
  anchors: str = ''
  clips_anchors: str = ''
  for_tpu: tuple[str, ...] = ()
  successors: Mapping[str, str] = dataclasses.field(default_factory=dict)
  tf1_parts: Mapping[str, str] = dataclasses.field(default_factory=dict)


def of(config: Config) -> Family:
  """The row of the config's model.

  Raises:
    ConfigError: if there is none, since the OD API does not build it on TF 2.
  """
  name = config.model.WhichOneof('model')
  if name not in FAMILIES:
    raise ConfigError(f'pipeline.config: {not_built(name)}')
  return FAMILIES[name]


def body(config: Config) -> Any:
  """The message of whichever meta-architecture is set, such as an Ssd. Raises ConfigError as `of`."""
  return getattr(config.model, of(config).name)


def extractor_type(config: Config) -> str:
  """The type of the model's feature extractor. Raises ConfigError as `of`."""
  return body(config).feature_extractor.type


def extractor(config: Config) -> Extractor | None:
  """The row of the model's feature extractor; None if the OD API does not build it on TF 2. Raises as `of`."""
  return of(config).extractors.get(extractor_type(config))


def not_built(name: str | None) -> str:
  """The sentence about a meta-architecture that has no row."""
  return f'model.{name}: not built by the OD API on TF 2. Expected one of {", ".join(FAMILIES)}.'


def check_adapts(config: Config) -> None:
  """Raises ConfigError unless the model can adapt to another domain."""
  kind = config.model.WhichOneof('model')
  if kind not in FAMILIES or not FAMILIES[kind].adapts:
    raise ConfigError(f'adapt: not for model {kind} in pipeline.config. Expected an SSD, EfficientDet or CenterNet.')


def check_tflite_family(config: Config) -> None:
  """Raises ConfigError if the model is of a family that cannot be converted to TFLite."""
  kind = config.model.WhichOneof('model')
  if kind not in FAMILIES or FAMILIES[kind].tflite is None:
    raise ConfigError(
      'export.tflite: the OD API converts SSD and EfficientDet and CenterNet to TFLite; model.base is of the family '
      f'{kind}. Choose another base, or leave export.tflite empty.'
    )


def check_tflite(config: Config) -> None:
  """Raises ConfigError if the model is of a family or an image size that cannot be converted to TFLite."""
  check_tflite_family(config)
  resizer = body(config).image_resizer
  keep = resizer.keep_aspect_ratio_resizer
  one_size = resizer.HasField('fixed_shape_resizer') or (
    keep.pad_to_max_dimension and keep.min_dimension == keep.max_dimension
  )
  if not one_size:
    raise ConfigError(
      'export.tflite: TFLite needs images of one size. Expected a fixed_shape_resizer, or a keep_aspect_ratio_resizer '
      'with pad_to_max_dimension and min_dimension equal to max_dimension, in pipeline.config.'
    )


def _two_stages(model: Any) -> None:
  """A third stage refines masks."""
  if model.number_of_stages == 3:
    model.number_of_stages = 2


def _box_head(model: Any) -> None:
  """A pose-only CenterNet has no box head: give it the one of Zhou et al., arXiv:1904.07850."""
  if model.HasField('object_detection_task'):
    return
  task = model.object_detection_task
  task.task_loss_weight = 1.0
  task.offset_loss_weight = 1.0
  task.scale_loss_weight = 0.1
  task.localization_loss.l1_localization_loss.SetInParent()


_EFFICIENTNET = '^(stem_|stack_|top_)'
_MOBILENET_V1 = '^(conv1|conv_dw_|conv_pw_)'
_MOBILENET_V2 = '^(Conv1|bn_Conv1|expanded_conv|block_|Conv_1)'
_RESNET = r'^(conv\d_|post_bn)'
# The last block works on cut-out features, as part of the second stage: it is trained with the heads.
_RESNET_FIRST_STAGE = '^conv[1-4]_'
_INCEPTION_RESNET = '^(conv2d|freezable_batch_norm|block|conv_7b)'
_HOURGLASS = 'hourglass_network/'

_MASK_PREDICTOR = 'second_stage_box_predictor.mask_rcnn_box_predictor'

_ROWS = (
  Family(
    name='ssd',
    extractors={
      'ssd_mobilenet_v1_keras': Extractor(_MOBILENET_V1, network='MobileNet'),
      'ssd_mobilenet_v1_fpn_keras': Extractor(_MOBILENET_V1, network='MobileNet'),
      'ssd_mobilenet_v2_keras': Extractor(_MOBILENET_V2, Memory(1750, 0, 5), 'MobileNetV2'),
      'ssd_mobilenet_v2_fpn_keras': Extractor(_MOBILENET_V2, Memory(3000, 0, 3), 'MobileNetV2'),
      'ssd_resnet50_v1_fpn_keras': Extractor(_RESNET, Memory(4700, 0, 32), 'ResNet50'),
      'ssd_resnet101_v1_fpn_keras': Extractor(_RESNET, network='ResNet101'),
      'ssd_resnet152_v1_fpn_keras': Extractor(_RESNET, network='ResNet152'),
      'ssd_efficientnet-b0_bifpn_keras': Extractor(_EFFICIENTNET, Memory(4450, 0, 4), 'EfficientNetB0'),
      'ssd_efficientnet-b1_bifpn_keras': Extractor(_EFFICIENTNET, Memory(5600, 0, 7), 'EfficientNetB1'),
      'ssd_efficientnet-b2_bifpn_keras': Extractor(_EFFICIENTNET, Memory(6100, 0, 8), 'EfficientNetB2'),
      **{f'ssd_efficientnet-b{size}_bifpn_keras': Extractor(_EFFICIENTNET) for size in range(3, 8)},
    },
    successors={
      'ssd_inception_v2': 'ssd_resnet50_v1_fpn_keras',
      'ssd_inception_v3': 'ssd_resnet50_v1_fpn_keras',
      'ssd_mobilenet_v1_ppn': 'ssd_mobilenet_v1_fpn_keras',
      'embedded_ssd_mobilenet_v1': 'ssd_mobilenet_v1_keras',
      'ssd_mobilenet_v2_mnasfpn': 'ssd_mobilenet_v2_fpn_keras',
      'ssd_mobilenet_v3_large': 'ssd_mobilenet_v2_fpn_keras',
      'ssd_mobilenet_v3_small': 'ssd_mobilenet_v2_fpn_keras',
      'ssd_mobilenet_edgetpu': 'ssd_mobilenet_v2_fpn_keras',
      **{f'ssd_resnet{depth}_v1_ppn': f'ssd_resnet{depth}_v1_fpn_keras' for depth in (50, 101, 152)},
      'ssd_pnasnet': 'ssd_efficientnet-b4_bifpn_keras',
      **{f'ssd_mobiledet_{kind}': 'ssd_mobilenet_v2_fpn_keras' for kind in ('cpu', 'dsp', 'edgetpu', 'gpu')},
      'ssd_spaghettinet': 'ssd_mobilenet_v2_fpn_keras',
    },
    predictors=('_box_predictor',),
    adapts=True,
    tflite='module',
    stride=16,
    anchors='anchor_generator',
    for_tpu=('inplace_batchnorm_update',),
    other_tasks=('mask_head_config',),
  ),
  Family(
    name='faster_rcnn',
    extractors={
      'faster_rcnn_resnet50_keras': Extractor(_RESNET_FIRST_STAGE, Memory(2770, 220, 28), 'ResNet50'),
      'faster_rcnn_resnet101_keras': Extractor(_RESNET_FIRST_STAGE, Memory(4260, 220, 47), 'ResNet101'),
      'faster_rcnn_resnet152_keras': Extractor(_RESNET_FIRST_STAGE, network='ResNet152'),
      'faster_rcnn_inception_resnet_v2_keras': Extractor(
        _INCEPTION_RESNET, Memory(4910, 3360, 59), 'InceptionResNetV2'
      ),
      'faster_rcnn_resnet50_fpn_keras': Extractor(_RESNET, network='ResNet50'),
      'faster_rcnn_resnet101_fpn_keras': Extractor(_RESNET, network='ResNet101'),
      'faster_rcnn_resnet152_fpn_keras': Extractor(_RESNET, network='ResNet152'),
    },
    successors={
      'faster_rcnn_nas': 'faster_rcnn_inception_resnet_v2_keras',
      'faster_rcnn_pnas': 'faster_rcnn_inception_resnet_v2_keras',
      'faster_rcnn_inception_v2': 'faster_rcnn_resnet50_keras',
    },
    predictors=('_first_stage_box_predictor', '_mask_rcnn_box_predictor'),
    adapts=False,
    tflite=None,
    stride=16,
    anchors='first_stage_anchor_generator',
    clips_anchors='clip_anchors_to_image',
    for_tpu=(
      'use_static_shapes',
      'use_static_shapes_for_eval',
      'use_matmul_crop_and_resize',
      'use_matmul_gather_in_matcher',
      'use_static_balanced_label_sampler',
      'use_partitioned_nms_in_first_stage',
      'use_combined_nms_in_first_stage',
    ),
    tf1_parts={
      'second_stage_box_predictor.rfcn_box_predictor': (
        'R-FCN is for TF 1 alone. Its TF 2 successor: mask_rcnn_box_predictor.'
      ),
    },
    other_tasks=(
      f'{_MASK_PREDICTOR}.predict_instance_masks',
      f'{_MASK_PREDICTOR}.predict_keypoints',
      f'{_MASK_PREDICTOR}.mask_height',
      f'{_MASK_PREDICTOR}.mask_width',
      f'{_MASK_PREDICTOR}.mask_prediction_conv_depth',
      f'{_MASK_PREDICTOR}.mask_prediction_num_conv_layers',
      'second_stage_mask_prediction_loss_weight',
      'context_config',
    ),
    find_boxes=_two_stages,
  ),
  Family(
    name='center_net',
    extractors={
      'resnet_v2_50': Extractor(_RESNET, Memory(4050, 0, 30), 'ResNet50V2'),
      'resnet_v2_101': Extractor(_RESNET, network='ResNet101V2'),
      **{f'resnet_v1_{depth}_fpn': Extractor(_RESNET) for depth in (18, 34)},
      **{f'resnet_v1_{depth}_fpn': Extractor(_RESNET, network=f'ResNet{depth}', bgr=True) for depth in (50, 101)},
      **{f'hourglass_{size}': Extractor(_HOURGLASS) for size in (10, 20, 32, 52, 104)},
      'mobilenet_v2': Extractor(_MOBILENET_V2, network='MobileNetV2'),
      'mobilenet_v2_fpn': Extractor(_MOBILENET_V2, Memory(2550, 0, 2), 'MobileNetV2'),
      'mobilenet_v2_fpn_sep_conv': Extractor(_MOBILENET_V2, Memory(2550, 0, 2), 'MobileNetV2'),
    },
    predictors=('_prediction_head_dict',),
    adapts=True,
    tflite='model',
    pads_before_preprocessing=True,
    stride=4,
    other_tasks=(
      'keypoint_estimation_task',
      'keypoint_label_map_path',
      'mask_estimation_task',
      'densepose_estimation_task',
      'track_estimation_task',
      'temporal_offset_task',
      'deepmac_mask_estimation',
    ),
    find_boxes=_box_head,
  ),
)
FAMILIES: Mapping[str, Family] = {row.name: row for row in _ROWS}
