"""DetectionTuner: searches hyperparameters of pipeline.config by short trainings."""

import json
from collections.abc import Mapping
from typing import Any

from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import channel, component_spec, standard_artifacts

from components import artifacts, code_version, recipe_parameters
from components.tuner import executor
from components.tuner.settings import TuneSettings
from detection.base.errors import ConfigError, joined
from detection.base.settings import parse_settings
from detection.pipeline_config import recipe
from detection.training.settings import TrainSettings, adapt_parameter


class DetectionTunerSpec(component_spec.ComponentSpec):
  """See DetectionTuner."""

  PARAMETERS = {
    **recipe_parameters.PARAMETERS,
    'tune': component_spec.ExecutionParameter(type=str),
    'settings': component_spec.ExecutionParameter(type=str),
    'adapt': component_spec.ExecutionParameter(type=str, optional=True),
    'work_root': component_spec.ExecutionParameter(type=str),
    'code_version': component_spec.ExecutionParameter(type=str),
  }
  INPUTS = {
    'examples': component_spec.ChannelParameter(type=standard_artifacts.Examples),
    'label_map': component_spec.ChannelParameter(type=artifacts.LabelMap),
    'target_examples': component_spec.ChannelParameter(type=standard_artifacts.Examples, optional=True),
  }
  OUTPUTS = {
    'hyperparameters': component_spec.ChannelParameter(type=standard_artifacts.HyperParameters),
    'tuner_results': component_spec.ChannelParameter(type=standard_artifacts.TunerResults),
  }


class DetectionTuner(base_component.BaseComponent):
  """Tries values of pipeline.config in short trainings by the trainer's own code, and gives the best to ConfigPatcher.

  A search that was killed goes on: finished trials stand, the one under way resumes from its checkpoint.

      tuner = DetectionTuner(examples, label_map, tune={'space': {'learning_rate': {'min': 1e-3, 'max': 0.1}}},
                             work_root=f'{pipeline_root}/training', base='ssd_mobilenet_v2_fpnlite_320', batch_size=8)
      patcher = ConfigPatcher(examples, label_map, hyperparameters=tuner.outputs['hyperparameters'], ...)

  outputs:
    hyperparameters (HyperParameters): hyperparameters.json, {dotted path or short form: value}; empty when no trial was
      better than the config as it is.
    tuner_results (TunerResults): trials.json, and report.html for people.
  """

  SPEC_CLASS = DetectionTunerSpec
  EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(executor.Executor)

  def __init__(
    self,
    examples: channel.BaseChannel,
    label_map: channel.BaseChannel,
    tune: Mapping[str, Any],
    work_root: str,
    settings: Mapping[str, Any] | None = None,
    target_examples: channel.BaseChannel | None = None,
    adapt: Mapping[str, Any] | None = None,
    **base_options: Any,
  ) -> None:
    """Checks the space against the base, before anything runs.

    Args:
      examples: Examples with the splits train and eval.
      label_map: LabelMap of their classes.
      tune: TuneSettings.
      work_root: where trials are kept until the search is done.
      settings: TrainSettings of every trial.
      target_examples: images of another domain, to which every trial adapts as the training will.
      adapt: AdaptSettings; with target_examples alone.
      base_options: base, batch_size, mode, checkpoint, overrides, check_checkpoint, see recipe.Options; the steps are
        tune.steps.

    Raises:
      ConfigError: as recipe.read; also for each value of the space that pipeline.config does not take, and for `adapt`
        without target_examples.
    """
    checked = parse_settings(TuneSettings, dict(tune), 'tune')
    trained = parse_settings(TrainSettings, dict(settings or {}), 'DetectionTuner: settings')
    read = recipe.read(recipe.Options(**{**base_options, 'num_steps': checked.steps}))
    check_space(read, checked)
    super().__init__(
      DetectionTunerSpec(
        examples=examples,
        label_map=label_map,
        target_examples=target_examples,
        adapt=adapt_parameter(adapt, target_examples is not None, 'DetectionTuner'),
        tune=checked.as_json(),
        settings=json.dumps(trained.dict(), sort_keys=True),
        work_root=work_root,
        code_version=code_version.of(executor),
        hyperparameters=channel.Channel(type=standard_artifacts.HyperParameters),
        tuner_results=channel.Channel(type=standard_artifacts.TunerResults),
        **read.parameters(),
      )
    )


def check_space(read: recipe.Recipe, tune: TuneSettings) -> None:
  """Patches with every value of the space by itself, ranges by their ends.

  Raises:
    ConfigError: naming hyperparameter and value for each that does not fit.
  """
  problems: list[str] = []
  for path, dimension in tune.space.items():
    for value in dimension.values if dimension.values is not None else dimension.ends:
      try:
        read.with_overrides(tune.trial_overrides({path: value})).dry_run()
      except ConfigError as error:
        problems.append(f'tune.space: {path}: {value!r} does not fit: {error}')
        break
  if problems:
    raise ConfigError(joined(problems))
