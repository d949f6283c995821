"""What trainer and tuner read from their inputs: what to adapt to, and a name for the training by its content."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Sequence
from typing import Any

from tfx import types
from tfx.types import artifact_utils

from detection.base import files
from detection.base.settings import parse_settings
from detection.odapi.config import config_io
from detection.training.adaptation import Adaptation
from detection.training.settings import AdaptSettings

# Raised when training cannot go on from checkpoints of earlier code.
_WORK_FORMAT = '2'


def adaptation_of(
  config: config_io.Config, input_dict: dict[str, list[types.Artifact]], exec_properties: dict[str, Any]
) -> tuple[Adaptation | None, list[types.Artifact]]:
  """What to adapt to, and the target's Examples artifacts; (None, []) when the run does not adapt."""
  target = input_dict.get('target_examples') or []
  if not target:
    return None, []
  settings = parse_settings(AdaptSettings, json.loads(exec_properties['adapt']), 'adapt')
  images = [files.join(artifact_utils.get_split_uri(target, 'train'), '*')]
  ramp_steps = settings.ramp_steps or config.train_config.num_steps
  return Adaptation(images, settings.weight, ramp_steps, settings.batch_norm), target


def content_digest(
  config_text: str, examples: Sequence[types.Artifact], settings: str, adaptation: Adaptation | None = None
) -> str:
  """The name of a training, 16 hex digits of everything that it depends on: a restart finds its work folder by it.

  Paths are left out: the same examples in the folder of another execution are the same training.
  """
  digest = hashlib.sha256(_WORK_FORMAT.encode())
  for text in (config_text, settings, repr(adaptation) if adaptation else ''):
    digest.update(functools.reduce(lambda part, artifact: part.replace(artifact.uri, ''), examples, text).encode())
  for artifact in examples:
    for path in sorted(files.glob(files.join(artifact.uri, 'Split-*', '*'))):
      digest.update(path.removeprefix(artifact.uri).encode())
      with files.open(path, 'rb') as file:
        while block := file.read(1 << 22):
          digest.update(block)
  return digest.hexdigest()[:16]
