import pytest

from detection.training.evaluation_schedule import EvaluationSchedule
from detection.training.state import TrainState
from tests.support.clock import Clock


@pytest.mark.parametrize(
  ('every_steps', 'every_minutes', 'expected'),
  [
    pytest.param(2, None, [2, 4, 6], id='by steps'),
    pytest.param(0, None, [], id='never'),
    pytest.param(0, 2.5, [3, 6], id='by minutes since the last evaluation'),
    pytest.param(4, 3, [3, 4], id='whichever comes first'),
  ],
)
def test_it_is_time_to_evaluate(every_steps, every_minutes, expected):
  clock = Clock()
  is_due = EvaluationSchedule(every_steps, every_minutes, clock)
  due = []
  for step in range(1, 7):
    clock.now = step * 60
    if is_due(TrainState(num_steps=6, step=step)):
      due.append(step)
  assert due == expected
