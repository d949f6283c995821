import optuna

from components.tuner import space
from components.tuner.settings import TuneSettings
from detection.base.settings import parse_settings
from tests.support.searches import settings


def test_a_grid_takes_every_combination_once():
  dimensions = {'a': {'min': 0.01, 'max': 1.0, 'scale': 'log', 'points': 3}, 'b': {'min': 1, 'max': 5, 'points': 2}}
  tune = parse_settings(TuneSettings, {'space': dimensions, 'method': 'grid'}, 'tune')

  found = [(round(values['a'], 6), values['b']) for values in space.grid(tune)]

  assert found == [(0.01, 1), (0.01, 5), (0.1, 1), (0.1, 5), (1.0, 1), (1.0, 5)]


def test_choices_of_any_kind_go_to_optuna_and_back():
  values = {'learning_rate': 0.01, 'augment': ['horizontal_flip']}
  tune = settings()

  encoded = space.encode(tune, values)

  assert encoded == {'learning_rate': 0.01, 'augment': '["horizontal_flip"]'}
  assert space.decode(tune, encoded) == values


def test_values_are_suggested_from_the_space():
  tune = parse_settings(
    TuneSettings, {'space': {**settings().dict()['space'], 'batch_size': {'min': 2, 'max': 8}}}, 'tune'
  )
  study = optuna.create_study(sampler=optuna.samplers.RandomSampler(0))

  values = space.suggest(tune, study.ask())

  assert list(values) == ['learning_rate', 'augment', 'batch_size']
  assert 0.001 <= values['learning_rate'] <= 1.0
  assert values['augment'] in (['horizontal_flip'], [])
  assert values['batch_size'] in range(2, 9)
