import json

from detection.training.hooks.count_seconds import CountSeconds
from detection.training.hooks.record_history import RecordHistory
from tests.support.train_steps import NAN, at, restarted


def test_the_file_holds_each_evaluation_once_also_after_a_restart():
  written = []
  hook = RecordHistory(written.append, CountSeconds())
  hook.after_evaluation(at(5, 2.0), {'AP': 0.1})
  again = restarted(hook, RecordHistory(written.append, CountSeconds()))
  again.after_evaluation(at(10, 1.0), {'AP': 0.2})
  rows = [json.loads(line) for line in written[-1].splitlines()]
  assert rows == again.rows
  assert [row['step'] for row in rows] == [5, 10]
  assert [row['train/Loss/total_loss'] for row in rows] == [2.0, 1.0]


def test_what_cannot_be_measured_is_left_out_but_a_loss_never():
  hook = RecordHistory(lambda text: None, CountSeconds())
  hook.after_evaluation(at(1), {'AP_small': 0.5})
  hook.after_evaluation(at(2), {'AP_small': NAN, 'AP50/cat': NAN, 'eval/Loss/total_loss': NAN})
  first, second = ({name for name in row if name not in ('step', 'seconds')} for row in hook.rows)
  assert first == {'AP_small', 'train/Loss/total_loss'}
  assert second == {'eval/Loss/total_loss', 'train/Loss/total_loss'}
