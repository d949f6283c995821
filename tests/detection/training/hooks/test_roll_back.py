import pytest

from detection.training.hooks.hook import TrainingError
from detection.training.hooks.roll_back import RollBack
from tests.support.train_steps import NAN, at, image_ids, restarted


def test_a_blown_up_loss_goes_back_and_lowers_the_rate_then_gives_up():
  scales, state = [], at(20, 1.0)

  def go_back():
    state.step = 10
    hook.load_state_dict({'rollbacks': 0, 'rate_scale': 1.0})  # as it was when the checkpoint was saved
    scales.clear()
    return 10

  hook = RollBack(go_back, scales.append, times=2, factor=0.5, blow_up=10)
  hook.after_step(state, image_ids)
  assert state.step == 20
  for loss, scale in ((50.0, 0.5), (NAN, 0.25)):
    state.step, state.losses = 21, at(0, loss).losses
    hook.after_step(state, image_ids)
    assert (state.step, hook.rate_scale, scales) == (10, scale, [scale])
  assert hook.rollbacks == 2
  with pytest.raises(TrainingError, match='after 2 rollbacks'):
    hook.after_step(at(12, NAN), image_ids)


def test_a_restarted_training_keeps_the_lower_rate_and_the_count():
  scales = []
  hook = RollBack(lambda: 0, lambda scale: None, times=1, factor=0.5, blow_up=10)
  hook.after_step(at(3, NAN), image_ids)
  again = restarted(hook, RollBack(lambda: 0, scales.append, times=1, factor=0.5, blow_up=10))
  assert scales == [0.5]
  with pytest.raises(TrainingError, match='after 1 rollbacks'):
    again.after_step(at(4, NAN), image_ids)
