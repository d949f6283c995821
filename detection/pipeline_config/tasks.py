"""Removes from a config what asks for more than boxes and class names: keypoints, masks, poses, tracks."""

from google.protobuf.message import Message

from detection.odapi.config.config_io import Config
from detection.odapi.protos import center_net_pb2, faster_rcnn_pb2

_CENTER_NET_TASKS = (
  'keypoint_estimation_task',
  'keypoint_label_map_path',
  'mask_estimation_task',
  'densepose_estimation_task',
  'track_estimation_task',
  'temporal_offset_task',
  'deepmac_mask_estimation',
)
_READER_INPUTS = (
  'num_keypoints',
  'keypoint_type_weight',
  'use_keypoint_label_map',
  'load_keypoint_depth_features',
  'load_instance_masks',
  'mask_type',
  'load_multiclass_scores',
  'load_context_features',
  'load_context_image_ids',
  'load_dense_pose',
  'load_track_id',
  'num_additional_channels',
  'expand_labels_hierarchy',
  'use_display_name',
  'input_type',
  'frame_index',
  'external_input_reader',
  'sample_from_datasets_weights',
)
_MASK_PREDICTIONS = (
  'predict_instance_masks',
  'predict_keypoints',
  'mask_height',
  'mask_width',
  'mask_prediction_conv_depth',
  'mask_prediction_num_conv_layers',
)
_EVALUATIONS = ('parameterized_metric', 'keypoint_edge', 'eval_instance_masks', 'super_categories')
_PERMUTATIONS = ('keypoint_flip_permutation', 'keypoint_rot_permutation')


def keep_detection_only(config: Config) -> None:
  """Removes keypoints, masks, dense poses, tracks and context from `config`, in place; boxes and classes stay."""
  kind = config.model.WhichOneof('model')
  if kind == 'center_net':
    _clear(config.model.center_net, _CENTER_NET_TASKS)
    _ensure_boxes(config.model.center_net)
  elif kind == 'faster_rcnn':
    _drop_masks(config.model.faster_rcnn)
  elif kind == 'ssd':
    _clear(config.model.ssd, ('mask_head_config',))
  for step in config.train_config.data_augmentation_options:
    for _, option in step.ListFields():
      _clear(option, _PERMUTATIONS)
  _clear(config.eval_config, _EVALUATIONS)
  _clear(config.train_config, ('use_multiclass_scores',))
  for reader in (config.train_input_reader, *config.eval_input_reader):
    _clear(reader, _READER_INPUTS)


def _clear(message: Message, names: tuple[str, ...]) -> None:
  for name in names:
    if name in message.DESCRIPTOR.fields_by_name:
      message.ClearField(name)


def _drop_masks(model: faster_rcnn_pb2.FasterRcnn) -> None:
  box_predictor = model.second_stage_box_predictor
  if box_predictor.HasField('mask_rcnn_box_predictor'):
    _clear(box_predictor.mask_rcnn_box_predictor, _MASK_PREDICTIONS)
  if model.number_of_stages == 3:
    model.number_of_stages = 2
  _clear(model, ('second_stage_mask_prediction_loss_weight', 'context_config'))


def _ensure_boxes(model: center_net_pb2.CenterNet) -> None:
  """A pose-only CenterNet has no box head: give it the one of Zhou et al., arXiv:1904.07850."""
  if model.HasField('object_detection_task'):
    return
  task = model.object_detection_task
  task.task_loss_weight = 1.0
  task.offset_loss_weight = 1.0
  task.scale_loss_weight = 0.1
  task.localization_loss.l1_localization_loss.SetInParent()
