import pytest

from detection.training.hooks.keep_best import Best, KeepBest
from tests.support.train_steps import NAN, at, restarted


@pytest.mark.parametrize(
  ('best', 'value', 'kept'),
  [
    pytest.param(None, 0.1, True, id='the first is the best'),
    pytest.param(Best(0.2, 5), 0.3, True, id='higher'),
    pytest.param(Best(0.2, 5), 0.2, False, id='equal'),
    pytest.param(Best(0.2, 5), 0.1, False, id='lower'),
    pytest.param(None, NAN, False, id='NaN is never best, not even the first'),
  ],
)
def test_keeping_the_best(best, value, kept):
  saved = []
  hook = KeepBest(saved.append, 'AP')
  hook.best = best
  hook.after_evaluation(at(10), {'AP': value})
  assert saved == ([10] if kept else [])
  assert hook.best == (Best(value, 10) if kept else best)


def test_what_was_best_is_known_after_a_restart():
  hook = KeepBest(lambda step: None, 'AP')
  hook.after_evaluation(at(10), {'AP': 0.4})
  assert restarted(hook, KeepBest(lambda step: None, 'AP')).best == Best(0.4, 10)


def test_that_nothing_was_best_yet_is_known_after_a_restart():
  assert restarted(KeepBest(None, 'AP'), KeepBest(None, 'AP')).best is None
