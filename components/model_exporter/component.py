"""ModelExporter: the component."""

import json
from collections.abc import Sequence

from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import channel, component_spec, standard_artifacts

from components import artifacts, code_version
from components.model_exporter import executor
from detection.base.errors import ConfigError
from detection.inference import onnx_model, tflite_model


class ModelExporterSpec(component_spec.ComponentSpec):
  """Channels and properties of ModelExporter."""

  PARAMETERS = {
    'tflite': component_spec.ExecutionParameter(type=str),  # JSON
    'onnx': component_spec.ExecutionParameter(type=str),  # JSON
    'drift_reference': component_spec.ExecutionParameter(type=int, optional=True),
    'score_threshold': component_spec.ExecutionParameter(type=float),
    'max_detections': component_spec.ExecutionParameter(type=int, optional=True),
    'split': component_spec.ExecutionParameter(type=str),
    'code_version': component_spec.ExecutionParameter(type=str),
  }
  INPUTS = {
    'model': component_spec.ChannelParameter(type=standard_artifacts.Model),
    'examples': component_spec.ChannelParameter(type=standard_artifacts.Examples),
  }
  OUTPUTS = {'exports': component_spec.ChannelParameter(type=artifacts.ExportedModels)}


class ModelExporter(base_component.BaseComponent):
  """Converts a trained model for other runtimes: TFLite for small devices, ONNX.

      exporter = ModelExporter(model=trainer.outputs['model'], examples=..., tflite=['int8'], onnx=['float32'])

  outputs: exports (ExportedModels): `<kind>.tflite` a kind, `model.onnx` and `int8.onnx`, with the class names inside;
    drift_reference.npz.

  Args:
    model: from the trainer: checkpoint and pipeline.config become TFLite, the SavedModel ONNX.
    examples: int8 chooses the ranges of activations by images of the training split; ONNX is compared
      on those of `split`.
    tflite: of tflite_model.KINDS.
    onnx: of onnx_model.KINDS.
    drift_reference: whether it is made what `drift` compares new images with, of the images of `split`.
    score_threshold, max_detections: as the SavedModel was exported with.
    split: of `examples`.

  Raises:
    ConfigError: if there is nothing to make, or a kind that is not known.
  """

  SPEC_CLASS = ModelExporterSpec
  EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(executor.Executor)

  def __init__(
    self,
    model: channel.BaseChannel,
    examples: channel.BaseChannel,
    tflite: Sequence[str] = (),
    onnx: Sequence[str] = (),
    drift_reference: bool = False,
    score_threshold: float = 0.0,
    max_detections: int | None = None,
    split: str = 'eval',
  ) -> None:
    for key, kinds, known in (('tflite', tflite, tflite_model.KINDS), ('onnx', onnx, onnx_model.KINDS)):
      for kind in kinds:
        if kind not in known:
          raise ConfigError(f'export.{key}: expected some of {", ".join(known)}, received "{kind}".')
    if not (tflite or onnx or drift_reference):
      raise ConfigError(
        f'ModelExporter: tflite: expected some of {", ".join(tflite_model.KINDS)}, or onnx; received neither.'
      )
    super().__init__(
      ModelExporterSpec(
        model=model,
        examples=examples,
        tflite=json.dumps(list(dict.fromkeys(tflite))),
        onnx=json.dumps(list(dict.fromkeys(onnx))),
        drift_reference=int(drift_reference) or None,
        score_threshold=float(score_threshold),
        max_detections=max_detections,
        split=split,
        code_version=code_version.of(executor),
        exports=channel.Channel(type=artifacts.ExportedModels),
      )
    )
