import json

import pytest

from components.tuner.settings import TuneSettings
from detection.base.errors import ConfigError
from detection.base.settings import parse_settings

RATE = {'learning_rate': {'min': 0.001, 'max': 0.1, 'scale': 'log'}}


def parse(**given):
  return parse_settings(TuneSettings, given, 'tune')


@pytest.mark.parametrize(
  ('given', 'expected'),
  [
    pytest.param({}, 'space: expected one hyperparameter or more', id='nothing to search'),
    pytest.param({'space': {'a': {}}}, 'either values: .* or min and max', id='a dimension of nothing'),
    pytest.param({'space': {'a': {'values': [1], 'min': 1, 'max': 2}}}, 'either values', id='both kinds'),
    pytest.param({'space': {'a': {'min': 1}}}, 'either values', id='half a range'),
    pytest.param({'space': {'a': {'min': 2, 'max': 1}}}, 'a min below max', id='a range upside down'),
    pytest.param({'space': {'a': {'min': 0, 'max': float('inf')}}}, 'a min below max', id='an endless range'),
    pytest.param({'space': {'a': {'min': 0, 'max': 1, 'scale': 'log'}}}, 'a min above 0', id='log of zero'),
    pytest.param({'space': {'a': {'values': []}}}, 'one value or more', id='no values'),
    pytest.param({'space': {'a': {'values': [[1], [1]]}}}, 'each once', id='a value twice'),
    pytest.param({'space': {'a': {'min': 1, 'max': 2, 'step': 1}}}, 'unknown key "space.a.step"', id='unknown key'),
    pytest.param({'space': {'train_config.num_steps': {'values': [1]}}}, 'tune.steps for every', id='unequal steps'),
    pytest.param({'space': RATE, 'method': 'grid'}, 'learning_rate: a grid needs values', id='a grid of a range'),
    pytest.param(
      {'space': {'a': {'min': 0.0, 'max': 1.0, 'points': 5}}, 'method': 'grid', 'trials': 4},
      'the grid has 5 points, received 4',
      id='a grid too fine',
    ),
    pytest.param({'space': RATE, 'steps': 2, 'evaluations': 3}, 'evaluations: expected at most 2', id='few steps'),
    pytest.param(
      {'space': RATE, 'objective': 'mAP'}, 'objective: no metric "mAP". Expected one of AP, ', id='no such metric'
    ),
    pytest.param({'space': RATE, 'objective': 50}, 'objective: expected the name of a metric', id='no name'),
    pytest.param({'space': RATE, 'storage': '/shared/study'}, 'storage: expected the URL of a data', id='no database'),
    pytest.param({'space': RATE, 'import': 'x'}, 'either import or space', id='import and search'),
  ],
)
def test_a_search_that_makes_no_sense_is_refused_in_one_line(given, expected):
  with pytest.raises(ConfigError, match=expected) as caught:
    parse(**given)

  assert '\n' not in str(caught.value)


def test_numbers_as_yaml_reads_them_are_numbers():
  tune = parse(space={'learning_rate': {'min': '1e-4', 'max': 1}, 'train_config.batch_size': {'min': 2, 'max': 8}})

  assert (tune.space['learning_rate'].min, tune.space['learning_rate'].is_whole) == (1e-4, False)
  assert tune.space['train_config.batch_size'].is_whole


def test_settings_survive_the_way_through_json():
  tune = parse(space=RATE, trials=3)

  assert parse_settings(TuneSettings, json.loads(tune.as_json()), 'tune') == tune


def test_a_grid_counts_whole_numbers_that_coincide_once():
  tune = parse(space={'a': {'min': 1, 'max': 3, 'points': 9}}, method='grid', trials=3)

  assert tune.space['a'].grid_values == [1, 2, 3]
  assert tune.most_trials == 3
