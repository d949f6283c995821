import types

import pytest
import tensorflow as tf

from detection.odapi.model import building


def test_all_variables_are_found_once_with_the_averages_of_batch_norm():
  layer = tf.keras.layers.BatchNormalization(name='norm')
  layer.build([None, 3])
  root = tf.train.Checkpoint(first=layer, second=layer)
  names = [variable.name.split('/')[-1] for variable in building.all_variables(root)]
  assert sorted(names) == ['beta:0', 'gamma:0', 'moving_mean:0', 'moving_variance:0']


@pytest.mark.parametrize('training', [True, False])
def test_the_mode_holds_within_the_block_alone_even_after_an_error(training):
  model = types.SimpleNamespace(_is_training=not training)
  before = tf.keras.backend.learning_phase()

  def fail_within():
    with building.mode(model, training):
      assert model._is_training == training
      assert int(tf.keras.backend.learning_phase()) == int(training)
      raise RuntimeError

  with pytest.raises(RuntimeError):
    fail_within()
  assert model._is_training == (not training)
  assert int(tf.keras.backend.learning_phase()) == int(before)


@pytest.mark.slow
def test_a_model_is_built_with_all_its_variables():
  from detection.odapi.config import config_io
  from detection.pipeline_config import builtin_bases

  model = building.build_model(config_io.parse(builtin_bases.text('ssd_mobilenet_v2_fpnlite_cpu_160')))
  names = {variable.name for variable in building.all_variables(model)}
  assert any('BoxPredictor' in name for name in names)
  assert any(name.startswith('Conv1/') for name in names)
