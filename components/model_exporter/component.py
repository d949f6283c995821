"""TFLiteExporter: the component."""

import json
from collections.abc import Sequence

from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import channel, component_spec, standard_artifacts

from components import artifacts, code_version, lite
from components.errors import ConfigError
from components.tflite_exporter import executor


class TFLiteExporterSpec(component_spec.ComponentSpec):
  """Channels and properties of TFLiteExporter."""

  PARAMETERS = {
    'kinds': component_spec.ExecutionParameter(type=str),  # JSON
    'score_threshold': component_spec.ExecutionParameter(type=float),
    'max_detections': component_spec.ExecutionParameter(type=int, optional=True),
    'split': component_spec.ExecutionParameter(type=str),
    'code_version': component_spec.ExecutionParameter(type=str),
  }
  INPUTS = {
    'model': component_spec.ChannelParameter(type=standard_artifacts.Model),
    'examples': component_spec.ChannelParameter(type=standard_artifacts.Examples),
  }
  OUTPUTS = {'tflite': component_spec.ChannelParameter(type=artifacts.TFLiteModels)}


class TFLiteExporter(base_component.BaseComponent):
  """Converts a trained model to TFLite files for small devices.

      lite = TFLiteExporter(model=trainer.outputs['model'], examples=..., kinds=['float16', 'int8'])

  outputs: tflite (TFLiteModels): a file a kind, `<kind>.tflite`, with the class names inside.

  Args:
    model: from the trainer; converted from its checkpoint and pipeline.config.
    examples: int8 chooses the ranges of activations by the images of `split`.
    kinds: of lite.KINDS.
    score_threshold, max_detections: as the SavedModel was exported with.
    split: of `examples`.

  Raises:
    ConfigError: if there are no kinds, or one that is not known.
  """

  SPEC_CLASS = TFLiteExporterSpec
  EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(executor.Executor)

  def __init__(
    self,
    model: channel.BaseChannel,
    examples: channel.BaseChannel,
    kinds: Sequence[str],
    score_threshold: float = 0.0,
    max_detections: int | None = None,
    split: str = 'eval',
  ) -> None:
    for kind in kinds:
      if kind not in lite.KINDS:
        raise ConfigError(f'export.tflite: expected some of {", ".join(lite.KINDS)}, received "{kind}".')
    if not kinds:
      raise ConfigError(f'TFLiteExporter: kinds: expected some of {", ".join(lite.KINDS)}, received none.')
    super().__init__(
      TFLiteExporterSpec(
        model=model,
        examples=examples,
        kinds=json.dumps(list(dict.fromkeys(kinds))),
        score_threshold=float(score_threshold),
        max_detections=max_detections,
        split=split,
        code_version=code_version.of('components.tflite_exporter', 'components.lite', 'components.odapi'),
        tflite=channel.Channel(type=artifacts.TFLiteModels),
      )
    )
