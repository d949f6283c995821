from detection.training.state import TrainState


def test_what_is_kept_is_where_a_restart_goes_on_and_not_where_it_ends():
  state = TrainState(num_steps=100, step=40, evaluation_pending=True, stop='a signal', losses={'Loss/total_loss': 1.0})
  later = TrainState(num_steps=200)
  later.load_state_dict(state.state_dict())
  assert later == TrainState(num_steps=200, step=40, evaluation_pending=True)
