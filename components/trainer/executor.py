"""Trains, then lays out the model and the run's records."""

import json
import os
import platform
import subprocess
import time
from collections.abc import Mapping
from importlib import metadata
from typing import Any

import tensorflow as tf
from tfx import types
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils

from components import artifacts, training_inputs
from detection import model_folder
from detection.base import files
from detection.base.settings import parse_settings
from detection.odapi import label_map
from detection.odapi.config import config_io
from detection.odapi.model import devices, export
from detection.training import examples_check, training
from detection.training.settings import TrainSettings
from detection.training.training import Trained

_PACKAGES = ('tensorflow', 'tfx', 'tf-models-official', 'tf-models-research-object-detection', 'detection-pipeline')


class Executor(base_executor.BaseExecutor):
  """See ODAPITrainer."""

  def Do(
    self,
    input_dict: dict[str, list[types.Artifact]],
    output_dict: dict[str, list[types.Artifact]],
    exec_properties: dict[str, Any],
  ) -> None:
    """Trains in the work folder, then fills `model` and `model_run` and clears the work folder."""
    config_path = _file(input_dict['pipeline_config'], artifacts.PipelineConfig.FILE_NAME)
    labels_path = _file(input_dict['label_map'], artifacts.LabelMap.FILE_NAME)
    config = config_io.parse(files.read_text(config_path), config_path)
    names = label_map.parse_shared(files.read_text(labels_path), labels_path)
    labels = label_map.categories(names)
    settings = parse_settings(TrainSettings, json.loads(exec_properties['settings']), 'train')
    examples = artifact_utils.get_single_instance(input_dict['examples'])
    adaptation, target = training_inputs.adaptation_of(config, input_dict, exec_properties)
    content = training_inputs.content_digest(
      files.read_text(config_path), [examples, *target], exec_properties['settings'], adaptation
    )
    work = files.join(exec_properties['work_root'], content)
    print(f'training in {work}\nTensorBoard: tensorboard --logdir {files.join(work, "logs")}', flush=True)

    strategy = devices.choose_strategy()
    examples_check.check_examples(config, names)
    trained = training.train(config, labels, settings, work, strategy, adaptation)
    if not devices.is_chief(strategy):
      return

    model_uri = artifact_utils.get_single_uri(output_dict['model'])
    run_uri = artifact_utils.get_single_uri(output_dict['model_run'])
    limits = export.Limits(float(exec_properties['score_threshold']), exec_properties.get('max_detections'))
    write_model(trained, model_uri, files.read_text(config_path), labels, limits)
    files.copy_tree(work, run_uri)
    training.write_learning_curve(trained, files.join(run_uri, training.LEARNING_CURVE))
    facts = run_facts(trained, content, examples.get_string_custom_property('input_fingerprint'), settings)
    files.write_text(files.join(run_uri, 'run.json'), json.dumps(facts, indent=2))
    # Only now: until the model stands, a restart goes on from here.
    files.rmtree(work)


def write_model(trained: Trained, uri: str, config_text: str, labels: Mapping[str, int], limits: export.Limits) -> None:
  """Format-Serving/, checkpoint/, pipeline.config and label_map.pbtxt below `uri`."""
  model = export.standalone(trained.engine)
  with files.whole_directory(model_folder.serving(uri)) as directory:
    export.save(model, directory, labels, limits)
  # As the OD API's exporter leaves it: one checkpoint with the model alone, ckpt-0, to fine-tune from.
  checkpoint = tf.train.Checkpoint(model=model)
  folder = files.join(uri, model_folder.CHECKPOINT)
  tf.train.CheckpointManager(checkpoint, folder, max_to_keep=1).save(checkpoint_number=0)
  files.write_text(files.join(uri, artifacts.PipelineConfig.FILE_NAME), config_text)
  files.write_text(files.join(uri, artifacts.LabelMap.FILE_NAME), label_map.dump(labels))


def run_facts(trained: Trained, content: str, data: str, settings: TrainSettings) -> dict[str, Any]:
  """What one needs to know to repeat or compare a run.

  Args:
    trained: the finished training.
    content: digest of all it depends on.
    data: fingerprint of the data folder that the examples are of, as VocExampleGen left it; empty if it did not.
    settings: of the training.
  """
  state = trained.state
  last = state.history[-1] if state.history else {}
  return {
    'steps': state.step,
    'num_steps': state.num_steps,
    'stopped_because': state.stop or 'all steps were taken',
    'exported_step': trained.exported_step,
    'best': None if state.best is None else {'value': state.best.value, 'step': state.best.step},
    'last_evaluation': last,
    'training_seconds': round(state.seconds, 1),
    'rollbacks': state.rollbacks,
    'content': content,
    'data_fingerprint': data,
    'pipeline_config': config_io.dump(trained.engine.config),
    'versions': {name: metadata.version(name) for name in _PACKAGES},
    'git_revision': _git_revision(),
    'python': platform.python_version(),
    'settings': settings.dict(),
    'finished': time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime()),
  }


def _git_revision() -> str | None:
  """Of the project's checkout, where it runs from one."""
  command = ['git', '-C', os.path.dirname(os.path.abspath(__file__)), 'rev-parse', 'HEAD']
  try:
    done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
  except (OSError, subprocess.TimeoutExpired):
    return None
  return done.stdout.strip() or None


def _file(artifact_list: list[types.Artifact], name: str) -> str:
  return files.join(artifact_utils.get_single_uri(artifact_list), name)
