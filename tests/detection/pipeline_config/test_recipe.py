"""A recipe is read and checked before any data is seen, and travels as plain parameters."""

import json

import numpy as np
import pytest

from detection.base.errors import ConfigError
from detection.odapi.config import config_path
from detection.odapi.weights import imagenet, targets
from detection.pipeline_config import builtin_bases, recipe, split_boxes
from tests.support import keras_networks, patching


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


def start(checkpoint, base='ssd_mobilenet_v2_fpnlite_cpu_160', **options):
  return recipe.read(recipe.Options(base, 10, 2, 'classification', str(checkpoint), **options))


def test_published_weights_are_neither_fetched_nor_looked_for_before_training(monkeypatch):
  monkeypatch.setattr(imagenet, 'path', None)
  made = start('imagenet')
  assert (made.checkpoint, made.checkpoint_fingerprint) == ('imagenet', '')
  assert made.dry_run(is_network=True).train_config.fine_tune_checkpoint == 'imagenet'
  with pytest.raises(ConfigError, match='depth multiplier 0.6 are published'):
    start('imagenet', overrides={'model.ssd.feature_extractor.depth_multiplier': 0.6})


def test_the_weights_of_a_narrow_network_need_narrow_layers():
  made = start('imagenet')
  assert made.dry_run(is_network=True).model.ssd.feature_extractor.min_depth == 8


def test_weights_that_only_the_remote_step_can_see_are_not_looked_at():
  assert start('s3://far/net.h5', check_checkpoint=False).checkpoint == 's3://far/net.h5'


@pytest.mark.parametrize('mode', ['fine_tune', 'resume', 'feature_extraction'])
def test_a_classification_network_is_no_detector_to_start_from(mode):
  with pytest.raises(ConfigError, match=f'model.mode: {mode} starts from a detector.*Use model.mode: classification'):
    recipe.read(recipe.Options('ssd_mobilenet_v2_320', 10, 2, mode, 'net.h5', check_checkpoint=False))


@pytest.mark.parametrize(
  ('content', 'message'),
  [(None, 'no such file'), (b'text', 'neither an HDF5 file'), (b'\x89HDF\r\n\x1a\nxxxx', 'not a whole HDF5 file')],
)
def test_a_bad_weights_file_is_refused_before_anything_runs(content, message, tmp_path):
  path = tmp_path / 'net.h5'
  if content is not None:
    path.write_bytes(content)
  with pytest.raises(ConfigError, match=message) as caught:
    start(path)
  assert '\n' not in str(caught.value)
  assert caught.value.exit_status == 2


@pytest.mark.slow
def test_weights_of_another_width_are_refused_before_anything_runs(tmp_path):
  keras_networks.keras3_h5(targets.keras_network('MobileNetV2', 0.35), tmp_path / 'net.h5')
  assert len(start(tmp_path / 'net.h5').checkpoint_fingerprint) == 16
  with pytest.raises(ConfigError, match='depth multiplier 1.0 here, 0.35 in the file'):
    start(tmp_path / 'net.h5', 'ssd_mobilenet_v2_fpnlite_320')
