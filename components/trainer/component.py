"""ODAPITrainer: trains what a pipeline.config describes and exports the best model."""

import json
from collections.abc import Mapping
from typing import Any

from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import channel, component_spec, standard_artifacts

from components import artifacts, code_version
from components.trainer import executor
from detection.base.settings import parse_settings
from detection.training.settings import TrainSettings, adapt_parameter


class ODAPITrainerSpec(component_spec.ComponentSpec):
  """See ODAPITrainer."""

  PARAMETERS = {
    'settings': component_spec.ExecutionParameter(type=str),
    'adapt': component_spec.ExecutionParameter(type=str, optional=True),
    'work_root': component_spec.ExecutionParameter(type=str),
    'score_threshold': component_spec.ExecutionParameter(type=float),
    'max_detections': component_spec.ExecutionParameter(type=int, optional=True),
    'code_version': component_spec.ExecutionParameter(type=str),
  }
  INPUTS = {
    'examples': component_spec.ChannelParameter(type=standard_artifacts.Examples),
    'label_map': component_spec.ChannelParameter(type=artifacts.LabelMap),
    'pipeline_config': component_spec.ChannelParameter(type=artifacts.PipelineConfig),
    'target_examples': component_spec.ChannelParameter(type=standard_artifacts.Examples, optional=True),
  }
  OUTPUTS = {
    'model': component_spec.ChannelParameter(type=standard_artifacts.Model),
    'model_run': component_spec.ChannelParameter(type=standard_artifacts.ModelRun),
  }


class ODAPITrainer(base_component.BaseComponent):
  """Trains exactly num_steps of pipeline.config with the OD API's models, losses and optimizers, and exports.

  A training that was killed goes on from its latest checkpoint: the checkpoints are in a folder below `work_root` that
  is named by the content of pipeline.config, examples and settings, not by an execution.

      trainer = ODAPITrainer(examples, label_map, pipeline_config, work_root=f'{pipeline_root}/training',
                             settings={'eval_every': 500})

  With `target_examples` it adapts to images of another domain; their labels are not read. `adapt` holds keys of
  AdaptSettings.

  outputs:
    model (Model): Format-Serving/ (SavedModel), checkpoint/, pipeline.config, label_map.pbtxt.
    model_run (ModelRun): logs/ (TensorBoard), checkpoints/, history.jsonl, learning_curve.png, run.json, and
      restore_report.json after fine-tuning.

  Args:
    settings: keys of TrainSettings.
    score_threshold: the exported model leaves out detections below it.
    max_detections: the most detections in an image that the exported model returns; None: as many as pipeline.config
      allows.
  """

  SPEC_CLASS = ODAPITrainerSpec
  EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(executor.Executor)

  def __init__(
    self,
    examples: channel.BaseChannel,
    label_map: channel.BaseChannel,
    pipeline_config: channel.BaseChannel,
    work_root: str,
    settings: Mapping[str, Any] | None = None,
    score_threshold: float = 0.0,
    max_detections: int | None = None,
    target_examples: channel.BaseChannel | None = None,
    adapt: Mapping[str, Any] | None = None,
  ) -> None:
    checked = parse_settings(TrainSettings, dict(settings or {}), 'ODAPITrainer: settings')
    super().__init__(
      ODAPITrainerSpec(
        examples=examples,
        label_map=label_map,
        pipeline_config=pipeline_config,
        target_examples=target_examples,
        adapt=adapt_parameter(adapt, target_examples is not None, 'ODAPITrainer'),
        settings=json.dumps(checked.dict(), sort_keys=True),
        work_root=work_root,
        score_threshold=float(score_threshold),
        max_detections=max_detections,
        code_version=code_version.of(executor),
        model=channel.Channel(type=standard_artifacts.Model),
        model_run=channel.Channel(type=standard_artifacts.ModelRun),
      )
    )
