import pytest
from google.protobuf import text_format
from object_detection.protos import model_pb2, train_pb2

from detection.odapi.config import config_io, config_path
from detection.pipeline_config import patch, schedule
from tests.support import patching
from tests.support.garden_configs import GARDEN

COSINE = """cosine_decay_learning_rate {
  learning_rate_base: 0.08 total_steps: 50000 warmup_learning_rate: 0.02 warmup_steps: 1000
  hold_base_rate_steps: 500 }"""
EXPONENTIAL = 'exponential_decay_learning_rate { initial_learning_rate: 0.08 decay_steps: 1000 burnin_steps: 500 }'
MANUAL = """manual_step_learning_rate { initial_learning_rate: 0.08
  schedule { step: 30000 learning_rate: 0.008 } schedule { step: 40000 learning_rate: 0.0008 } }"""


def train_config(rate, optimizer='momentum_optimizer'):
  text = f'batch_size: 128 num_steps: 50000 optimizer {{ {optimizer} {{ learning_rate {{ {rate} }} }} }}'
  return text_format.Parse(text, train_pb2.TrainConfig())


def rate_of(train):
  return schedule.learning_rate(train.optimizer)


def test_a_cosine_keeps_its_shape():
  train = train_config(COSINE)

  schedule.resize(train, num_steps=5000, batch_size=128)

  cosine = rate_of(train).cosine_decay_learning_rate
  assert (cosine.total_steps, cosine.warmup_steps, cosine.hold_base_rate_steps) == (5000, 100, 50)
  assert cosine.learning_rate_base == pytest.approx(0.08)


@pytest.mark.parametrize('num_steps', [1, 2, 3, 10])
@pytest.mark.parametrize('warmup', [0, 1000, 50000])
def test_a_cosine_always_has_a_step_to_decay_in(num_steps, warmup):
  train = train_config(COSINE.replace('warmup_steps: 1000', f'warmup_steps: {warmup}'))

  schedule.resize(train, num_steps, batch_size=8)

  cosine = rate_of(train).cosine_decay_learning_rate
  assert cosine.warmup_steps + cosine.hold_base_rate_steps < cosine.total_steps == num_steps


def test_manual_steps_rise_however_few_are_left():
  train = train_config(MANUAL)

  schedule.resize(train, num_steps=1, batch_size=128)

  assert [step.step for step in rate_of(train).manual_step_learning_rate.schedule] == [1, 2]


def test_exponential_decay_keeps_its_shape():
  train = train_config(EXPONENTIAL)

  schedule.resize(train, num_steps=5000, batch_size=128)

  decay = rate_of(train).exponential_decay_learning_rate
  assert (decay.decay_steps, decay.burnin_steps) == (100, 50)


@pytest.mark.parametrize('optimizer', ['momentum_optimizer', 'adam_optimizer'])
@pytest.mark.parametrize('rate', [COSINE, EXPONENTIAL, MANUAL, 'constant_learning_rate { learning_rate: 0.08 }'])
def test_rates_follow_the_square_root_of_the_batch_size(optimizer, rate):
  train = train_config(rate, optimizer)

  schedule.resize(train, num_steps=50000, batch_size=8)

  chosen = rate_of(train)
  schedule_proto = getattr(chosen, chosen.WhichOneof('learning_rate'))
  rates = [v for f, v in schedule_proto.ListFields() if f.name.endswith(('learning_rate', 'rate_base')) and v]
  assert max(rates) == pytest.approx(0.08 / 4)
  if rate == MANUAL:
    assert [s.learning_rate for s in schedule_proto.schedule] == pytest.approx([0.008 / 4, 0.0008 / 4])


@pytest.mark.parametrize('rate', [COSINE, EXPONENTIAL, MANUAL])
def test_twice_is_once(rate):
  train = train_config(rate)
  schedule.resize(train, num_steps=777, batch_size=3)
  once = str(train)

  schedule.resize(train, num_steps=777, batch_size=3)

  assert str(train) == once


def test_a_base_that_names_no_length_keeps_its_steps():
  train = train_config(EXPONENTIAL)
  train.ClearField('num_steps')

  schedule.resize(train, num_steps=100, batch_size=128)

  assert rate_of(train).exponential_decay_learning_rate.decay_steps == 1000


@pytest.mark.parametrize(('num_steps', 'decays'), [(100_000, (0.997, 0.99)), (900, (0.9889, 0.9889)), (20, (0.9, 0.9))])
def test_batch_norm_settles_within_the_steps(num_steps, decays):
  norm = 'conv_hyperparams { batch_norm { decay: %s } }'
  head = f'box_predictor {{ weight_shared_convolutional_box_predictor {{ {norm % 0.99} }} }}'
  text = f'ssd {{ feature_extractor {{ {norm % 0.997} }} {head} }}'
  model = text_format.Parse(text, model_pb2.DetectionModel())

  schedule.settle_batch_norm(model, num_steps)

  parts = model.ssd.feature_extractor, model.ssd.box_predictor.weight_shared_convolutional_box_predictor
  assert [part.conv_hyperparams.batch_norm.decay for part in parts] == pytest.approx(decays, abs=1e-4)


def test_rates_by_steps_are_stretched_and_scaled():
  complete = patch.patch(
    config_io.parse(GARDEN['centernet_hourglass104_512']), patching.request(num_steps=1400, batch_size=8)
  )

  manual = config_path.get(complete, 'train_config.optimizer.adam_optimizer.learning_rate.manual_step_learning_rate')
  assert [step.step for step in manual.schedule] == [900, 1200]
  assert manual.initial_learning_rate == pytest.approx(1e-3 * (8 / 128) ** 0.5)
