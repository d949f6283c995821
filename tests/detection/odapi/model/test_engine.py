"""The engine's step: what it leaves alone, what it averages, and how it may be computed otherwise."""

import json
import os
import pathlib
import re
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import tensorflow as tf

from detection.base.errors import ConfigError
from detection.odapi.config import config_io
from detection.odapi.model import building, inputs, suppression
from detection.odapi.model.compute import Compute
from detection.odapi.model.engine import Engine
from detection.odapi.model.losses import TOTAL_LOSS

pytestmark = pytest.mark.slow
BACKBONE = r'^(Conv1|bn_Conv1|expanded_conv|block_|Conv_1)'
BATCH_NORM = r'/(gamma|beta|moving_mean|moving_variance):'


@pytest.fixture(scope='module')
def config_path(finished_run):
  return finished_run.artifact('ConfigPatcher', 'pipeline_config') / 'pipeline.config'


@pytest.fixture
def config(config_path):
  return config_io.parse(config_path.read_text())


@pytest.fixture
def eagerly():
  """Functions run without being traced, which is what a single step spends its time on."""
  tf.config.run_functions_eagerly(True)
  yield
  tf.config.run_functions_eagerly(False)


def values(engine):
  return {variable.name: variable.numpy() for variable in building.all_variables(engine.model)}


def changed_by_a_step(engine):
  before = values(engine)
  engine.train_step(engine.batches(inputs.InputOptions(cache='none')))
  return {name for name, value in values(engine).items() if not np.array_equal(before[name], value)}


@pytest.mark.parametrize(
  ('presets', 'patterns', 'is_frozen'),
  [
    pytest.param((), (), lambda name: False, id='nothing'),
    pytest.param(('backbone',), (), lambda name: re.search(BACKBONE, name), id='backbone'),
    pytest.param(
      ('all_but_box_predictor',), (), lambda name: 'BoxPredictor' not in name, id='all but the box predictor'
    ),
    pytest.param(('batch_norm',), (), lambda name: re.search(BATCH_NORM, name), id='batch norm'),
    pytest.param((), (BACKBONE,), lambda name: re.search(BACKBONE, name), id='the backbone by a pattern'),
  ],
)
def test_what_is_frozen_stays_and_the_rest_changes(config, eagerly, presets, patterns, is_frozen):
  tf.keras.utils.set_random_seed(0)
  config.train_config.freeze_variables.extend(patterns)
  engine = Engine(config, freeze=presets)
  changed = changed_by_a_step(engine)
  frozen = {name for name in values(engine) if is_frozen(name)}
  assert bool(frozen) == bool(presets or patterns)
  assert not changed & frozen
  # Not all: a first, small step leaves some values where they were, to the last bit.
  assert len(changed) > 0.5 * len(values(engine).keys() - frozen)


def test_freezing_everything_is_refused(config):
  config.train_config.freeze_variables.append('BoxPredictor')
  with pytest.raises(ConfigError, match=r"nothing is left to train: .*\['backbone', 'all_but_box_predictor'\]"):
    Engine(config, freeze=('backbone', 'all_but_box_predictor'))


def test_moving_averages_of_the_weights_are_what_is_evaluated(config, eagerly):
  config.train_config.optimizer.use_moving_average = True
  config.eval_config.use_moving_averages = True
  engine = Engine(config)
  batches = engine.batches(inputs.InputOptions(cache='none'))
  for _ in range(3):
    engine.train_step(batches)
  trained = values(engine)
  averages = {v.name: engine.optimizer.get_slot(v, 'average').numpy() for v in engine.trainable}
  with engine.evaluated_weights():
    during = values(engine)
  after = values(engine)
  assert all(np.array_equal(during[name], value) for name, value in averages.items())
  assert any(not np.array_equal(trained[name], value) for name, value in averages.items())
  assert all(np.array_equal(trained[name], value) for name, value in after.items())


def test_without_the_flag_the_trained_weights_are_evaluated(config):
  config.train_config.optimizer.use_moving_average = True
  engine = Engine(config)
  before = values(engine)
  with engine.evaluated_weights():
    assert all(np.array_equal(before[name], value) for name, value in values(engine).items())


def test_an_evaluated_batch_is_suppressed_at_once(config, eagerly, monkeypatch):
  own, batches = suppression._suppress, []
  monkeypatch.setattr(
    suppression, '_suppress', lambda boxes, *others: batches.append(len(boxes)) or own(boxes, *others)
  )
  engine = Engine(config)
  read, _ = inputs.eval_batches(config, engine.model, 3)
  engine.evaluate_batch(*next(iter(read)))
  assert batches == [3]


def losses(config, steps, compute, **options):
  """Total losses of the first steps from equal weights, images in file order."""
  config = config_io.parse(config_io.dump(config))
  del config.train_config.data_augmentation_options[:]
  config.train_input_reader.shuffle = False
  config.train_config.batch_size = 1  # matching is unrolled over the images, and XLA is slow to compile
  tf.keras.utils.set_random_seed(0)
  engine = Engine(config, compute=compute, **options)
  batches = engine.batches(inputs.InputOptions(cache='none'))
  found = [engine.train_step(batches)[0][TOTAL_LOSS] for _ in range(steps)]
  tf.keras.mixed_precision.set_global_policy('float32')
  return found


@pytest.fixture(scope='module')
def plain_losses(config_path):
  return losses(config_io.parse(config_path.read_text()), 2, Compute())


@pytest.mark.parametrize(
  ('compute', 'tolerance'),
  [
    pytest.param(Compute('mixed_bfloat16'), 0.005, id='bfloat16'),
    pytest.param(Compute('mixed_float16'), 0.005, id='float16'),
    pytest.param(Compute(xla=True), 1e-3, id='XLA'),
  ],
)
def test_computing_otherwise_keeps_the_losses(config, plain_losses, compute, tolerance):
  # Before a step and after it: with batch norm over one image, any rounding grows tenfold in each further step.
  np.testing.assert_allclose(losses(config, 2, compute), plain_losses, rtol=tolerance)


REPLICAS = textwrap.dedent("""
  import json
  import sys
  import numpy as np
  import tensorflow as tf
  from detection.odapi.config import config_io
  from detection.odapi.model import inputs
  from detection.odapi.model.compute import Compute
  from detection.odapi.model.engine import Engine
  from detection.odapi.model.losses import TOTAL_LOSS

  cpu = tf.config.list_physical_devices('CPU')[0]
  tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
  config = config_io.parse(open(sys.argv[1]).read())
  del config.train_config.data_augmentation_options[:]
  config.train_input_reader.shuffle = False
  strategy = tf.distribute.MirroredStrategy(['CPU:0', 'CPU:1'])
  found = []
  for engine in (Engine(config, strategy), Engine(config, compute=Compute(accumulate=2))):
    tf.train.Checkpoint(model=engine.model).restore(sys.argv[2]).assert_existing_objects_matched()
    batches = engine.batches(inputs.InputOptions(cache='none'))
    for _ in range(3):
      losses, names = engine.train_step(batches)
      found.append((losses[TOTAL_LOSS], sorted(names())))
  print(json.dumps(found))
""")


def test_two_replicas_share_a_batch_and_learn_what_one_device_learns_in_two_parts(finished_run, config_path):
  """On two logical CPUs: each replica takes half of the batch, and the halves' gradients are averaged."""
  model = finished_run.artifact('ODAPITrainer', 'model') / 'checkpoint' / 'ckpt-0'
  done = subprocess.run(
    [sys.executable, '-c', REPLICAS, str(config_path), str(model)],
    cwd=pathlib.Path(__file__).parents[4], env={**os.environ, 'CUDA_VISIBLE_DEVICES': '-1'},
    capture_output=True, text=True, timeout=600,
  )  # fmt: skip
  assert done.returncode == 0, done.stderr[-3000:]
  found = json.loads(done.stdout.splitlines()[-1])
  together, apart = found[:3], found[3:]
  assert [names for _, names in together] == [names for _, names in apart]
  assert len(together[0][1]) == 4
  np.testing.assert_allclose([loss for loss, _ in together], [loss for loss, _ in apart], rtol=1e-3)
