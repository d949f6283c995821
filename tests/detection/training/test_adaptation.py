"""Domain adaptation: the reversal, the ramp, batch norm of two domains, and what is left in the model afterwards."""

import contextlib
import math

import numpy as np
import pytest
import tensorflow as tf

from detection.base.errors import ConfigError
from detection.odapi.config import config_io
from detection.odapi.model import building, inputs
from detection.odapi.model.engine import Engine
from detection.odapi.model.losses import TOTAL_LOSS
from detection.pipeline_config import builtin_bases
from detection.training import adaptation
from detection.training.checkpoints import Checkpoints
from detection.training.state import TrainState


def test_the_reversal_layer_turns_the_gradient_and_keeps_the_value():
  features = tf.constant([1.0, -2.0])
  with tf.GradientTape() as tape:
    tape.watch(features)
    through = adaptation.reverse_gradient(features, tf.constant(0.25))
    loss = tf.reduce_sum(through * [3.0, 5.0])
  assert through.numpy().tolist() == [1.0, -2.0]
  assert tape.gradient(loss, features).numpy().tolist() == [-0.75, -1.25]


@pytest.mark.parametrize(
  ('step', 'expected'), [(0, 0.0), (10, 2 / (1 + math.exp(-1)) - 1), (100, 0.9999), (500, 0.9999)]
)
def test_the_ramp_rises_from_nothing_to_all(step, expected):
  assert float(adaptation.ramp(tf.constant(step, tf.int64), 100)) == pytest.approx(expected, abs=1e-4)


def test_the_classifier_learns_to_tell_two_domains_apart():
  tf.keras.utils.set_random_seed(0)
  classifier = adaptation.DomainClassifier([4, 2])
  maps = [[tf.random.normal([3, 5, 5, 4]) + shift, tf.random.normal([3, 2, 2, 2]) + shift] for shift in (-2.0, 2.0)]
  optimizer = tf.keras.optimizers.Adam(0.05)
  for _ in range(40):
    with tf.GradientTape() as tape:
      loss, accuracy = classifier(*maps)
    gradients = tape.gradient(loss, classifier.trainable_variables)
    optimizer.apply_gradients(zip(gradients, classifier.trainable_variables, strict=True))
  assert float(accuracy) > 0.95
  assert float(loss) < 0.2


@pytest.mark.parametrize('held', [True, False])
def test_moving_averages_are_held_while_a_batch_is_normalised_by_its_own_statistics(held):
  extractor = tf.keras.Sequential([tf.keras.layers.BatchNormalization(momentum=0.5)])
  extractor.build([None, 2, 2, 3])
  averages = adaptation._MovingAverages(extractor)
  images = tf.random.normal([8, 2, 2, 3]) * 4 + 7
  with averages.held() if held else contextlib.nullcontext():
    out = tf.function(lambda x: extractor(x, training=True))(images)
  assert float(tf.reduce_mean(out)) == pytest.approx(0, abs=1e-4)
  moved = float(tf.reduce_mean(extractor.layers[0].moving_mean))
  assert moved == pytest.approx(0.0 if held else 3.5, abs=0.5)
  assert extractor.layers[0].momentum == 0.5


def test_a_family_without_such_feature_maps_is_refused_by_name():
  config = config_io.parse(builtin_bases.text('faster_rcnn_resnet50_v1_640'))
  with pytest.raises(ConfigError, match=r'adapt: not for model faster_rcnn .*SSD, EfficientDet or CenterNet'):
    adaptation.method(config, adaptation.Adaptation(['unread'], 0.1, 10))


@pytest.fixture
def two_domains(finished_run):
  """(config, Adaptation) of a base by name; images of the finished run's eval split stand in for the target's."""
  examples = finished_run.artifact('VocExampleGen', 'examples')

  def prepare(base, batch_norm):
    config = config_io.parse(builtin_bases.text(base))
    ours = config_io.parse((finished_run.artifact('ConfigPatcher', 'pipeline_config') / 'pipeline.config').read_text())
    config.train_input_reader.CopyFrom(ours.train_input_reader)
    config.train_config.batch_size = 2
    return config, adaptation.Adaptation([str(examples / 'Split-eval' / '*')], 0.5, 10, batch_norm)

  return prepare


@pytest.fixture
def eagerly():
  """Two steps pay for no graph; that of an adapting SSD is traced where the trainer's executor is tested."""
  tf.config.run_functions_eagerly(True)
  yield
  tf.config.run_functions_eagerly(False)


@pytest.mark.slow
@pytest.mark.parametrize(
  ('base', 'batch_norm'),
  [
    ('ssd_mobilenet_v2_fpnlite_cpu_160', 'target'),
    ('centernet_mobilenet_v2_fpn_cpu_256', 'source'),
    ('efficientdet_cpu_192', 'target'),
  ],
)
def test_a_step_reports_the_domains_and_leaves_nothing_in_the_model(eagerly, two_domains, base, batch_norm, tmp_path):
  tf.keras.backend.clear_session()
  config, adapt = two_domains(base, batch_norm)
  plain = {variable.name: variable.shape for variable in building.all_variables(building.build_model(config))}
  tf.keras.backend.clear_session()
  tf.keras.utils.set_random_seed(0)
  built = Engine(config, method=adaptation.method(config, adapt))
  helper = built.helpers['domain_classifier']
  before = [variable.numpy() for variable in helper.trainable_variables]

  batches = built.batches(inputs.InputOptions(cache='none'))
  losses = [built.train_step(batches)[0] for _ in range(2)]
  assert losses[0][adaptation.DOMAIN_WEIGHT] == 0
  assert 0 < losses[1][adaptation.DOMAIN_WEIGHT] < 0.5
  assert 0 < losses[1][adaptation.DOMAIN_LOSS] < 5
  assert 0 <= losses[1][adaptation.DOMAIN_ACCURACY] <= 1
  named = sum(value for name, value in losses[0].items() if name.startswith('Loss/') and name != TOTAL_LOSS)
  assert losses[0][TOTAL_LOSS] == pytest.approx(named, rel=1e-4)
  after = [variable.numpy() for variable in helper.trainable_variables]
  assert all((old != new).any() for old, new in zip(before, after, strict=True))
  assert {variable.name: variable.shape for variable in building.all_variables(built.model)} == plain

  if base.startswith('ssd'):
    kept = Checkpoints(str(tmp_path), built, TrainState(num_steps=2, step=2), keep=1)
    kept.save()
    for variable in helper.trainable_variables:
      variable.assign(tf.zeros_like(variable))
    kept.restore_latest()
    assert all(
      np.array_equal(variable, value) for variable, value in zip(helper.trainable_variables, after, strict=True)
    )
