"""A training at step 0: its engine and where it saves."""

import pytest

from detection.base.errors import ConfigError
from detection.odapi.config import config_io
from detection.pipeline_config import builtin_bases
from detection.training import parts
from detection.training.adaptation import Adaptation
from detection.training.parts import Task
from detection.training.settings import TrainSettings


def test_a_task_with_a_target_domain_builds_an_engine_that_adapts():
  config = config_io.parse(builtin_bases.text('faster_rcnn_resnet50_v1_640'))
  task = Task(config, {'cat': 1}, TrainSettings(), Adaptation(['unread'], 0.1, 10))
  with pytest.raises(ConfigError, match='adapt: not for model faster_rcnn'):
    parts.build_engine(task)


@pytest.mark.slow
def test_a_training_begins_at_step_0_in_its_work_folder(patched, tmp_path):
  config, labels = patched()
  built = parts.build(Task(config, labels, TrainSettings(freeze=['backbone'])), str(tmp_path))
  assert (built.state.step, built.state.num_steps) == (0, config.train_config.num_steps)
  assert int(built.engine.global_step) == 0
  assert built.checkpoints.directory == str(tmp_path / 'checkpoints')
  assert 0 < len(built.engine.trainable) < len(built.engine.model.trainable_variables)


@pytest.mark.slow
def test_a_pattern_that_matches_nothing_is_refused(patched):
  config, labels = patched()
  config.train_config.freeze_variables.append('bakbone')
  with pytest.raises(ConfigError, match=r'freeze_variables: "bakbone" matches no variable'):
    parts.build_engine(Task(config, labels, TrainSettings()))
