"""The `train:` section, and what it refuses."""

import json

import pytest

from detection.base.errors import ConfigError
from detection.base.settings import parse_settings
from detection.training.settings import TrainSettings, adapt_parameter


@pytest.mark.parametrize('watch', ['AP', 'F1', 'AP50/cat'])
def test_any_metric_of_the_report_can_be_watched(watch):
  assert parse_settings(TrainSettings, {'watch': watch}, 'train').watch == watch


@pytest.mark.parametrize(
  ('given', 'expected'),
  [
    ({'watch': 'mAP'}, r'train: watch: no metric "mAP"\. Expected one of AP, AP50'),
    ({'watch': 1}, 'expected the name of a metric'),
    ({'eval_ever': 10}, r'unknown key "eval_ever".*"eval_every"'),
    ({'freeze': ['head']}, 'freeze'),
    ({'min_restored': 1.5}, 'min_restored'),
    ({'early_stopping': {'patience': 0}}, r'early_stopping\.patience'),
    ({'balance': {'repeat_threshold': 2}}, r'balance\.repeat_threshold.*received 2'),
    ({'balance': {'repeat_treshold': 0.1}}, r'unknown key "balance\.repeat_treshold".*"balance\.repeat_threshold"'),
    ({'balance': {'repeat_threshold': 0}}, r'repeat_threshold and object_weights are both 0'),
  ],
)
def test_a_wrong_setting_is_refused_by_name(given, expected):
  with pytest.raises(ConfigError, match=expected):
    parse_settings(TrainSettings, given, 'train')


def test_settings_survive_json():
  settings = TrainSettings(watch='AP50/cat', early_stopping={}, rollback={'times': 1}, freeze=['backbone'], balance={})
  assert parse_settings(TrainSettings, json.loads(json.dumps(settings.dict())), 'train') == settings


def test_without_target_examples_there_is_nothing_to_adapt_to():
  assert adapt_parameter({}, has_target=False, component='Trainer') is None
  with pytest.raises(ConfigError, match=r'Trainer: adapt: expected target_examples to adapt to'):
    adapt_parameter({'weight': 0.1}, has_target=False, component='Trainer')


def test_with_target_examples_the_rest_of_the_settings_is_filled_in():
  filled = json.loads(adapt_parameter({'weight': 0.2}, has_target=True, component='Trainer'))
  assert filled == {'weight': 0.2, 'ramp_steps': None, 'batch_norm': 'target'}
