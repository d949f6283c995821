"""Restoring for fine-tuning, with a checkpoint the project trained itself."""

import numpy as np
import pytest
import tensorflow as tf

from detection.base.errors import ConfigError, DataError
from detection.odapi.config import config_io
from detection.odapi.model import building, restore

pytestmark = pytest.mark.slow


@pytest.fixture(scope='module')
def source(finished_run):
  """(config, prefix) of the finished run."""
  text = (finished_run.artifact('ConfigPatcher', 'pipeline_config') / 'pipeline.config').read_text()
  return config_io.parse(text), str(finished_run.artifact('ODAPITrainer', 'model') / 'checkpoint' / 'ckpt-0')


@pytest.fixture(scope='module')
def model(source):
  return building.build_model(source[0])


@pytest.fixture(scope='module')
def more_classes(source):
  config = config_io.parse(config_io.dump(source[0]))
  config.model.ssd.num_classes = 7
  return building.build_model(config)


def values(model):
  return {v.name: v.numpy() for v in building.all_variables(model)}


def test_full_restores_every_variable_as_tensorflow_itself_does(model, source):
  report = restore.restore(model, source[1], 'full')
  assert report.fresh == {}
  assert report.backbone[0] == report.backbone[1] > 0
  ours = values(model)
  for variable in building.all_variables(model):
    variable.assign(tf.zeros_like(variable))
  tf.train.Checkpoint(model=model).restore(source[1]).assert_existing_objects_matched()
  theirs = values(model)
  assert all(np.array_equal(ours[name], theirs[name]) for name in ours)


def test_detection_restores_the_backbone_and_leaves_the_heads_fresh(model, source):
  report = restore.restore(model, source[1], 'detection')
  assert report.backbone[0] == report.backbone[1]
  assert report.fresh
  assert all('BoxPredictor' in name or 'WeightSharedConvolutional' in name for name in report.fresh), report.fresh


def test_another_number_of_classes_restores_all_but_the_class_heads(more_classes, source):
  report = restore.restore(more_classes, source[1], 'full')
  assert report.fresh
  assert all('ClassPredictor' in name or 'class' in name.lower() for name in report.fresh), report.fresh
  assert all('shape' in why for why in report.fresh.values())


def test_classification_takes_the_backbone_out_of_a_detector(model, source):
  before = values(model)
  report = restore.restore(model, source[1], 'classification')
  assert report.backbone[0] > 0.5 * report.backbone[1]
  assert set(report.restored) | set(report.fresh) == set(before)


def test_classification_takes_the_backbone_the_od_api_way(model, tmp_path):
  backbone = model._feature_extractor.classification_backbone
  prefix = tf.train.Checkpoint(feature_extractor=backbone).save(str(tmp_path / 'backbone'))
  report = restore.restore(model, prefix, 'classification')
  assert len(report.restored) == len(building.all_variables(backbone))


@pytest.mark.parametrize(
  ('content', 'expected'),
  [
    pytest.param(None, 'not a checkpoint', id='nothing there'),
    pytest.param(b'', 'not a checkpoint', id='an empty index'),
  ],
)
def test_what_is_no_checkpoint_is_refused(model, tmp_path, content, expected):
  if content is not None:
    (tmp_path / 'ckpt-0.index').write_bytes(content)
  with pytest.raises(DataError, match=expected):
    restore.restore(model, str(tmp_path / 'ckpt-0'), 'full')


def test_a_checkpoint_of_something_else_is_refused_by_what_it_restores(model, tmp_path):
  prefix = tf.train.Checkpoint(other=tf.Variable(1.0)).save(str(tmp_path / 'other'))
  with pytest.raises(DataError, match=r'only 0 of \d+ backbone variables'):
    restore.restore(model, prefix, 'detection', min_backbone=0.5)


def test_an_unknown_type_is_refused(model, source):
  with pytest.raises(ConfigError, match='Expected detection, classification or full'):
    restore.restore(model, source[1], 'fine_tune')
