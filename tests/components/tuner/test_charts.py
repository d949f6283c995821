import pytest

from components.tuner import charts
from components.tuner.results import PRUNED, TrialResult
from tests.support.searches import complete, settings

TRIALS = [
  complete(0, 0.5),
  complete(1, 0.7, learning_rate=0.001, augment=[]),
  TrialResult(2, {'learning_rate': 1.0, 'augment': ['horizontal_flip']}, PRUNED, 0.1),
]


def test_positions_on_an_axis():
  space = settings().space

  assert charts.position(space['learning_rate'], 0.001) == 0
  assert charts.position(space['learning_rate'], 1.0) == pytest.approx(1)
  assert charts.ticks(space['augment']) == [(0.0, '["horizontal_flip"]'), (1.0, '[]')]


def test_a_line_a_trial_that_has_values_dotted_where_it_was_pruned():
  (axis,) = charts.parallel_coordinates(settings(), TRIALS).axes

  lines = {line.get_linestyle(): list(line.get_ydata()) for line in axis.lines if len(line.get_xdata()) == 3}
  assert lines == {':': [pytest.approx(1), 0.0, 0.0], '-': [0.0, 1.0, 1.0]}


def test_a_dot_a_trial_over_one_hyperparameter():
  (axis,) = charts.effect(settings(), TRIALS, 'learning_rate').axes

  dots = {line.get_label(): [(float(x), y) for x, y in line.get_xydata()] for line in axis.lines}
  assert dots == {'complete': [(0.0, 0.7)], 'pruned': [(pytest.approx(1), 0.1)]}
