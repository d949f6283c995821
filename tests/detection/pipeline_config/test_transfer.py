"""Each mode starts from what it says, and trains what it says."""

import re

import pytest

from detection.pipeline_config import patch
from tests.support import patching


@pytest.mark.parametrize(
  ('mode', 'kind'),
  [('fine_tune', 'detection'), ('classification', 'classification'), ('resume', 'full')],
)
def test_a_checkpoint_comes_with_its_type_and_version(mode, kind):
  train = patch.patch(patching.base(), patching.request(mode=mode, checkpoint='/c/ckpt-0')).train_config

  assert (train.fine_tune_checkpoint, train.fine_tune_checkpoint_type) == ('/c/ckpt-0', kind)
  assert train.fine_tune_checkpoint_version == 2


def test_feature_extraction_freezes_the_backbone_beside_what_is_frozen_already():
  start = patching.base()
  start.train_config.freeze_variables.append('mine')

  train = patch.patch(start, patching.request(mode='feature_extraction', checkpoint='/c/ckpt-0')).train_config

  assert train.fine_tune_checkpoint_type == 'detection'
  assert train.freeze_variables[0] == 'mine'
  assert re.search(train.freeze_variables[1], 'block_3_expand/kernel')
  assert not re.search(train.freeze_variables[1], 'WeightSharedConvolutionalBoxPredictor/kernel')


def test_scratch_forgets_the_checkpoint_of_the_base():
  start = patching.base()
  start.train_config.fine_tune_checkpoint = 'PATH_TO_BE_CONFIGURED'
  start.train_config.fine_tune_checkpoint_type = 'classification'

  train = patch.patch(start, patching.request()).train_config

  assert not any(train.HasField(f) for f in ('fine_tune_checkpoint', 'fine_tune_checkpoint_type'))


@pytest.fixture(scope='module')
def small_detector():
  """A built detector with a MobileNetV2 backbone at full width, as classifiers have it."""
  from detection.odapi.model import building

  config = patching.complete('ssd_mobilenet_v2_320')
  config.model.ssd.image_resizer.fixed_shape_resizer.height = 96
  config.model.ssd.image_resizer.fixed_shape_resizer.width = 96
  return building.build_model(config)


@pytest.mark.slow
@pytest.mark.parametrize('way', ['Checkpoint(feature_extractor=...)', 'save_weights'])
def test_a_keras_applications_backbone_of_the_users_is_taken_over(small_detector, tmp_path, way):
  import tensorflow as tf

  from detection.odapi.model import restore

  classifier = tf.keras.applications.MobileNetV2(input_shape=(96, 96, 3), include_top=False, weights=None)
  for variable in classifier.variables:
    variable.assign(tf.random.normal(variable.shape))
  prefix = str(tmp_path / 'backbone')
  if way == 'save_weights':
    classifier.save_weights(prefix)
  else:
    prefix = tf.train.Checkpoint(feature_extractor=classifier).save(prefix)
  train = patch.patch(
    patching.base('ssd_mobilenet_v2_320'), patching.request(mode='classification', checkpoint=prefix)
  ).train_config

  report = restore.restore(small_detector, train.fine_tune_checkpoint, train.fine_tune_checkpoint_type)

  backbone = small_detector._feature_extractor.classification_backbone
  assert len(report.restored) == len(backbone.variables)
  for name in ('Conv1', 'block_7_depthwise', 'block_16_project_BN'):
    for here, there in zip(backbone.get_layer(name).weights, classifier.get_layer(name).weights, strict=True):
      assert (here.numpy() == there.numpy()).all()
