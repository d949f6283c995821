from detection.training.hooks.count_seconds import CountSeconds
from tests.support.clock import Clock
from tests.support.train_steps import at, image_ids, restarted


def test_seconds_are_counted_from_the_start_of_training_on_and_over_restarts():
  clock = Clock()
  hook = CountSeconds(clock)
  for start, end in ((10.0, 13.0), (20.0, 24.5)):
    clock.now = start
    hook.before_training(at(0))
    clock.now = end
    hook.after_step(at(1), image_ids)
    hook = restarted(hook, CountSeconds(clock))
  assert hook.seconds == 7.5


def test_time_that_a_rollback_threw_away_is_not_counted():
  clock = Clock()
  hook = CountSeconds(clock)
  clock.now = 5.0
  hook.load_state_dict({'seconds': 2.0})
  clock.now = 6.0
  hook.after_step(at(1), image_ids)
  assert hook.seconds == 3.0
