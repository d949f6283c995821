"""What would stop or spoil a training is found in the config, before anything is built."""

import pytest

from detection.odapi.config import config_path
from detection.pipeline_config import config_checks
from tests.support import patching

COSINE = 'train_config.optimizer.momentum_optimizer.learning_rate.cosine_decay_learning_rate'


@pytest.mark.parametrize(
  ('path', 'value', 'expected'),
  [
    pytest.param('model.ssd.num_classes', 5, 'the label map has ids up to 3, received 5', id='another class count'),
    pytest.param('train_config.optimizer', None, 'no learning rate', id='no optimizer'),
    pytest.param('train_config.fine_tune_checkpoint', 'PATH_TO_BE_CONFIGURED/a', 'checkpoint: still', id='left open'),
    pytest.param(f'{COSINE}.warmup_steps', 500, 'warm-up takes 500 steps of 500', id='all warm-up'),
    pytest.param(f'{COSINE}.warmup_learning_rate', 1.0, 'warm-up begins at a rate of 1, above', id='warm-up goes down'),
    pytest.param(f'{COSINE}.learning_rate_base', 0.0, 'the learning rate is 0', id='no rate'),
    pytest.param('model.ssd.feature_extractor.fpn.max_level', 6, 'has levels 3 to 6, the anchors 3 to 7', id='levels'),
  ],
)
def test_a_config_that_would_spoil_training_has_a_problem(path, value, expected):
  config = patching.complete()
  assert config_checks.problems(config, 3) == []

  config_path.put(config, path, value)

  assert any(expected in problem for problem in config_checks.problems(config, 3))


def test_manual_steps_must_rise():
  config = patching.complete(schedule={'name': 'manual_step', 'steps': [300, 400]})
  rate = config.train_config.optimizer.momentum_optimizer.learning_rate.manual_step_learning_rate
  rate.schedule[1].step = 300

  assert config_checks.problems(config, 3) == [
    'manual_step_learning_rate: steps must rise from above 0, received [300, 300].'
  ]


def test_an_efficientdet_needs_sides_that_its_pyramid_can_halve():
  config = patching.complete('efficientdet_d0_512')
  config.model.ssd.image_resizer.keep_aspect_ratio_resizer.max_dimension = 500

  (problem,) = config_checks.problems(config, 3)

  assert 'multiples of 128, received 500x500' in problem


def test_the_class_count_is_left_alone_while_no_label_map_is_known():
  assert config_checks.problems(patching.complete(), None) == []
