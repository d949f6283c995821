"""What is frozen, on a small model; tests of the engine see that it stays in a real one."""

import re

import pytest
import tensorflow as tf

from detection.base.errors import ConfigError
from detection.odapi.config import config_io
from detection.odapi.model import freezing


class Model(tf.Module):
  """A backbone with batch norm, and a predictor, where an SSD of the OD API keeps them."""

  def __init__(self):
    super().__init__()
    self.backbone = tf.keras.Sequential(
      [tf.keras.layers.Dense(2, name='Conv1'), tf.keras.layers.BatchNormalization(name='norm')]
    )
    self.backbone.build([None, 3])
    self._box_predictor = tf.keras.layers.Dense(1, name='BoxPredictor')
    self._box_predictor.build([None, 2])

  def restore_from_objects(self, kind):
    assert kind == 'classification'
    return {'backbone': self.backbone}


def trained(presets=(), train=''):
  model = Model()
  config = config_io.parse(f'model {{ ssd {{}} }} train_config {{ {train} }}')
  names = {variable.name.split(':')[0] for variable in freezing.apply(model, config, presets)}
  return names, model


@pytest.mark.parametrize(
  ('presets', 'train', 'frozen'),
  [
    pytest.param((), '', 'nothing', id='nothing'),
    pytest.param(('backbone',), '', 'Conv1|norm', id='the backbone'),
    pytest.param(('batch_norm',), '', 'norm', id='batch norm'),
    pytest.param((), 'freeze_variables: "Conv1/bias"', 'Conv1/bias', id='by a pattern'),
    pytest.param((), 'update_trainable_variables: "Conv1"', '^(?!Conv1)', id='all but a pattern'),
    pytest.param(('all_but_box_predictor',), '', 'Conv1|norm', id='all but the box predictor'),
  ],
)
def test_what_is_named_is_not_trained_and_the_rest_is(presets, train, frozen):
  everything, _ = trained()
  names, _ = trained(presets, train)
  assert names == {name for name in everything if not re.search(frozen, name)}


def test_a_batch_norm_that_is_frozen_keeps_its_moving_averages():
  _, model = trained(('batch_norm',))
  assert not model.backbone.layers[1].trainable
  _, model = trained()
  assert model.backbone.layers[1].trainable


@pytest.mark.parametrize(
  ('presets', 'train', 'expected'),
  [
    ((), 'freeze_variables: "bakbone"', 'freeze_variables: "bakbone" matches no variable'),
    (('backbone', 'all_but_box_predictor'), 'freeze_variables: "."', 'nothing is left to train'),
  ],
)
def test_freezing_nothing_or_everything_is_refused(presets, train, expected):
  with pytest.raises(ConfigError, match=expected):
    trained(presets, train)
