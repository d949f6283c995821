"""ConfigPatcher: a base config in, a complete pipeline.config out."""

import json
from collections.abc import Mapping
from typing import Any

from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import channel, component_spec, standard_artifacts

from components import artifacts, code_version
from components.config_patcher import bases, executor, patch, shorthand, transfer, zoo
from components.config_patcher import checkpoint as checkpoints
from components.errors import ConfigError
from components.odapi import config_io

# What the executor runs.
_SOURCES = (
  'components.config_patcher',
  'components.odapi.config_io',
  'components.odapi.config_path',
  'components.odapi.label_map',
)


class ConfigPatcherSpec(component_spec.ComponentSpec):
  """See ConfigPatcher."""

  PARAMETERS = {
    'base_name': component_spec.ExecutionParameter(type=str),
    'base_config': component_spec.ExecutionParameter(type=str),
    'checkpoint': component_spec.ExecutionParameter(type=str),
    'checkpoint_fingerprint': component_spec.ExecutionParameter(type=str),
    'mode': component_spec.ExecutionParameter(type=str),
    'num_steps': component_spec.ExecutionParameter(type=int),
    'batch_size': component_spec.ExecutionParameter(type=int),
    'overrides': component_spec.ExecutionParameter(type=str),
    'code_version': component_spec.ExecutionParameter(type=str),
  }
  INPUTS = {
    'examples': component_spec.ChannelParameter(type=standard_artifacts.Examples),
    'label_map': component_spec.ChannelParameter(type=artifacts.LabelMap),
  }
  OUTPUTS = {'pipeline_config': component_spec.ChannelParameter(type=artifacts.PipelineConfig)}


class ConfigPatcher(base_component.BaseComponent):
  """Completes a base config for these examples and this label map.

  The base is read here, and its text goes along: a changed file is a changed parameter, and a remote step needs no
  access to it. Overrides are applied last.

      patcher = ConfigPatcher(examples, label_map, base='ssd_mobilenet_v2_fpnlite_320', num_steps=2000, batch_size=8)

  outputs: pipeline_config (PipelineConfig): pipeline.config; beside it changes.txt (base against complete), checks.txt
    and checks.json (the config against the data), and checkpoint/ if one came in an archive.
  """

  SPEC_CLASS = ConfigPatcherSpec
  EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(executor.Executor)

  def __init__(
    self,
    examples: channel.BaseChannel,
    label_map: channel.BaseChannel,
    base: str,
    num_steps: int,
    batch_size: int,
    mode: str = 'scratch',
    checkpoint: str | None = None,
    overrides: Mapping[str, Any] | str | None = None,
    check_checkpoint: bool = True,
  ) -> None:
    """Reads the base and checks what can be checked before anything runs.

    Args:
      examples: Examples with the splits train and eval.
      label_map: LabelMap of their classes.
      base: a built-in name, or the path of a pipeline.config, a zoo archive (.tar.gz), or a folder that holds one.
      num_steps: optimizer steps; the learning-rate schedule is stretched to them.
      batch_size: images a step; the learning rate is scaled to it.
      mode: scratch, fine_tune, classification, feature_extraction or resume; see transfer.
      checkpoint: prefix, file, folder or archive of the checkpoint that mode starts from; the base's own if not given.
      overrides: {dotted path in pipeline.config or short form: value}, or a text proto fragment.
      check_checkpoint: False where the checkpoint can be seen by the remote step alone.

    Raises:
      ConfigError: everything that is wrong in one message: no such checkpoint, an unknown mode or one that contradicts
        the checkpoint, an override that does not fit; before all these, a base that is not there or does not parse.
    """
    found = bases.read(base)
    start = zoo.verified(checkpoint) if checkpoint else ''
    if not start and mode != 'scratch':
      start = found.checkpoint  # a zoo download brings its own
    settings = {'text': overrides} if isinstance(overrides, str) else dict(overrides or {})
    problems = transfer.problems(mode, start)
    fingerprint = ''
    with shorthand.noted(problems):
      _rehearse(found, 'scratch' if problems else mode, start, num_steps, batch_size, settings)
    with shorthand.noted(problems):
      fingerprint = _fingerprint(start) if start and check_checkpoint else ''
    if problems:
      raise ConfigError(shorthand.ALSO.join(problems))
    super().__init__(
      ConfigPatcherSpec(
        examples=examples,
        label_map=label_map,
        base_name=found.name,
        base_config=found.text,
        checkpoint=start,
        checkpoint_fingerprint=fingerprint,
        mode=mode,
        num_steps=num_steps,
        batch_size=batch_size,
        overrides=json.dumps(settings, sort_keys=True),
        code_version=code_version.of(*_SOURCES),
        pipeline_config=channel.Channel(type=artifacts.PipelineConfig),
      )
    )


def _rehearse(
  base: bases.Base, mode: str, checkpoint: str, num_steps: int, batch_size: int, overrides: Mapping[str, Any]
) -> None:
  """Patches without data, so that a wrong override is told at once, not after the data was read."""
  request = patch.Request(None, '', '', '', num_steps, batch_size, mode, checkpoint or None, overrides)
  patch.patch(config_io.parse(base.text, base.name), request)


def _fingerprint(start: str) -> str:
  return zoo.sha256(start) if zoo.is_archive(start) else checkpoints.fingerprint(checkpoints.find(start))
