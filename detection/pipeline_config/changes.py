"""What patching changed in a base config, for people: one line a field, with the reason where it is known."""

import dataclasses
from typing import Any

from detection.odapi.config import config_path
from detection.odapi.config.config_io import Config

FILE_NAME = 'changes.txt'
_UNSET = '(unset)'
# {short form of an override: the path it writes to}.
_SHORT_FORMS = {
  'augment': 'train_config.data_augmentation_options',
  'optimizer': 'train_config.optimizer',
  'schedule': 'train_config.optimizer',
  'learning_rate': 'train_config.optimizer',
}
_REASONS = (
  ('train_config.use_bfloat16', 'works on TPUs alone'),
  ('train_config.sync_replicas', 'of TF 1 on TPUs; replicas are always in step here'),
  ('train_config.replicas_to_aggregate', 'of TF 1 on TPUs'),
  ('train_config.startup_delay_steps', 'of TF 1 on TPUs'),
  ('train_config.unpad_groundtruth_tensors', 'padding is for static shapes, which TPUs want'),
  ('model.faster_rcnn.use_', 'static shapes and matrix products are for TPUs'),
  ('model.ssd.inplace_batchnorm_update', 'of TF 1; Keras does it by itself'),
  ('graph_rewriter', 'quantization of TF 1 graphs'),
  ('feature_extractor.min_depth', 'the published network has layers as narrow as that'),
  ('feature_extractor.conv_hyperparams.activation', 'as in the published network'),
  ('feature_extractor.channel_', 'the published network saw images without it'),
  ('feature_extractor.bgr_ordering', 'the published network saw images without it'),
  ('train_config.batch_size', 'train.batch_size'),
  ('train_config.num_steps', 'train.num_steps'),
  ('warmup_steps', 'stretched with num_steps'),
  ('hold_base_rate_steps', 'stretched with num_steps'),
  ('total_steps', 'stretched with num_steps'),
  ('decay_steps', 'stretched with num_steps'),
  ('learning_rate_base', 'scaled to the batch size'),
  ('learning_rate', 'scaled to the batch size'),
  ('batch_norm.decay', 'settles within num_steps'),
  ('num_classes', 'from the label map'),
  ('label_map_path', 'from the label map'),
  ('input_path', 'from the examples'),
  ('keypoint', 'the data has no keypoints'),
  ('mask', 'the data has no masks'),
  ('fine_tune_checkpoint', 'model.mode and model.checkpoint'),
  ('freeze_variables', 'model.mode'),
  ('metrics_set', 'evaluated by COCO metrics'),
)


@dataclasses.dataclass(frozen=True)
class Change:
  """One field that differs. old, new: its value in text, or "(unset)"; reason: why, or an empty string."""

  path: str
  old: str
  new: str
  reason: str


def between(
  before: Config,
  after: Config,
  overrides: tuple[str, ...],
  tuned: tuple[str, ...] = (),
) -> list[Change]:
  """The fields that differ, in the order of `after`, then those of `before` that are gone.

  Args:
    before, after: base and complete config.
    overrides: paths that the user set; they are the reason for changes below them.
    tuned: paths that a search set.
  """
  old, new = _leaves(before), _leaves(after)
  reasons: tuple[tuple[str, str], ...] = _REASONS
  if before.train_config.optimizer.WhichOneof('optimizer') != after.train_config.optimizer.WhichOneof('optimizer'):
    reasons = ((_SHORT_FORMS['optimizer'], 'suits the published weights, see docs/models.md'), *_REASONS)
  return [
    Change(path, old.get(path, _UNSET), new.get(path, _UNSET), _reason(path, reasons, overrides, tuned))
    for path in [*new, *(path for path in old if path not in new)]
    if old.get(path) != new.get(path)
  ]


def render(changes: list[Change], base: str) -> str:
  """A page of plain text: `path: old -> new  # reason`."""
  lines = [f'{len(changes)} fields of {base} were changed:', '']
  for change in changes:
    reason = f'  # {change.reason}' if change.reason else ''
    lines.append(f'{change.path}: {change.old} -> {change.new}{reason}')
  return '\n'.join(lines) + '\n'


def _leaves(config: Config) -> dict[str, str]:
  return {path: _text(value) for path, _, value in config_path.set_paths(config)}


def _text(value: Any) -> str:
  if value is None:
    return '{}'
  if isinstance(value, bool):
    return str(value).lower()
  if isinstance(value, float):
    return f'{value:.7g}'
  return f'"{value}"' if isinstance(value, str) else str(value)


def _reason(path: str, reasons: tuple[tuple[str, str], ...], overrides: tuple[str, ...], tuned: tuple[str, ...]) -> str:
  for reason, names in (('tuned', tuned), ('model.overrides', overrides)):
    if any(_is_below(path, _SHORT_FORMS.get(name, name)) for name in names):
      return reason
  return next((reason for part, reason in reasons if part in path), '')


def _is_below(path: str, name: str) -> bool:
  return path == name or path.startswith(f'{name}.')
