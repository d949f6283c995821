"""ConfigPatcher: a base config in, a complete pipeline.config out."""

from collections.abc import Mapping
from typing import Any

from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import channel, component_spec, standard_artifacts

from components import artifacts, code_version, recipe_parameters
from components.config_patcher import executor
from detection.pipeline_config import recipe


class ConfigPatcherSpec(component_spec.ComponentSpec):
  """See ConfigPatcher."""

  PARAMETERS = {**recipe_parameters.PARAMETERS, 'code_version': component_spec.ExecutionParameter(type=str)}
  INPUTS = {
    'examples': component_spec.ChannelParameter(type=standard_artifacts.Examples),
    'label_map': component_spec.ChannelParameter(type=artifacts.LabelMap),
    'hyperparameters': component_spec.ChannelParameter(type=standard_artifacts.HyperParameters, optional=True),
  }
  OUTPUTS = {'pipeline_config': component_spec.ChannelParameter(type=artifacts.PipelineConfig)}


class ConfigPatcher(base_component.BaseComponent):
  """Completes a base config for these examples and this label map.

  Overrides are applied last, and what a search found after them.

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
    hyperparameters: channel.BaseChannel | None = None,
    *,
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
      hyperparameters: HyperParameters that a DetectionTuner found; they win over overrides.
      base, num_steps, batch_size, mode, checkpoint, overrides, check_checkpoint: see recipe.Options.

    Raises:
      ConfigError: as recipe.read.
    """
    options = recipe.Options(base, num_steps, batch_size, mode, checkpoint, overrides, check_checkpoint)
    super().__init__(
      ConfigPatcherSpec(
        examples=examples,
        label_map=label_map,
        hyperparameters=hyperparameters,
        code_version=code_version.of(executor),
        pipeline_config=channel.Channel(type=artifacts.PipelineConfig),
        **recipe.read(options).parameters(),
      )
    )
