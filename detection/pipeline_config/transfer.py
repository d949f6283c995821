"""What training starts from and what of the model it changes: the transfer modes by name.

| mode | checkpoint | restored | trained | when |
|---|---|---|---|---|
| scratch | none | nothing | everything | no checkpoint fits, or a small model for many images |
| fine_tune | a detector's | backbone and feature pyramid | everything | the usual choice |
| classification | a classifier's backbone | backbone | everything | no detector of this family is at hand |
| feature_extraction | a detector's | backbone, feature pyramid | all but the backbone | very few images, little time |
| resume | a detector's, same classes | the whole model | everything | going on with an earlier model |
"""

import re

from detection.base.errors import ConfigError
from detection.odapi.config.config_io import Config
from detection.odapi.protos import train_pb2
from detection.pipeline_config import portable

CHECKPOINT_TYPES = {
  'fine_tune': 'detection',
  'classification': 'classification',
  'feature_extraction': 'detection',
  'resume': 'full',
}
MODES = ('scratch', *CHECKPOINT_TYPES)

# Variables of the backbone, by the name that Keras gives their layer; what is not matched is pyramid or head. Of a
# two-stage ResNet the last block works on cut-out features, as part of the second stage: it is trained with the heads.
_BACKBONES = (
  ('faster_rcnn_inception_resnet_v2', '^(conv2d|freezable_batch_norm|block|conv_7b)'),
  (r'faster_rcnn_resnet\d+_keras', '^conv[1-4]_'),
  ('efficientnet', '^(stem_|stack_|top_)'),
  ('mobilenet_v1', '^(conv1|conv_dw_|conv_pw_)'),
  ('mobilenet_v2', '^(Conv1|bn_Conv1|expanded_conv|block_|Conv_1)'),
  ('resnet', r'^(conv\d_|post_bn)'),
  ('hourglass', 'hourglass_network/'),
)


def backbone_variables(extractor: str) -> list[str]:
  """Patterns of train_config.freeze_variables that hold the backbone of a feature extractor, by its type."""
  return next([pattern] for kind, pattern in _BACKBONES if re.search(kind, extractor))


def problems(mode: str, checkpoint: str | None) -> list[str]:
  """What contradicts what between a mode and a checkpoint, one sentence each."""
  if mode not in MODES:
    return [f'model.mode: expected one of {", ".join(MODES)}, received "{mode}".']
  if mode == 'scratch' and checkpoint:
    return [f'model.checkpoint: "{checkpoint}" is given, but model.mode is scratch, which starts from nothing.']
  if mode != 'scratch' and not checkpoint:
    return [f'model.checkpoint: missing, but model.mode is {mode}, which starts from a checkpoint.']
  return []


def start_from(config: Config, mode: str, prefix: str | None) -> None:
  """Writes the starting point into train_config, in place.

  Args:
    config: a config with a model.
    mode: one of MODES.
    prefix: the checkpoint's prefix, None for scratch.

  Raises:
    ConfigError: if mode and checkpoint contradict each other.
  """
  found = problems(mode, prefix)
  if found:
    raise ConfigError(' '.join(found))
  train = config.train_config
  for field in ('fine_tune_checkpoint', 'fine_tune_checkpoint_type', 'fine_tune_checkpoint_version'):
    train.ClearField(field)
  # The one is deprecated for the type below, the other is refused by the OD API on TF 2.
  train.ClearField('from_detection_checkpoint')
  train.ClearField('load_all_detection_checkpoint_vars')
  if mode == 'scratch':
    return
  train.fine_tune_checkpoint = prefix
  train.fine_tune_checkpoint_type = CHECKPOINT_TYPES[mode]
  train.fine_tune_checkpoint_version = train_pb2.CheckpointVersion.V2
  if mode == 'feature_extraction':
    present = set(train.freeze_variables)
    patterns = backbone_variables(portable.extractor(config))
    train.freeze_variables.extend([pattern for pattern in patterns if pattern not in present])
