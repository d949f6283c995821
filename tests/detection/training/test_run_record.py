"""What is kept of a training."""

import json
import types

import PIL.Image

from detection.odapi.config import config_io
from detection.training import run_record
from detection.training.hooks.keep_best import Best
from detection.training.settings import TrainSettings
from detection.training.state import TrainState
from detection.training.training import Trained

CONFIG = config_io.parse('model { ssd { num_classes: 2 } }')
ORIGIN = run_record.Origin(TrainSettings(seed=7), 'abc', 'def', ['tensorflow', 'detection-pipeline'])


def trained(stop=''):
  history = [{'step': 30, 'AP': 0.5}, {'step': 40, 'AP': 0.4}]
  state = TrainState(num_steps=100, step=40, stop=stop)
  return Trained(types.SimpleNamespace(config=CONFIG), 30, state, Best(0.5, 30), history, seconds=12.34, rollbacks=1)


def test_run_json_says_what_is_needed_to_repeat_a_run():
  facts = run_record.facts(trained(stop='AP has not risen'), ORIGIN)
  assert (facts['steps'], facts['num_steps'], facts['exported_step'], facts['rollbacks']) == (40, 100, 30, 1)
  assert facts['stopped_because'] == 'AP has not risen'
  assert facts['best'] == {'value': 0.5, 'step': 30}
  assert facts['last_evaluation'] == {'step': 40, 'AP': 0.4}
  assert facts['training_seconds'] == 12.3
  assert (facts['content'], facts['data_fingerprint'], facts['settings']['seed']) == ('abc', 'def', 7)
  assert config_io.parse(facts['pipeline_config']) == CONFIG
  assert set(facts['versions']) == {'tensorflow', 'detection-pipeline'}
  assert facts['git_revision'] is None or len(facts['git_revision']) == 40


def test_a_training_that_was_never_evaluated_has_a_record_too():
  ended = Trained(types.SimpleNamespace(config=CONFIG), 0, TrainState(num_steps=0))
  facts = run_record.facts(ended, ORIGIN)
  assert (facts['best'], facts['last_evaluation']) == (None, {})
  assert facts['stopped_because'] == 'all steps were taken'


def test_the_record_is_the_work_folder_with_run_json_and_the_learning_curve(tmp_path):
  (tmp_path / 'work' / 'logs').mkdir(parents=True)
  (tmp_path / 'work' / 'logs' / 'events').write_text('x')
  record = tmp_path / 'record'
  run_record.write(trained(), ORIGIN, str(tmp_path / 'work'), str(record))
  assert (record / 'logs' / 'events').read_text() == 'x'
  assert json.loads((record / 'run.json').read_text())['steps'] == 40
  assert PIL.Image.open(record / 'learning_curve.png').size == (960, 540)
