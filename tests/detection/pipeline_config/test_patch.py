"""A base config becomes a complete one."""

import pathlib

import pytest

from detection.base.errors import ConfigError
from detection.odapi.config import config_io, config_path
from detection.pipeline_config import builtin_bases, changes, patch, portable
from detection.pipeline_config.base import read_base
from tests.support import patching
from tests.support.garden_configs import GARDEN
from tests.support.shared_data import ZOO_CONFIGS

BASES = [*builtin_bases.names(), *(str(path) for path in ZOO_CONFIGS)]

OF_TPUS = ('bfloat16', 'replicas', 'startup_delay', 'use_static', 'use_matmul_crop', 'use_matmul_gather_in', 'inplace_')

OF_OTHER_TASKS = ('keypoint', 'instance_masks', 'mask_prediction', 'mask_type', 'deepmac', 'number_of_stages: 3')


def base(name):
  return config_io.parse(read_base(name).text)


@pytest.mark.parametrize('name', BASES, ids=lambda name: pathlib.Path(name).stem)
def test_every_base_is_completed_and_patching_twice_is_patching_once(name):
  complete = patch.patch(base(name), patching.request())

  text = config_io.dump(complete)
  model = getattr(complete.model, complete.model.WhichOneof('model'))
  assert 'PATH_TO_BE_CONFIGURED' not in text
  assert model.num_classes == 3
  assert (complete.train_config.num_steps, complete.train_config.batch_size) == (500, 4)
  assert config_io.parse(text) == complete
  assert patch.patch(complete, patching.request()) == complete


def test_the_base_stays_as_it_is():
  original = base('ssd_mobilenet_v2_fpnlite_320')
  before = config_io.dump(original)

  patch.patch(original, patching.request())

  assert config_io.dump(original) == before


def test_overrides_have_the_last_word_and_the_schedule_follows_them():
  complete = patch.patch(
    base('ssd_mobilenet_v2_fpnlite_320'),
    patching.request(
      overrides={'train_config.num_steps': 100, 'train_config.batch_size': 64, 'eval_config.num_visualizations': 2}
    ),
  )

  cosine = config_path.get(
    complete, 'train_config.optimizer.momentum_optimizer.learning_rate.cosine_decay_learning_rate'
  )
  assert (cosine.total_steps, complete.train_config.num_steps) == (100, 100)
  assert cosine.learning_rate_base == pytest.approx(0.08 * (64 / 128) ** 0.5)
  assert complete.eval_config.num_visualizations == 2


@pytest.mark.parametrize(
  ('changes', 'expected'),
  [
    pytest.param({'overrides': {'model.ssd.num_classes': 5}}, 'ids up to 3, received 5', id='another class count'),
    pytest.param({'overrides': {'train_config.optimizer': None}}, 'no learning rate', id='no optimizer'),
    pytest.param(
      {'overrides': {'train_config.fine_tune_checkpoint': 'PATH_TO_BE_CONFIGURED/a'}}, 'still', id='left open'
    ),
    pytest.param({'num_steps': 0}, 'train.num_steps: expected 1 or more', id='no steps'),
    pytest.param({'batch_size': 0}, 'train.batch_size: expected 1 or more', id='no batch'),
  ],
)
def test_what_would_spoil_training_is_refused(changes, expected):
  with pytest.raises(ConfigError, match=expected):
    patch.patch(base('ssd_mobilenet_v2_fpnlite_320'), patching.request(**changes))


def test_problems_are_refused_together():
  overrides = {'model.ssd.num_classes': 5, 'train_config.optimizer': None}

  with pytest.raises(ConfigError, match='num_classes.*Also: .*no learning rate'):
    patch.patch(base('ssd_mobilenet_v2_fpnlite_320'), patching.request(overrides=overrides))


@pytest.mark.parametrize('name', GARDEN)
def test_a_config_of_the_model_garden_is_completed_for_boxes_on_one_device(name):
  base = config_io.parse(GARDEN[name], name)
  request = patching.request(num_steps=1000, batch_size=4)

  complete = patch.patch(base, request)

  text = config_io.dump(complete)
  assert not portable.problems(base)
  assert not [word for word in ('PATH_TO_BE_CONFIGURED', *OF_TPUS, *OF_OTHER_TASKS) if word in text]
  assert (complete.train_config.num_steps, complete.train_config.batch_size) == (1000, 4)
  assert config_io.parse(text) == complete
  assert patch.patch(complete, request) == complete
  assert 'train_config.batch_size' in changes.render(changes.between(base, complete, ()), name)


@pytest.mark.parametrize(
  ('change', 'expected'),
  [
    (('ssd_mobilenet_v1_fpn_keras', 'ssd_mobilenet_v1_fpn'), 'TF 2 successor: "ssd_mobilenet_v1_fpn_keras"'),
    (('num_classes: 90', 'num_clases: 90'), 'line 1, column .*nearest: "num_classes"'),
    (('max_level: 7 }', 'max_level: 6 }'), 'pyramid has levels 3 to 6, the anchors 3 to 7'),
  ],
)
def test_what_cannot_be_trained_is_refused_with_one_line(change, expected):
  text = GARDEN['ssd_mobilenet_v1_fpn_640'].replace(*change)

  with pytest.raises(ConfigError, match=expected) as caught:
    patch.patch(config_io.parse(text), patching.request())

  assert '\n' not in str(caught.value)
