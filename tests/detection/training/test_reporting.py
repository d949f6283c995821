"""What people see of a training."""

import io
import json

from detection.training import hooks, reporting
from detection.training.state import Best, TrainState


def test_a_line_tells_step_losses_speed_time_left_and_metrics():
  now = [0.0]
  out = io.StringIO()
  progress = reporting.ShowProgress(batch_size=8, watch='AP', out=out, clock=lambda: now[0])
  state = TrainState(num_steps=100, losses={'Loss/total_loss': 1.25}, best=Best(0.3, 10), history=[{'AP': 0.2}])
  progress.before_training(state)
  for step, second in ((1, 20.0), (2, 20.5), (51, 45.0)):
    state.step, now[0] = step, second
    progress.after_step(state, list)
  lines = out.getvalue().splitlines()
  assert lines[:2] == ['starting at step 0 of 100; the first step takes longest', 'first step after 20.0 s']
  assert lines[2:] == ['step 51/100 | total_loss 1.250 | AP 0.200 (best 0.300) | 16.0 images/s | 0:24 left']


def test_history_file_holds_each_evaluation_once():
  written = []
  state = TrainState(num_steps=10, step=5, losses={hooks.TOTAL_LOSS: 2.0})
  record, write = hooks.RecordHistory(), reporting.WriteHistory(written.append)
  for step in (5, 10):
    state.step = step
    record.after_evaluation(state, {'AP': 0.1})
    write.after_evaluation(state, {'AP': 0.1})
  rows = [json.loads(line) for line in written[-1].splitlines()]
  assert [row['step'] for row in rows] == [5, 10]
  assert rows[0]['train/Loss/total_loss'] == 2.0
