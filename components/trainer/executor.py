"""Trains, then writes the model and the run's record."""

import json
from typing import Any

from tfx import types
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils

from components import artifacts, training_inputs
from detection import tracking
from detection.base import files
from detection.base.progress import write_line
from detection.base.settings import parse_settings
from detection.odapi import label_map
from detection.odapi.config import config_io
from detection.odapi.model import devices, export
from detection.training import examples_check, run_record, training
from detection.training.export_model import export_model
from detection.training.parts import Task
from detection.training.settings import TrainSettings

_PACKAGES = ('tensorflow', 'tfx', 'tf-models-official', 'tf-models-research-object-detection', 'detection-pipeline')


class Executor(base_executor.BaseExecutor):
  """See ODAPITrainer."""

  def Do(
    self,
    input_dict: dict[str, list[types.Artifact]],
    output_dict: dict[str, list[types.Artifact]],
    exec_properties: dict[str, Any],
  ) -> None:
    """Trains in the work folder, then writes `model` and `model_run` and removes the work folder."""
    # First of all: several workers must be known before TensorFlow runs anything.
    strategy = devices.choose_strategy()
    config_path = _file(input_dict['pipeline_config'], artifacts.PipelineConfig.FILE_NAME)
    labels_path = _file(input_dict['label_map'], artifacts.LabelMap.FILE_NAME)
    config_text = files.read_text(config_path)
    config = config_io.parse(config_text, config_path)
    names = label_map.parse_shared(files.read_text(labels_path), labels_path)
    settings = parse_settings(TrainSettings, json.loads(exec_properties['settings']), 'train')
    adaptation, target = training_inputs.adaptation_of(config, input_dict, exec_properties)
    examples = artifact_utils.get_single_instance(input_dict['examples'])
    scans = training_inputs.scan([examples, *target])
    task = Task(config, label_map.categories(names), settings, adaptation, scans)
    content = training_inputs.content_digest(
      config_text, [examples, *target], exec_properties['settings'], scans, adaptation
    )
    work = files.join(exec_properties['work_root'], content)
    write_line(f'training in {work}\nTensorBoard: tensorboard --logdir {files.join(work, "logs")}')

    examples_check.check_examples(config, names, scans)
    tracker = tracking.from_environment() if devices.is_chief(strategy) else tracking.Tracker()
    trained = training.train(task, work, strategy)
    if not devices.is_chief(strategy):
      return

    limits = export.Limits(float(exec_properties['score_threshold']), exec_properties.get('max_detections'))
    model_uri = artifact_utils.get_single_uri(output_dict['model'])
    export_model(trained.engine, model_uri, config_text, task.labels, limits)
    origin = run_record.Origin(settings, content, examples.get_string_custom_property('input_fingerprint'), _PACKAGES)
    run_uri = artifact_utils.get_single_uri(output_dict['model_run'])
    run_record.write(trained, origin, work, run_uri)
    tracker.log_training(run_uri)
    # Only now: until model and record are written, a restart goes on from here.
    files.rmtree(work)


def _file(artifact_list: list[types.Artifact], name: str) -> str:
  return files.join(artifact_utils.get_single_uri(artifact_list), name)
