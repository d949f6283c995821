import hypothesis
import pytest
from hypothesis import strategies

from detection.base.errors import ConfigError
from detection.odapi.config import config_io
from detection.pipeline_config import builtin_bases, patch, schedule, shorthand
from tests.support import patching


def steps(config):
  return [step.WhichOneof('preprocessing_step') for step in config.train_config.data_augmentation_options]


def rate(config):
  return schedule.learning_rate(config.train_config.optimizer)


def test_augmentation_by_short_names_takes_the_place_of_the_bases():
  config = patching.complete(
    augment=['horizontal_flip', 'color_jitter', {'cutout': {'probability': 0.25}}, 'random_jitter_boxes']
  )

  assert steps(config) == [
    'random_horizontal_flip',
    'random_adjust_brightness',
    'random_adjust_contrast',
    'random_adjust_saturation',
    'random_adjust_hue',
    'random_black_patches',
    'random_jitter_boxes',
  ]
  assert config.train_config.data_augmentation_options[5].random_black_patches.probability == 0.25


def test_no_augmentation_at_all():
  assert steps(patching.complete(augment=[])) == []


def test_a_square_crop_has_the_size_of_the_input():
  crop = patching.complete(augment=['scale_crop_pad']).train_config.data_augmentation_options[0]

  assert crop.random_scale_crop_and_pad_to_square.output_size == 320


@pytest.mark.parametrize(
  ('short', 'kind', 'peak'),
  [
    pytest.param('adam', 'adam_optimizer', 0.001, id='another optimizer: its usual rate'),
    pytest.param({'name': 'adam', 'learning_rate': '3e-4'}, 'adam_optimizer', 3e-4, id='with a rate'),
    pytest.param('rmsprop', 'rms_prop_optimizer', 0.001, id='rmsprop'),
    pytest.param(
      'sgd', 'momentum_optimizer', 0.08 * (4 / 128) ** 0.5, id='the same optimizer: its rate, for the batch size'
    ),
    pytest.param({'name': 'momentum', 'momentum': 0.5}, 'momentum_optimizer', 0.08 * (4 / 128) ** 0.5, id='momentum'),
  ],
)
def test_an_optimizer_by_name_keeps_the_schedules_shape(short, kind, peak):
  config = patching.complete(optimizer=short)

  assert config.train_config.optimizer.WhichOneof('optimizer') == kind
  cosine = rate(config).cosine_decay_learning_rate
  assert cosine.learning_rate_base == pytest.approx(peak)
  assert cosine.warmup_learning_rate == pytest.approx(peak / 3, rel=1e-3)
  assert (cosine.total_steps, cosine.warmup_steps) == (500, 10)


@pytest.mark.parametrize(
  ('short', 'expected'),
  [
    ('constant', 'constant_learning_rate { learning_rate: 0.5 }'),
    ('cosine', """cosine_decay_learning_rate {
      learning_rate_base: 0.5 total_steps: 500 warmup_learning_rate: 0.05 warmup_steps: 25 }"""),
    ({'name': 'cosine', 'warmup_steps': 0}, """cosine_decay_learning_rate {
      learning_rate_base: 0.5 total_steps: 500 warmup_learning_rate: 0.05 warmup_steps: 0 }"""),
    ('manual_step', """manual_step_learning_rate { initial_learning_rate: 0.5
      schedule { step: 300 learning_rate: 0.05 } schedule { step: 400 learning_rate: 0.005 } }"""),
    ({'name': 'exponential', 'decay_steps': 100, 'decay_factor': 0.5}, """exponential_decay_learning_rate {
      initial_learning_rate: 0.5 decay_steps: 100 decay_factor: 0.5 burnin_steps: 0 burnin_learning_rate: 0 }"""),
  ],
)  # fmt: skip
def test_a_schedule_by_name(short, expected):
  config = patching.complete(optimizer={'name': 'sgd', 'learning_rate': 0.5}, schedule=short)

  momentum = f'momentum_optimizer {{ learning_rate {{ {expected} }} momentum_optimizer_value: 0.9 }}'
  wanted = config_io.parse(f'train_config {{ optimizer {{ {momentum} use_moving_average: false }} }}')
  assert config.train_config.optimizer == wanted.train_config.optimizer


def test_a_learning_rate_alone_scales_the_whole_schedule():
  config = patching.complete(optimizer='adam', schedule='cosine', learning_rate='2e-4')

  cosine = rate(config).cosine_decay_learning_rate
  assert (cosine.learning_rate_base, cosine.warmup_learning_rate) == pytest.approx((2e-4, 2e-5))


def test_a_fragment_is_merged_and_a_path_has_the_last_word():
  config = patching.complete(
    text='train_config { gradient_clipping_by_norm: 10 max_number_of_boxes: 7 }',
    **{'train_config.max_number_of_boxes': 8},
  )

  assert (config.train_config.gradient_clipping_by_norm, config.train_config.max_number_of_boxes) == (10, 8)


@pytest.mark.parametrize(
  ('overrides', 'expected'),
  [
    ({'augment': ['horizontal_flipp']}, 'augment: unknown "horizontal_flipp"; nearest: "horizontal_flip"'),
    ({'augment': 'horizontal_flip'}, 'augment: expected a list'),
    ({'augment': [{'color_jitter': {'max_delta': 1}}]}, 'stands for several steps'),
    ({'augment': [{'cutout': {'probabilty': 1}}]}, 'nearest'),
    ({'augment': [3]}, 'expected a name or'),
    ({'optimiser': 'adam'}, 'unknown key "optimiser"; nearest: "optimizer"'),
    ({'optimizer': 'adamw'}, 'nearest: "adam"'),
    ({'optimizer': {'name': 'adam', 'lr': 1}}, 'unknown key "lr"'),
    ({'learning_rate': -0.1}, 'learning_rate: ensure this value is greater than 0; received -0.1'),
    ({'learning_rate': 0.1, 'schedule': {'name': 'cosine', 'learning_rate': 1}}, 'schedule.learning_rate is set too'),
    ({'learning_rate': 'fast'}, "received 'fast'"),
    ({'learning_rate': 0.1, 'text': 'train_config { optimizer { sgd {} } }'}, 'line 1'),
    ({'optimizer': 3}, 'expected a name or a mapping'),
    ({'schedule': 'cosin'}, 'nearest: "cosine"'),
    ({'schedule': {'name': 'cosine', 'warmup_steps': 500}}, 'warm-up takes 500 steps of 500'),
    ({'schedule': {'name': 'manual_step', 'steps': [400, 300]}}, 'steps must rise'),
    ({'text': 'train_config { batchsize: 3 }'}, 'line 1, column 16.*nearest: "batch_size"'),
    ({'augment': ['flop'], 'train_config.step': 1, 'optimizer': 'adan'}, 'flop.*Also: .*adan.*Also: .*num_steps'),
    ({'text': 'model { faster_rcnn {} }'}, 'the model is a ssd'),
  ],
)
def test_short_forms_that_do_not_fit_are_refused_by_name(overrides, expected):
  with pytest.raises(ConfigError, match=expected):
    patching.complete(**overrides)


OVERRIDES = strategies.fixed_dictionaries(
  {},
  optional={
    'augment': strategies.lists(strategies.sampled_from(sorted(shorthand.AUGMENTATIONS)), max_size=3),
    'optimizer': strategies.one_of(
      strategies.sampled_from(sorted(shorthand.OPTIMIZERS)),
      strategies.fixed_dictionaries(
        {
          'name': strategies.sampled_from(sorted(shorthand.OPTIMIZERS)),
          'learning_rate': strategies.sampled_from([1e-6, 3e-4, 0.1, 1.0]),
        }
      ),
    ),
    'schedule': strategies.sampled_from(shorthand.SCHEDULES),
    'learning_rate': strategies.sampled_from([1e-6, 3e-4, 0.1]),
    'text': strategies.just('train_config { data_augmentation_options { random_rotation90 {} } num_steps: 77 }'),
    'train_config.batch_size': strategies.integers(1, 512),
    'train_config.num_steps': strategies.integers(20, 100000),
    'train_config.data_augmentation_options': strategies.just({'append': ['random_vertical_flip {}']}),
    'train_config.freeze_variables': strategies.lists(strategies.sampled_from(['^a', 'b']), max_size=3),
  },
)


def has_one_rate(overrides):
  return not ('learning_rate' in overrides and isinstance(overrides.get('optimizer'), dict))


@hypothesis.settings(max_examples=40, deadline=None)
@hypothesis.given(
  base=strategies.sampled_from(builtin_bases.names()),
  num_steps=strategies.integers(20, 10**6),
  batch_size=strategies.integers(1, 1024),
  overrides=OVERRIDES.filter(has_one_rate),
)
def test_patching_twice_is_patching_once(base, num_steps, batch_size, overrides):
  wanted = patching.request(num_steps=num_steps, batch_size=batch_size, overrides=overrides)

  once = patch.patch(patching.base(base), wanted)

  assert config_io.dump(patch.patch(once, wanted)) == config_io.dump(once)


@pytest.mark.slow
@pytest.mark.parametrize('name', sorted(shorthand.AUGMENTATIONS))
def test_every_short_name_augments_an_image_on_this_stack(name):
  from detection.odapi import compat  # noqa: F401  isort: skip
  import tensorflow as tf
  from object_detection import inputs
  from object_detection.builders import preprocessor_builder

  options = [
    preprocessor_builder.build(o) for o in patching.complete(augment=[name]).train_config.data_augmentation_options
  ]
  example = {
    'image': tf.random.stateless_uniform([64, 64, 3], [1, 2], 0, 255),
    'groundtruth_boxes': tf.constant([[0.25, 0.25, 0.75, 0.75]]),
    'groundtruth_classes': tf.constant([1], tf.int64),
    'groundtruth_weights': tf.ones([1]),
  }

  augmented = tf.function(lambda: inputs.augment_input_data(dict(example), options))()

  boxes = augmented['groundtruth_boxes'].numpy()
  assert augmented['image'].shape[-1] == 3
  assert boxes.shape[1] == 4
  assert ((boxes >= -1e-6) & (boxes <= 1 + 1e-6)).all()
