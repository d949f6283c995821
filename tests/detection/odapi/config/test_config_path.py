import hypothesis
import pytest
from hypothesis import strategies

from detection.base.errors import ConfigError
from detection.odapi.config import config_io, config_path

TEXT = """
model { ssd { num_classes: 3 anchor_generator { multiscale_anchor_generator { aspect_ratios: [1.0, 2.0] } } } }
train_config {
  batch_size: 8
  optimizer { momentum_optimizer { learning_rate { cosine_decay_learning_rate { learning_rate_base: 0.5 } } } }
  data_augmentation_options { random_horizontal_flip {} }
}
eval_input_reader { shuffle: false }
"""
RATIOS = 'model.ssd.anchor_generator.multiscale_anchor_generator.aspect_ratios'
COSINE = 'train_config.optimizer.momentum_optimizer.learning_rate.cosine_decay_learning_rate'
STEPS = 'train_config.data_augmentation_options'


@pytest.fixture
def config():
  return config_io.parse(TEXT)


@pytest.mark.parametrize(
  ('path', 'value', 'expected'),
  [
    pytest.param('train_config.batch_size', 4, 4, id='whole number'),
    pytest.param('train_config.batch_size', '4', 4, id='whole number from the command line'),
    pytest.param('train_config.batch_size', 4.0, 4, id='whole number written as a fraction'),
    pytest.param(f'{COSINE}.learning_rate_base', '25e-2', 0.25, id='the exponent YAML reads as a string'),
    pytest.param('train_config.use_bfloat16', 'True', True, id='boolean from the command line'),
    pytest.param('train_config.fine_tune_checkpoint_type', 'detection', 'detection', id='string'),
    pytest.param('train_config.fine_tune_checkpoint_version', 'V1', 'V1', id='enum by name'),
    pytest.param('train_config.fine_tune_checkpoint_version', 2, 'V2', id='enum by number'),
    pytest.param(RATIOS, [1, 3], [1.0, 3.0], id='a list replaces'),
    pytest.param(RATIOS, {'append': [2, 3]}, [1.0, 2.0, 3.0], id='append adds what is not there'),
    pytest.param(RATIOS, None, [], id='null clears'),
    pytest.param(f'{RATIOS}.1', 5, 5.0, id='an item by index'),
    pytest.param(f'{RATIOS}[1]', 5, 5.0, id='an item by index in brackets'),
    pytest.param('eval_input_reader.0.shuffle', True, True, id='a field of an item'),
    pytest.param('eval_config.super_categories', {'pets': 'cat,dog'}, {'pets': 'cat,dog'}, id='a map'),
    pytest.param('train_config.batch_size', None, 32, id='null gives the default back'),
  ],
)
def test_setting_a_field(config, path, value, expected):
  config_path.put(config, path, value)

  assert config_path.get(config, path) == expected


def test_a_mapping_sets_its_fields_and_leaves_the_others(config):
  config_path.put(config, 'train_config', {'num_steps': 7, 'optimizer.use_moving_average': False})

  assert (config.train_config.num_steps, config.train_config.batch_size) == (7, 8)
  assert (
    config.train_config.optimizer.momentum_optimizer.learning_rate.cosine_decay_learning_rate.learning_rate_base == 0.5
  )


def test_a_fragment_of_text_proto_is_merged(config):
  config_path.put(config, 'train_config.optimizer', 'momentum_optimizer { momentum_optimizer_value: 0.25 }')

  momentum = config.train_config.optimizer.momentum_optimizer
  assert momentum.momentum_optimizer_value == 0.25
  assert momentum.learning_rate.cosine_decay_learning_rate.learning_rate_base == 0.5


def test_another_member_of_a_oneof_takes_the_place_of_the_one_set(config):
  config_path.put(config, 'train_config.optimizer', {'adam_optimizer': {'epsilon': 0.5}})

  assert config.train_config.optimizer.WhichOneof('optimizer') == 'adam_optimizer'


def test_augmentation_steps_as_mappings_and_as_text(config):
  config_path.put(
    config, STEPS, {'append': [{'random_horizontal_flip': {}}, 'random_rotation90 { probability: 0.25 }']}
  )

  assert [step.WhichOneof('preprocessing_step') for step in config.train_config.data_augmentation_options] == [
    'random_horizontal_flip',
    'random_rotation90',
  ]


def test_merging_a_whole_fragment_twice_is_merging_it_once(config):
  fragment = (
    f'{"train_config { data_augmentation_options { random_rotation90 {} } }"} eval_input_reader {{ shuffle: true }}'
  )

  config_path.merge(config, fragment)
  once = config_io.dump(config)
  config_path.merge(config, fragment)

  assert config_io.dump(config) == once
  assert len(config.train_config.data_augmentation_options) == 2
  assert [reader.shuffle for reader in config.eval_input_reader] == [True]


@pytest.mark.parametrize(
  ('path', 'nearest'),
  [
    ('train_config.batchsize', 'train_config.batch_size'),
    ('train.batch_size', 'train_config.batch_size'),
    ('model.ssd.numclasses', 'model.ssd.num_classes'),
    ('train_config.learning_rate_base', f'{COSINE}.learning_rate_base'),
  ],
)
def test_an_unknown_field_is_refused_with_the_nearest_real_one(config, path, nearest):
  with pytest.raises(ConfigError, match=f'"{path}".*nearest: "{nearest}"'):
    config_path.put(config, path, 1)


def test_the_nearest_field_inside_a_mapping_has_its_full_path(config):
  with pytest.raises(ConfigError, match='"train_config.num_step".*"train_config.num_steps"'):
    config_path.put(config, 'train_config', {'num_step': 3})


@pytest.mark.parametrize(
  ('path', 'value', 'reason'),
  [
    pytest.param('train_config.batch_size', -1, 'whole number of 0 or more', id='negative'),
    pytest.param('train_config.batch_size', 2**40, 'in range', id='too large'),
    pytest.param('train_config.batch_size', 1.5, 'whole number', id='a fraction'),
    pytest.param('train_config.batch_size', True, 'whole number', id='a boolean'),
    pytest.param('train_config.batch_size', [1], 'whole number', id='a list'),
    pytest.param(f'{COSINE}.learning_rate_base', 'high', 'finite number', id='a word'),
    pytest.param(f'{COSINE}.learning_rate_base', float('nan'), 'finite number', id='not a number'),
    pytest.param('train_config.use_bfloat16', 2, 'true or false', id='a number for a boolean'),
    pytest.param('train_config.fine_tune_checkpoint_type', 3, 'a string', id='a number for a string'),
    pytest.param('train_config.fine_tune_checkpoint_version', 'V3', 'UNKNOWN, V1, V2', id='no such enum value'),
    pytest.param('train_config.optimizer', 3, 'a mapping of fields', id='a number for a message'),
    pytest.param('train_config.optimizer', 'adam_optimizer {', 'line 1', id='text cut short'),
    pytest.param(RATIOS, 3, 'a list', id='a number for a list'),
    pytest.param(f'{RATIOS}.2', 3, 'a list of 2', id='beyond the end'),
    pytest.param('eval_input_reader.shuffle', True, 'a list of 1', id='no index'),
    pytest.param('train_config.batch_size.x', 1, 'no fields below', id='below a number'),
    pytest.param('model.faster_rcnn.num_classes', 1, 'the model is a ssd', id='another architecture'),
    pytest.param('model', 'faster_rcnn {}', 'the model is a ssd', id='another architecture as text'),
  ],
)
def test_a_value_that_does_not_fit_is_refused_with_what_was_expected(config, path, value, reason):
  with pytest.raises(ConfigError, match=reason) as caught:
    config_path.put(config, path, value, 'run.yaml: model.overrides')

  assert str(caught.value).startswith(f'run.yaml: model.overrides: {path}')


VALUES = strategies.recursive(
  strategies.one_of(
    strategies.none(),
    strategies.booleans(),
    strategies.integers(-(2**70), 2**70),
    strategies.floats(),
    strategies.sampled_from(['', 'adam_optimizer {}', 'V2', '1e-3', '}', 'num_steps: 3', '\x00', 'ä', '9' * 400]),
  ),
  lambda inner: strategies.one_of(
    strategies.lists(inner, max_size=3),
    strategies.dictionaries(strategies.sampled_from(['append', 'num_steps', 'optimizer', '', '0']), inner, max_size=2),
  ),
  max_leaves=6,
)
PARTS = ['train_config', 'optimizer', 'eval_input_reader', '0', '9', '-1', 'model', 'ssd', 'num_steps', 'eval_config']
PARTS += ['super_categories', 'data_augmentation_options', 'metrics_set', '', 'x', 'fine_tune_checkpoint_version']


@hypothesis.settings(max_examples=60, deadline=None)
@hypothesis.given(path=strategies.lists(strategies.sampled_from(PARTS), min_size=1, max_size=4), value=VALUES)
def test_whatever_is_written_is_set_or_refused_in_one_line(path, value):
  config = config_io.parse(TEXT)
  refusal = ''
  try:
    config_path.put(config, '.'.join(path), value)
  except ConfigError as error:
    refusal = str(error)

  assert '\n' not in refusal
  assert refusal or config_io.parse(config_io.dump(config)) == config
