"""The learning curve, read back from the chart's lines."""

import math

from detection.report import learning_curve


def lines(chart):
  return {line.get_label(): list(line.get_ydata()) for axis in chart.axes for line in axis.get_lines()}


def test_it_shows_losses_metrics_and_the_exported_step():
  history = [
    {'step': s, 'AP': s / 100, 'AP50': s / 50, 'train/Loss/total_loss': 1 / s, 'eval/Loss/total_loss': 2 / s}
    for s in (10, 20, 30)
  ]
  drawn = lines(learning_curve.draw(history, exported_step=20))
  assert drawn['AP'] == [0.1, 0.2, 0.3]
  assert drawn['training batch'] == [1 / 10, 1 / 20, 1 / 30]
  assert drawn['eval split'] == [0.2, 0.1, 2 / 30]
  assert 'exported: step 20' in drawn


def test_what_was_not_measured_leaves_a_gap_and_what_never_was_has_no_line():
  drawn = lines(learning_curve.draw([{'step': 10, 'AP': 0.1}, {'step': 20}]))
  assert set(drawn) == {'AP'}
  assert drawn['AP'][0] == 0.1
  assert math.isnan(drawn['AP'][1])


def test_a_training_without_an_evaluation_gives_an_empty_chart():
  assert lines(learning_curve.draw([])) == {}
