"""The trainer's executor, on a target domain: the finished run's own training again, its eval images for a target."""

import json
import shutil

import pytest
import tensorflow as tf
from tfx.types import channel, standard_artifacts

from components import artifacts
from components.trainer import component, executor


def artifact_at(kind, folder):
  artifact = kind()
  artifact.uri = str(folder)
  return artifact


def variables(model):
  return sorted(tf.train.list_variables(str(model / 'Format-Serving' / 'variables' / 'variables')))


@pytest.mark.slow
def test_an_adapted_model_is_like_any_other_and_its_run_says_how_the_domains_fared(finished_run, tmp_path):
  source = artifact_at(standard_artifacts.Examples, finished_run.artifact('VocExampleGen', 'examples'))
  target = artifact_at(standard_artifacts.Examples, tmp_path / 'target')
  shutil.copytree(finished_run.artifact('VocExampleGen', 'examples') / 'Split-eval', tmp_path / 'target/Split-train')
  target.split_names = '["train"]'
  labels = finished_run.artifact('LabelMapGen', 'label_map')
  config = finished_run.artifact('ConfigPatcher', 'pipeline_config')
  inputs = {
    'examples': [source],
    'target_examples': [target],
    'label_map': [artifact_at(artifacts.LabelMap, labels)],
    'pipeline_config': [artifact_at(artifacts.PipelineConfig, config)],
  }
  model, run = (
    artifact_at(kind, tmp_path / kind.TYPE_NAME) for kind in (standard_artifacts.Model, standard_artifacts.ModelRun)
  )
  channels = {name: channel.Channel(type=type(one)) for name, (one,) in inputs.items()}
  built = component.ODAPITrainer(**channels, work_root='work', settings={'eval_every': 0, 'eval_images': 4})
  properties = {**built.exec_properties, 'work_root': str(tmp_path / 'work')}
  executor.Executor().Do(inputs, {'model': [model], 'model_run': [run]}, properties)

  plain = finished_run.artifact('ODAPITrainer', 'model')
  assert variables(tmp_path / 'Model') == variables(plain)
  exported = tf.train.list_variables(str(tmp_path / 'Model' / 'checkpoint' / 'ckpt-0'))
  assert exported == tf.train.list_variables(str(plain / 'checkpoint' / 'ckpt-0'))
  (row,) = map(json.loads, (tmp_path / 'ModelRun' / 'history.jsonl').read_text().splitlines())
  assert {name for name in row if 'Domain' in name} == {
    f'train/Domain/{what}' for what in ('loss', 'accuracy', 'weight')
  }
  assert row['train/Domain/weight'] > 0
