"""Overrides: short forms and dotted paths together, and all mistakes in them at once."""

import hypothesis
import pytest
from hypothesis import strategies

from detection.base.errors import ConfigError
from detection.odapi.config import config_io
from detection.pipeline_config import builtin_bases, patch
from detection.pipeline_config.augmentation import AUGMENTATIONS
from detection.pipeline_config.optimization import OPTIMIZERS, SCHEDULES
from tests.support import patching


def test_a_fragment_is_merged_and_a_path_has_the_last_word():
  config = patching.complete(
    text='train_config { gradient_clipping_by_norm: 10 max_number_of_boxes: 7 }',
    **{'train_config.max_number_of_boxes': 8},
  )

  assert (config.train_config.gradient_clipping_by_norm, config.train_config.max_number_of_boxes) == (10, 8)


@pytest.mark.parametrize(
  ('overrides', 'expected'),
  [
    ({'optimiser': 'adam'}, 'unknown key "optimiser"; nearest: "optimizer"'),
    ({'learning_rate': 0.1, 'schedule': {'name': 'cosine', 'learning_rate': 1}}, 'schedule.learning_rate is set too'),
    ({'learning_rate': 0.1, 'text': 'train_config { optimizer { sgd {} } }'}, 'line 1'),
    ({'text': 'train_config { batchsize: 3 }'}, 'line 1, column 16.*nearest: "batch_size"'),
    ({'augment': ['flop'], 'train_config.step': 1, 'optimizer': 'adan'}, 'flop.*Also: .*adan.*Also: .*num_steps'),
    ({'text': 'model { faster_rcnn {} }'}, 'the model is a ssd'),
  ],
)
def test_overrides_that_do_not_fit_are_refused_by_name(overrides, expected):
  with pytest.raises(ConfigError, match=expected):
    patching.complete(**overrides)


OVERRIDES = strategies.fixed_dictionaries(
  {},
  optional={
    'augment': strategies.lists(strategies.sampled_from(sorted(AUGMENTATIONS)), max_size=3),
    'optimizer': strategies.one_of(
      strategies.sampled_from(sorted(OPTIMIZERS)),
      strategies.fixed_dictionaries(
        {
          'name': strategies.sampled_from(sorted(OPTIMIZERS)),
          'learning_rate': strategies.sampled_from([1e-6, 3e-4, 0.1, 1.0]),
        }
      ),
    ),
    'schedule': strategies.sampled_from(sorted(SCHEDULES)),
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
  request = patching.request(num_steps=num_steps, batch_size=batch_size, overrides=overrides)

  once = patch.patch(patching.base(base), request)

  assert config_io.dump(patch.patch(once, request)) == config_io.dump(once)
