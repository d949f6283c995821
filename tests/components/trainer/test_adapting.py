"""What ODAPITrainer makes of a target domain: its wiring, and what names the work folder."""

import json
import shutil

import pytest
import tensorflow as tf
from tfx.types import channel, standard_artifacts

from components import artifacts, training_inputs
from components.trainer import component, executor
from detection.base.errors import ConfigError
from detection.training.adaptation import Adaptation


def trainer(**options):
  inputs = {'examples': standard_artifacts.Examples, 'label_map': artifacts.LabelMap}
  inputs['pipeline_config'] = artifacts.PipelineConfig
  channels = {name: channel.Channel(type=kind) for name, kind in inputs.items()}
  return component.ODAPITrainer(**channels, work_root='work', **options)


def test_settings_of_an_adaptation_without_images_to_adapt_to_are_refused():
  with pytest.raises(ConfigError, match='adapt: expected target_examples'):
    trainer(adapt={'weight': 0.1})


def test_a_wrong_setting_of_an_adaptation_is_refused_naming_the_nearest():
  target = channel.Channel(type=standard_artifacts.Examples)
  with pytest.raises(ConfigError, match='adapt: .*nearest: "weight"'):
    trainer(target_examples=target, adapt={'wait': 0.1})
  built = trainer(target_examples=target)
  assert json.loads(built.exec_properties['adapt'])['ramp_steps'] is None
  assert built.inputs['target_examples'] is target


def examples(folder, content):
  artifact = standard_artifacts.Examples()
  artifact.uri = str(folder)
  (folder / 'Split-train').mkdir(parents=True)
  (folder / 'Split-train' / 'data').write_bytes(content)
  return artifact


def test_a_training_is_named_by_the_targets_bytes_and_strength_and_not_by_its_place(tmp_path):
  source = examples(tmp_path / 'source', b'source')

  def digest(place, content, weight=0.1):
    target = examples(tmp_path / place, content)
    adaptation = Adaptation([f'{target.uri}/Split-train/*'], weight, 100)
    return training_inputs.content_digest('config', [source, target], '{}', adaptation)

  first = digest('a', b'one')
  assert digest('b', b'one') == first
  assert digest('c', b'two') != first
  assert digest('d', b'one', weight=0.2) != first
  assert training_inputs.content_digest('config', [source], '{}') != first


def standing(kind, folder):
  artifact = kind()
  artifact.uri = str(folder)
  return artifact


def variables(model):
  return sorted(tf.train.list_variables(str(model / 'Format-Serving' / 'variables' / 'variables')))


@pytest.mark.slow
def test_an_adapted_model_is_like_any_other_and_its_run_says_how_the_domains_fared(finished_run, tmp_path):
  """The finished run's own training again, its eval images for a target."""
  source = standing(standard_artifacts.Examples, finished_run.artifact('VocExampleGen', 'examples'))
  target = standing(standard_artifacts.Examples, tmp_path / 'target')
  shutil.copytree(finished_run.artifact('VocExampleGen', 'examples') / 'Split-eval', tmp_path / 'target/Split-train')
  target.split_names = '["train"]'
  inputs = {
    'examples': [source],
    'target_examples': [target],
    'label_map': [standing(artifacts.LabelMap, finished_run.artifact('LabelMapGen', 'label_map'))],
    'pipeline_config': [standing(artifacts.PipelineConfig, finished_run.artifact('ConfigPatcher', 'pipeline_config'))],
  }
  model, run = (
    standing(kind, tmp_path / kind.TYPE_NAME) for kind in (standard_artifacts.Model, standard_artifacts.ModelRun)
  )
  built = trainer(
    target_examples=channel.Channel(type=standard_artifacts.Examples), settings={'eval_every': 0, 'eval_images': 4}
  )
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
