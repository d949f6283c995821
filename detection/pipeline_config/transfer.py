"""The transfer modes: what training starts from, and which variables it changes.

| mode | checkpoint | restored | trained | when |
|---|---|---|---|---|
| scratch | none | nothing | everything | no checkpoint fits, or a small model for many images |
| fine_tune | a detector's | backbone and feature pyramid | everything | the usual choice |
| classification | a classifier, of Keras or slim too | backbone | everything | no detector of this family is at hand |
| feature_extraction | a detector's | backbone, feature pyramid | all but the backbone | very few images, little time |
| resume | a detector's, same classes | the whole model | everything | going on with an earlier model |
"""

from detection.base.errors import ConfigError
from detection.odapi import backbones, families
from detection.odapi.config.config_io import Config
from detection.odapi.protos import train_pb2
from detection.odapi.weights import read

CHECKPOINT_TYPES = {
  'fine_tune': 'detection',
  'classification': 'classification',
  'feature_extraction': 'detection',
  'resume': 'full',
}
MODES = ('scratch', *CHECKPOINT_TYPES)


def problems(mode: str, checkpoint: str | None) -> list[str]:
  """Contradictions between a mode and a checkpoint, one sentence each; empty if there are none."""
  if mode not in MODES:
    return [f'model.mode: expected one of {", ".join(MODES)}, received "{mode}".']
  if mode == 'scratch' and checkpoint:
    return [f'model.checkpoint: "{checkpoint}" is given, but model.mode is scratch, which starts from nothing.']
  if mode != 'scratch' and not checkpoint:
    return [f'model.checkpoint: missing, but model.mode is {mode}, which starts from a checkpoint.']
  if checkpoint and mode != 'classification' and read.named_as_keras(checkpoint):
    return [
      f'model.mode: {mode} starts from a detector, but model.checkpoint: "{checkpoint}" is a classification network. '
      'Use model.mode: classification.'
    ]
  return []


def start_from(config: Config, mode: str, prefix: str | None, is_network: bool = False) -> None:
  """Writes the starting point into train_config, in place.

  Args:
    config: a config with a model.
    mode: one of MODES.
    prefix: the checkpoint's prefix, None for scratch.
    is_network: whether it is the weights of a classification network, see weights.read.

  Raises:
    ConfigError: if mode and checkpoint contradict each other.
  """
  found = problems(mode, prefix)
  if found:
    raise ConfigError(' '.join(found))
  train = config.train_config
  for field in ('fine_tune_checkpoint', 'fine_tune_checkpoint_type', 'fine_tune_checkpoint_version'):
    train.ClearField(field)
  # The first is an older form of the type below, the second is refused by the OD API on TF 2.
  train.ClearField('from_detection_checkpoint')
  train.ClearField('load_all_detection_checkpoint_vars')
  if mode == 'scratch':
    return
  train.fine_tune_checkpoint = prefix
  train.fine_tune_checkpoint_type = CHECKPOINT_TYPES[mode]
  train.fine_tune_checkpoint_version = train_pb2.CheckpointVersion.V2
  if mode == 'classification' and is_network:
    backbones.take_published_weights(config)
  if mode == 'feature_extraction':
    extractor = families.extractor(config)
    if extractor and extractor.backbone not in train.freeze_variables:
      train.freeze_variables.append(extractor.backbone)
