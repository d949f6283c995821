"""Removes from a config what asks for more than boxes and class names: keypoints, masks, poses, tracks."""

from google.protobuf.message import Message

from detection.odapi import families
from detection.odapi.config.config_io import Config

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
_EVALUATIONS = ('parameterized_metric', 'keypoint_edge', 'eval_instance_masks', 'super_categories')
_PERMUTATIONS = ('keypoint_flip_permutation', 'keypoint_rot_permutation')


def keep_detection_only(config: Config) -> None:
  """Removes keypoints, masks, dense poses, tracks and context from `config`, in place; boxes and classes stay."""
  family, body = families.of(config), families.body(config)
  for path in family.other_tasks:
    _clear_path(body, path)
  family.find_boxes(body)
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


def _clear_path(message: Message, path: str) -> None:
  first, _, rest = path.partition('.')
  if not rest:
    message.ClearField(first)
  elif message.HasField(first):
    _clear_path(getattr(message, first), rest)
