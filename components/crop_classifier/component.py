"""CropClassifier: names what a detector finds."""

import json
from collections.abc import Mapping
from typing import Any

from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import channel, component_spec, standard_artifacts

from components import artifacts, code_version
from components.crop_classifier import executor
from components.crop_classifier.settings import TwoStageSettings
from detection import model_folder
from detection.base.errors import ConfigError
from detection.base.settings import parse_settings
from detection.crops import load_backbone


class CropClassifierSpec(component_spec.ComponentSpec):
  """Channels and properties of CropClassifier."""

  PARAMETERS = {
    'settings': component_spec.ExecutionParameter(type=str),  # JSON
    'detector_digest': component_spec.ExecutionParameter(type=str),
    'backbone_digest': component_spec.ExecutionParameter(type=str),
    'score_threshold': component_spec.ExecutionParameter(type=float),
    'max_detections': component_spec.ExecutionParameter(type=int, optional=True),
    'code_version': component_spec.ExecutionParameter(type=str),
  }
  INPUTS = {
    'examples': component_spec.ChannelParameter(type=standard_artifacts.Examples),
    'label_map': component_spec.ChannelParameter(type=artifacts.LabelMap),
    'detector': component_spec.ChannelParameter(type=standard_artifacts.Model, optional=True),
  }
  OUTPUTS = {'model': component_spec.ChannelParameter(type=standard_artifacts.Model)}


class CropClassifier(base_component.BaseComponent):
  """Fits a classifier to the labelled objects of the train split, and puts it behind a detector.

      named = CropClassifier(examples, label_map, detector=trainer.outputs['model'])

  outputs:
    model (Model): Format-Serving/ (one SavedModel with the trainer's signatures, that holds both), label_map.pbtxt,
      pipeline.config (the detector's), classifier.json (objects a class, cross-validated accuracy).

  Args:
    examples: with the split `train`.
    label_map: of all classes.
    detector: from the trainer; its own classes do not count.
    settings: as TwoStageSettings; its `detector` is the path of one that is there already.
    score_threshold, max_detections: of what the model gives out.
    check_paths: False where those in the settings can be seen by the remote step alone.

  Raises:
    ConfigError: unless exactly one detector is given, or if there is no backbone at its path.
    DataError: if there is no SavedModel at the detector's path.
  """

  SPEC_CLASS = CropClassifierSpec
  EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(executor.Executor)

  def __init__(
    self,
    examples: channel.BaseChannel,
    label_map: channel.BaseChannel,
    detector: channel.BaseChannel | None = None,
    settings: Mapping[str, Any] | None = None,
    score_threshold: float = 0.0,
    max_detections: int | None = None,
    check_paths: bool = True,
  ) -> None:
    checked = parse_settings(TwoStageSettings, dict(settings or {}), 'two_stage')
    if (detector is None) == (not checked.detector):
      received = 'neither' if detector is None else 'both'
      raise ConfigError(f'CropClassifier: detector: expected a channel or settings.detector, received {received}.')
    super().__init__(
      CropClassifierSpec(
        examples=examples,
        label_map=label_map,
        detector=detector,
        settings=json.dumps(checked.dict(), sort_keys=True),
        # Another model at the same path is another step.
        detector_digest=model_folder.fingerprint(checked.detector) if checked.detector and check_paths else '',
        backbone_digest=load_backbone.fingerprint(checked.backbone) if checked.backbone and check_paths else '',
        score_threshold=float(score_threshold),
        max_detections=max_detections,
        code_version=code_version.of(executor),
        model=channel.Channel(type=standard_artifacts.Model),
      )
    )
