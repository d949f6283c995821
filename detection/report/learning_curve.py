"""The learning curve of a training: losses and COCO metrics over steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.axes
from matplotlib import figure

from detection.report import palette

_LOSSES = (
  ('train/Loss/total_loss', 'training batch', palette.LIGHT_GREY),
  ('eval/Loss/total_loss', 'eval split', palette.GREY),
)
_METRICS = (('AP', 'AP', palette.BLUE), ('AP50', 'AP50', palette.GREEN))


def draw(history: Sequence[Mapping[str, float]], exported_step: int | None = None) -> figure.Figure:
  """Draws total losses on the left, AP and AP50 on the right.

  Args:
    history: one row for each evaluation, as history.jsonl holds them: `step`, metrics, losses. What a row does not have
      leaves a gap in the curve.
    exported_step: marked by a vertical line; None if unknown.
  """
  chart = figure.Figure(figsize=(8, 4.5), dpi=120, layout='constrained')
  loss_axis, metric_axis = chart.subplots(1, 2)
  loss_axis.set(title='Total loss', xlabel='step')
  metric_axis.set(title='COCO metrics, eval split', xlabel='step', ylim=(0, 1))
  for axis, curves in ((loss_axis, _LOSSES), (metric_axis, _METRICS)):
    _draw_curves(axis, history, curves)
    if exported_step is not None:
      axis.axvline(exported_step, color=palette.MIDDLE_GREY, linestyle=':', label=f'exported: step {exported_step}')
    if axis.get_lines():
      axis.legend(fontsize=8)
  loss_axis.set_ylim(bottom=0)
  return chart


def _draw_curves(
  axis: matplotlib.axes.Axes, history: Sequence[Mapping[str, float]], curves: Sequence[tuple[str, str, str]]
) -> None:
  """Draws a line for each (key, label, colour) that the history has values of."""
  axis.grid(alpha=0.3)
  steps = [row['step'] for row in history]
  for key, label, colour in curves:
    if any(key in row for row in history):
      values = [row.get(key, float('nan')) for row in history]
      axis.plot(steps, values, color=colour, label=label, marker='o', markersize=3)
