"""What trainer and tuner read from their inputs: what to adapt to, and a name for the training by its content."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Sequence
from typing import Any

from tfx import types
from tfx.types import artifact_utils

from detection import kept_scans, record_scan
from detection.base import files
from detection.base.settings import parse_settings
from detection.odapi.config import config_io
from detection.record_scan import FileScan, Scans
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


def scan(examples: Sequence[types.Artifact]) -> dict[str, FileScan]:
  """{path: FileScan} of every record file of every split.

  Files are read only if it was not kept what is in them. Raises DataError for a damaged file that is read.
  """
  paths = [path for artifact in examples for path in _files(artifact)]
  return record_scan.scan(paths, kept_scans.read(paths))


def content_digest(
  config_text: str,
  examples: Sequence[types.Artifact],
  settings: str,
  scans: Scans,
  adaptation: Adaptation | None = None,
) -> str:
  """Names a training by all that it depends on: a restart finds its work folder, and a changed training gets another.

  Paths are left out: the same examples below another execution's folder give the same training.

  Args:
    config_text: of pipeline.config.
    examples: all of it counts, file by file.
    settings: of the training, as text.
    scans: of all their files.
    adaptation: to a target domain; None for none.
  """
  digest = hashlib.sha256(_WORK_FORMAT.encode())
  for text in (config_text, settings, repr(adaptation) if adaptation else ''):
    digest.update(functools.reduce(lambda part, artifact: part.replace(artifact.uri, ''), examples, text).encode())
  for artifact in examples:
    for path in _files(artifact):
      digest.update(f'{path.removeprefix(artifact.uri)} {scans[path].digest}\n'.encode())
  return digest.hexdigest()[:16]


def _files(examples: types.Artifact) -> list[str]:
  return files.glob(files.join(examples.uri, 'Split-*', '*'))
