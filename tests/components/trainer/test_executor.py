"""What is kept of a training."""

import types

from components.trainer import executor
from detection.odapi.config import config_io
from detection.training.settings import TrainSettings
from detection.training.state import Best, TrainState
from detection.training.training import Trained


def test_run_json_says_what_is_needed_to_repeat_a_run():
  config = config_io.parse('model { ssd { num_classes: 2 } }')
  history = [{'step': 30, 'AP': 0.5}, {'step': 40, 'AP': 0.4}]
  state = TrainState(num_steps=100, step=40, best=Best(0.5, 30), history=history, stop='AP has not risen')
  trained = Trained(types.SimpleNamespace(config=config), state, 30)
  facts = executor.run_facts(trained, 'abc', 'def', TrainSettings(seed=7))
  assert (facts['steps'], facts['num_steps'], facts['exported_step']) == (40, 100, 30)
  assert facts['stopped_because'] == 'AP has not risen'
  assert facts['best'] == {'value': 0.5, 'step': 30}
  assert (facts['content'], facts['data_fingerprint'], facts['settings']['seed']) == ('abc', 'def', 7)
  assert config_io.parse(facts['pipeline_config']) == config
  assert {'tensorflow', 'tfx', 'tf-models-research-object-detection'} <= set(facts['versions'])
  assert facts['git_revision'] is None or len(facts['git_revision']) == 40
