import io

from detection.training.hooks.count_seconds import CountSeconds
from detection.training.hooks.keep_best import Best, KeepBest
from detection.training.hooks.record_history import RecordHistory
from detection.training.hooks.show_progress import ShowProgress
from tests.support.clock import Clock
from tests.support.train_steps import at


def shown(screen, clock, best=None, rows=()):
  """The hook, with what the hooks that measure have measured."""
  time = CountSeconds(clock)
  kept, history = KeepBest(None, 'AP'), RecordHistory(None, time)
  kept.best, history.rows, time.seconds = best, list(rows), 12.4
  return ShowProgress(8, kept, history, time, screen, clock)


def test_a_line_tells_step_losses_metrics_speed_and_time_left():
  screen, clock = io.StringIO(), Clock()
  hook = shown(screen, clock, Best(0.3, 10), [{'AP': 0.2}])
  hook.before_training(at(0))
  for step, second in ((1, 20.0), (2, 20.5), (51, 45.0)):
    clock.now = second
    hook.after_step(at(step, 1.25), list)
  assert screen.getvalue().splitlines() == [
    'starting at step 0 of 100; the first step takes longest',
    'first step after 20.0 s',
    'step 51/100 | total_loss 1.250 | AP 0.200 (best 0.300) | 16.0 images/s | 0:24 left',
  ]


def test_an_evaluation_and_the_end_have_a_line_of_their_own():
  screen = io.StringIO()
  hook = shown(screen, Clock(), Best(0.3, 10))
  hook.before_training(at(100))
  hook.after_evaluation(at(20), {'AP': 0.25, 'AP50': 0.5})
  hook.after_training(at(21, stop='AP has not risen'))
  assert screen.getvalue().splitlines() == [
    'step 20: evaluated: AP 0.250, AP50 0.500; best AP 0.300 at step 10',
    'trained 21 steps in 12 s: AP has not risen',
  ]
