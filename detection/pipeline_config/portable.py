"""Changes a config written for TPUs or for TF 1 into one that trains on GPUs or a CPU with TF 2, or refuses it."""

from typing import Any

from detection.base import suggest
from detection.base.errors import ConfigError
from detection.odapi import families
from detection.odapi.config.config_io import Config
from detection.odapi.families import FAMILIES, Family

_TRAIN_ON_TPU = ('use_bfloat16', 'sync_replicas', 'replicas_to_aggregate', 'startup_delay_steps')
# Settings of TF 1's graph: without effect on TF 2, or refused by it.
_OF_TF1 = ('batch_queue_capacity', 'num_batch_queue_threads', 'prefetch_queue_capacity', 'summarize_gradients')


def problems(config: Config) -> list[str]:
  """Parts of the model that TF 2 cannot build, one sentence each, with the TF 2 successor."""
  name = config.model.WhichOneof('model')
  if name not in FAMILIES:
    return [families.not_built(name)]
  family, kind = FAMILIES[name], families.extractor_type(config)
  found = []
  if kind not in family.extractors:
    found.append(f'model.{name}.feature_extractor.type: {_advice(kind, family)}')
  body = families.body(config)
  return found + [f'model.{name}.{path}: {advice}' for path, advice in family.tf1_parts.items() if _is_set(body, path)]


def _is_set(message: Any, path: str) -> bool:
  """Whether the field at a dotted path, and every message above it, is set."""
  first, _, rest = path.partition('.')
  return message.HasField(first) and (not rest or _is_set(getattr(message, first), rest))


def make_portable(config: Config) -> None:
  """Clears, in place, settings that work on TPUs or TF 1 alone.

  Raises:
    ConfigError: if the model itself is one of TF 1, naming its TF 2 successor.
  """
  found = problems(config)
  if found:
    raise ConfigError('pipeline.config: ' + ' '.join(found))
  _clear(config.train_config, (*_TRAIN_ON_TPU, *_OF_TF1))
  config.ClearField('graph_rewriter')  # quantization-aware training, of TF 1's graphs
  family, body = families.of(config), families.body(config)
  if 'use_static_shapes' in family.for_tpu and body.use_static_shapes:
    # Without static shapes the padding of the ground truth has to go as well, as in the garden's own GPU configs.
    config.train_config.ClearField('unpad_groundtruth_tensors')
  _clear(body, family.for_tpu)


def _advice(kind: str, family: Family) -> str:
  successors = {old: new for row in FAMILIES.values() for old, new in row.successors.items()}
  successor = successors.get(kind, f'{kind}_keras')
  if any(successor in row.extractors for row in FAMILIES.values()):
    return f'"{kind}" is for TF 1 alone. Its TF 2 successor: "{successor}".'
  return f'unknown "{kind}"; {suggest.hint(kind, family.extractors)}.'


def _clear(message: Any, names: tuple[str, ...]) -> None:
  for name in names:
    message.ClearField(name)
