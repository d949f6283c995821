"""MapEvaluator: its channels, its properties, and the checks when a pipeline is built."""

import dataclasses
import json
from collections.abc import Mapping

from tfx.dsl.components.base import base_beam_component, executor_spec
from tfx.types import channel, component_spec, standard_artifacts

from components import artifacts, code_version
from components.evaluator import executor, verdict
from detection.base.errors import ConfigError
from detection.metrics import slices
from detection.tiles.grid import Grid


class MapEvaluatorSpec(component_spec.ComponentSpec):
  """Channels and properties of MapEvaluator."""

  PARAMETERS = {
    'thresholds': component_spec.ExecutionParameter(type=str),  # JSON
    'min_improvement': component_spec.ExecutionParameter(type=float),
    'max_class_drop': component_spec.ExecutionParameter(type=float, optional=True),
    'split': component_spec.ExecutionParameter(type=str),
    'iou': component_spec.ExecutionParameter(type=float),
    'slice_pattern': component_spec.ExecutionParameter(type=str),
    'tiles': component_spec.ExecutionParameter(type=str, optional=True),  # JSON
    'baseline_destination': component_spec.ExecutionParameter(type=str),
    'code_version': component_spec.ExecutionParameter(type=str),
  }
  INPUTS = {
    'model': component_spec.ChannelParameter(type=standard_artifacts.Model),
    'examples': component_spec.ChannelParameter(type=standard_artifacts.Examples),
    'label_map': component_spec.ChannelParameter(type=artifacts.LabelMap),
    'baseline': component_spec.ChannelParameter(type=standard_artifacts.Model, optional=True),
    'model_run': component_spec.ChannelParameter(type=standard_artifacts.ModelRun, optional=True),
    'exports': component_spec.ChannelParameter(type=artifacts.ExportedModels, optional=True),
  }
  OUTPUTS = {
    'evaluation': component_spec.ChannelParameter(type=standard_artifacts.ModelEvaluation),
    'blessing': component_spec.ChannelParameter(type=standard_artifacts.ModelBlessing),
  }


class MapEvaluator(base_beam_component.BaseBeamComponent):
  """Measures the exported SavedModel on the eval split and decides whether it may be pushed.

      evaluator = MapEvaluator(model=trainer.outputs['model'], examples=..., label_map=..., thresholds={'AP50': 0.5})

  outputs:
    evaluation (ModelEvaluation): metrics.json, per_class.csv, report.html.
    blessing (ModelBlessing): BLESSED or NOT_BLESSED and the properties of TFX's Evaluator, so that its
      LatestBlessedModelStrategy reads it; the reason is in the file and in the property `blessing_message`.

  Args:
    model: from the trainer; its SavedModel is run through its serving signatures.
    examples: holds the split to measure on.
    label_map: the classes to measure.
    baseline: the model in production, measured on the same images. There may be none on a first run.
    model_run: the trainer's records, for the report's learning curve and facts.
    exports: the model's TFLite and ONNX files, measured too; they do not influence the verdict.
    thresholds: {metric: least value}: a metric of metrics.names.ALL, or `AP50/cat` for one class.
    min_improvement: how much AP must rise over the baseline's; a negative value allows a fall.
    max_class_drop: how far a class's AP may fall below the baseline's; None allows any fall.
    split: the split of `examples` to measure on.
    iou: the least overlap of a hit for precision, recall, F1, confusion matrix and mistakes; in (0, 1].
    slice_pattern: a regular expression, searched in an image's name; its one group names the image's part.
    tiles: the model, and the baseline, look at these parts of each image; None: at whole images.
    baseline_destination: if there is no `baseline` artifact, the highest version pushed there is the baseline.

  Raises:
    ConfigError: if a threshold names no metric or is no number from 0 to 1.
  """

  SPEC_CLASS = MapEvaluatorSpec
  EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(executor.Executor)

  def __init__(
    self,
    model: channel.BaseChannel,
    examples: channel.BaseChannel,
    label_map: channel.BaseChannel,
    baseline: channel.BaseChannel | None = None,
    model_run: channel.BaseChannel | None = None,
    exports: channel.BaseChannel | None = None,
    thresholds: Mapping[str, float] | None = None,
    min_improvement: float = 0.0,
    max_class_drop: float | None = None,
    split: str = 'eval',
    iou: float = 0.5,
    slice_pattern: str = '',
    tiles: Grid | None = None,
    baseline_destination: str = '',
  ) -> None:
    thresholds = dict(thresholds or {})
    verdict.Bounds(thresholds, min_improvement, max_class_drop).check_names()
    if not split:
      raise ConfigError('MapEvaluator: split: expected the name of a split of `examples`, received an empty one.')
    if not 0 < iou <= 1:
      raise ConfigError(f'evaluate.iou: expected a number above 0, up to 1, received {iou!r}.')
    slices.check_pattern(slice_pattern)
    spec = MapEvaluatorSpec(
      model=model,
      examples=examples,
      label_map=label_map,
      baseline=baseline,
      model_run=model_run,
      exports=exports,
      thresholds=json.dumps(thresholds, sort_keys=True),
      min_improvement=float(min_improvement),
      max_class_drop=None if max_class_drop is None else float(max_class_drop),
      split=split,
      iou=float(iou),
      slice_pattern=slice_pattern,
      tiles=json.dumps(dataclasses.asdict(tiles)) if tiles else None,
      baseline_destination=baseline_destination,
      code_version=code_version.of(executor),
      evaluation=channel.Channel(type=standard_artifacts.ModelEvaluation),
      blessing=channel.Channel(type=standard_artifacts.ModelBlessing),
    )
    super().__init__(spec=spec)
