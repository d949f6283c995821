import pathlib
import re

import pytest

from detection.base.errors import ConfigError
from detection.odapi.config import config_io, config_path
from detection.pipeline_config import builtin_bases, patch
from detection.pipeline_config.base import read_base
from tests.support import patching
from tests.support.shared_data import NO_ZOO_CONFIGS, ZOO_CONFIGS

BASES = [*builtin_bases.names(), *(str(path) for path in ZOO_CONFIGS)]


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


@pytest.mark.skipif(not ZOO_CONFIGS, reason=NO_ZOO_CONFIGS)
def test_a_pose_model_becomes_a_box_model():
  pose = next(str(path) for path in ZOO_CONFIGS if 'kpts' in path.name)

  complete = patch.patch(base(pose), patching.request())

  text = config_io.dump(complete)
  assert 'keypoint' not in text
  assert complete.model.center_net.object_detection_task.localization_loss.HasField('l1_localization_loss')


@pytest.mark.parametrize(
  ('mode', 'kind'),
  [('fine_tune', 'detection'), ('classification', 'classification'), ('resume', 'full')],
)
def test_a_checkpoint_comes_with_its_type_and_version(mode, kind):
  train = patch.patch(
    base('ssd_mobilenet_v2_fpnlite_320'), patching.request(mode=mode, checkpoint='/c/ckpt-0')
  ).train_config

  assert (train.fine_tune_checkpoint, train.fine_tune_checkpoint_type) == ('/c/ckpt-0', kind)
  assert train.fine_tune_checkpoint_version == 2


def test_feature_extraction_freezes_the_backbone_beside_what_is_frozen_already():
  start = base('ssd_mobilenet_v2_fpnlite_320')
  start.train_config.freeze_variables.append('mine')

  train = patch.patch(start, patching.request(mode='feature_extraction', checkpoint='/c/ckpt-0')).train_config

  assert train.fine_tune_checkpoint_type == 'detection'
  assert train.freeze_variables[0] == 'mine'
  assert re.search(train.freeze_variables[1], 'block_3_expand/kernel')
  assert not re.search(train.freeze_variables[1], 'WeightSharedConvolutionalBoxPredictor/kernel')


def test_scratch_forgets_the_checkpoint_of_the_base():
  start = base('ssd_mobilenet_v2_fpnlite_320')
  start.train_config.fine_tune_checkpoint = 'PATH_TO_BE_CONFIGURED'
  start.train_config.fine_tune_checkpoint_type = 'classification'

  train = patch.patch(start, patching.request()).train_config

  assert not any(train.HasField(f) for f in ('fine_tune_checkpoint', 'fine_tune_checkpoint_type'))


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
