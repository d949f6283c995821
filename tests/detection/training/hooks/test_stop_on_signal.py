import os
import signal

import pytest

from detection.training.hooks.stop_on_signal import StopOnSignal
from tests.support.train_steps import at


def test_sigterm_saves_and_exits_when_the_step_is_done():
  saved = []
  hook = StopOnSignal(lambda: saved.append(1))
  state = at(3)
  before = signal.getsignal(signal.SIGTERM)
  hook.before_training(state)
  try:
    os.kill(os.getpid(), signal.SIGTERM)
    assert saved == []
    assert hook.asked
    with pytest.raises(SystemExit) as stopped:
      hook.after_step_and_evaluation(state)
  finally:
    hook.after_training(state)
  assert saved == [1]
  assert stopped.value.code == 143
  assert signal.getsignal(signal.SIGTERM) == before
