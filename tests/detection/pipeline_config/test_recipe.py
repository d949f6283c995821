"""A recipe is read and checked before any data is seen, and travels as plain parameters."""

import json

import numpy as np
import pytest

from detection.base.errors import ConfigError
from detection.odapi.config import config_path
from detection.pipeline_config import builtin_bases, recipe, split_boxes
from tests.support import patching


def parameters(**options):
  given = {'base': 'ssd_mobilenet_v2_fpnlite_320', 'num_steps': 10, 'batch_size': 2, **options}
  return recipe.read(recipe.Options(**given)).parameters()


def test_a_changed_base_file_is_a_changed_parameter(tmp_path):
  path = tmp_path / 'mine.config'
  path.write_text(builtin_bases.text('ssd_mobilenet_v2_320'))
  before = parameters(base=str(path))
  path.write_text(builtin_bases.text('ssd_mobilenet_v2_320').replace('num_classes: 90', 'num_classes: 91'))

  assert parameters(base=str(path)) != before


def test_a_zoo_folder_brings_its_checkpoint_unless_training_starts_from_scratch(tmp_path):
  (tmp_path / 'checkpoint').mkdir()
  (tmp_path / 'pipeline.config').write_text(builtin_bases.text('ssd_mobilenet_v2_320'))
  for name in ('ckpt-0.index', 'ckpt-0.data-00000-of-00001'):
    (tmp_path / 'checkpoint' / name).write_bytes(b'tensors')

  fine_tuned, scratch = (parameters(base=str(tmp_path), mode=mode) for mode in ('fine_tune', 'scratch'))

  assert (fine_tuned['checkpoint'], scratch['checkpoint']) == (str(tmp_path), '')
  assert len(fine_tuned['checkpoint_fingerprint']) == 16


def test_overrides_survive_the_way_through_json():
  overrides = {'model': {'ssd.freeze_batchnorm': True}, 'train_config.data_augmentation_options': None}

  assert json.loads(parameters(overrides=overrides)['overrides']) == overrides


def test_a_recipe_is_the_same_after_its_way_as_parameters():
  made = recipe.read(recipe.Options('ssd_mobilenet_v2_320', 10, 2, overrides={'model.ssd.num_classes': 3}))
  as_text = {name: str(value) for name, value in made.parameters().items()}

  assert recipe.Recipe.from_parameters(as_text) == made


def test_further_overrides_win():
  made = recipe.read(recipe.Options('ssd_mobilenet_v2_320', 10, 2, overrides={'learning_rate': 0.1, 'augment': []}))

  assert made.with_overrides({'learning_rate': 0.2}).overrides == {'learning_rate': 0.2, 'augment': []}


def test_mistakes_of_mode_checkpoint_and_overrides_are_told_together():
  with pytest.raises(ConfigError, match='model.checkpoint: missing.*Also: .*no field "train_config.steps"'):
    parameters(mode='fine_tune', overrides={'train_config.steps': 3})


def test_a_checkpoint_that_only_the_remote_step_sees_is_not_looked_at():
  made = parameters(mode='fine_tune', checkpoint='s3://bucket/ckpt-0', check_checkpoint=False)

  assert (made['checkpoint'], made['checkpoint_fingerprint']) == ('s3://bucket/ckpt-0', '')


@pytest.mark.parametrize('fitted', [False, True])
def test_anchors_follow_the_boxes_when_asked(fitted):
  corners = np.linspace(0, 0.5, 50)[:, np.newaxis]
  split = split_boxes.SplitBoxes(
    boxes=np.concatenate([corners, corners, corners + 0.05, corners + 0.4], axis=1),
    names=np.array(['cat'] * 50, dtype=object),
    heights=np.full(50, 320),
    widths=np.full(50, 320),
    images=50,
    most=1,
  )

  complete = recipe.complete_config(patching.base(), patching.request(overrides={'fit_anchors': fitted}), split)

  path = 'model.ssd.anchor_generator.multiscale_anchor_generator.aspect_ratios'
  assert (max(config_path.get(complete, path)) > 5) == fitted
