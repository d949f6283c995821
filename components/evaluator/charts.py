"""The report's charts, as matplotlib figures."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import axes, figure

from components.evaluator.evaluation import Evaluation
from detection.metrics import coco
from detection.metrics.matching import AREA_NAMES
from detection.metrics.mistakes import CAUSES
from detection.metrics.scores import ClassScore
from detection.report import palette

_MOST_LINES = 10  # classes in one chart; more cannot be told apart
_MOST_CELLS = 25  # classes in a confusion matrix
_MOST_BARS = 30
_LONGEST_NAME = 28
_CAUSE_COLOURS = (palette.GREY, palette.ORANGE, palette.PINK, palette.SKY_BLUE)


def precision_recall(evaluation: Evaluation) -> figure.Figure:
  """Interpolated precision over recall at IoU 0.5, a line a class."""
  chart, axis = _axes('Precision over recall, IoU 0.5', 'recall', 'precision')
  for index, row in _largest(evaluation.classes):
    precision = evaluation.curves.precision[0, :, index, 0]
    axis.plot(
      coco.RECALL_LEVELS,
      precision,
      color=palette.class_colour(row.id),
      label=f'{_name(row)}  {row.metrics["AP50"]:.2f}',
    )
  axis.set(xlim=(0, 1), ylim=(0, 1.02))
  _legend(axis, 'class, AP50')
  return chart


def confidence(evaluation: Evaluation) -> figure.Figure:
  """Precision, recall and F1 by confidence of one class; F1 alone of several."""
  rows = [row for _, row in _largest(evaluation.classes) if len(row.curve.scores)]
  chart, axis = _axes(
    f'By confidence threshold, IoU {evaluation.settings.iou:g}', 'boxes below this score are dropped', 'F1'
  )
  axis.set(xlim=(0, 1), ylim=(0, 1.02))
  if len(rows) == 1:
    axis.set_ylabel('')
    _plot_curves(axis, rows[0])
    _legend(axis)
    return chart
  for row in rows:
    colour, curve = palette.class_colour(row.id), row.curve
    axis.plot(curve.scores, curve.f1, color=colour, label=f'{_name(row)}  {row.best.score:.2f}')
    axis.plot(row.best.score, row.best.f1, 'o', color=colour, markersize=4)
  _legend(axis, 'class, best score')
  return chart


def _plot_curves(axis: axes.Axes, row: ClassScore) -> None:
  """Precision, recall and F1 of one class, and its best confidence."""
  curve = row.curve
  for name, values, colour in (
    ('precision', curve.precision, palette.BLUE),
    ('recall', curve.recall, palette.ORANGE),
    ('F1', curve.f1, palette.GREEN),
  ):
    axis.plot(curve.scores, values, color=colour, label=name)
  axis.axvline(row.best.score, color=palette.MIDDLE_GREY, linestyle=':', label=f'best: {row.best.score:.2f}')


def confusion(evaluation: Evaluation) -> figure.Figure:
  """Counts of the classes with most objects; the deeper the colour, the larger the cell's fraction of its row."""
  classes = sorted(index for index, _ in _largest(evaluation.classes, _MOST_CELLS))
  picked = [*classes, len(evaluation.classes)]
  counts = evaluation.mistakes.confusion[np.ix_(picked, picked)]
  names = [_name(evaluation.classes[index]) for index in classes]
  size = min(9.0, max(6.4, 0.55 * len(picked) + 2))
  chart = figure.Figure(figsize=(size, size * 0.75), layout='constrained')
  axis = chart.subplots()
  fractions = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
  axis.imshow(fractions, cmap='Blues', vmin=0, vmax=1, aspect='auto')
  axis.set_xticks(range(len(picked)), [*names, 'missed'], rotation=45, ha='right', rotation_mode='anchor')
  axis.set_yticks(range(len(picked)), [*names, 'background'])
  axis.set(xlabel='detected as', ylabel='labelled', title='Confusion at the best confidence')
  if len(picked) <= 13:
    for (row, column), value in np.ndenumerate(counts):
      ink = 'white' if fractions[row, column] > 0.5 else 'black'
      axis.text(column, row, str(value) if value else '', ha='center', va='center', color=ink, fontsize=9)
  return chart


def by_size(evaluation: Evaluation, before: Evaluation | None) -> figure.Figure:
  """AP by object size, beside the baseline's."""
  chart, axis = _axes('AP by object size', '', 'AP')
  names = ('AP', 'AP_small', 'AP_medium', 'AP_large')
  labels = ('all', 'small\nbelow 32² px', 'medium', 'large\nfrom 96² px')
  sets = [('this model', evaluation, palette.BLUE)] + ([('baseline', before, palette.LIGHT_GREY)] if before else [])
  for offset, (name, source, colour) in enumerate(sets):
    values = np.nan_to_num([source.metrics[metric] for metric in names])
    places = np.arange(len(names)) + (offset - (len(sets) - 1) / 2) * 0.38
    bars = axis.bar(places, values, 0.36, color=colour, label=name)
    texts = ['' if np.isnan(source.metrics[metric]) else f'{source.metrics[metric]:.2f}' for metric in names]
    axis.bar_label(bars, texts, fontsize=8)
  axis.set_xticks(range(len(names)), labels)
  axis.set(ylim=(0, 1.05))
  if before:
    _legend(axis)
  return chart


def class_balance(evaluation: Evaluation, train: Mapping[str, int]) -> figure.Figure:
  """Objects a class in the evaluated images, and in the training images if those were counted."""
  rows = [row for _, row in _largest(evaluation.classes, _MOST_BARS)][::-1]
  chart, axis = _bars_axes('Objects by class', 'objects', rows)
  places = np.arange(len(rows))
  if train:
    bars = axis.barh(
      places + 0.2, [train.get(row.name, 0) for row in rows], 0.38, color=palette.LIGHT_GREY, label='training'
    )
    axis.bar_label(bars, fontsize=8, padding=2)
  shift, height = (0.2, 0.38) if train else (0, 0.7)
  bars = axis.barh(places - shift, [row.objects for row in rows], height, color=palette.BLUE, label='evaluated')
  axis.bar_label(bars, fontsize=8, padding=2)
  if train:
    _legend(axis)
  return chart


def false_positives(evaluation: Evaluation) -> figure.Figure:
  """False detections by cause, a bar a class."""
  chosen = _largest(evaluation.classes, _MOST_BARS)[::-1]
  return _stacked(
    'False detections by cause',
    [row for _, row in chosen],
    [(name, evaluation.mistakes.causes[[i for i, _ in chosen], c]) for c, name in enumerate(CAUSES)],
    _CAUSE_COLOURS,
  )


def misses(evaluation: Evaluation) -> figure.Figure:
  """Found and missed objects by size."""
  chart, axis = _axes('Missed objects by size', '', 'objects')
  found, missed = evaluation.mistakes.found.sum(axis=0), evaluation.mistakes.missed.sum(axis=0)
  axis.bar(AREA_NAMES[1:], found, color=palette.GREEN, label='found')
  bars = axis.bar(AREA_NAMES[1:], missed, bottom=found, color=palette.VERMILION, label='missed')
  axis.bar_label(
    bars, [f'{m} of {m + f} missed' if m + f else '' for m, f in zip(missed, found, strict=True)], fontsize=8
  )
  axis.margins(y=0.12)
  _legend(axis)
  return chart


def _stacked(
  title: str, rows: Sequence[ClassScore], parts: Sequence[tuple[str, np.ndarray]], colours: Sequence[str]
) -> figure.Figure:
  chart, axis = _bars_axes(title, 'detections', rows)
  left = np.zeros(len(rows))
  for (name, values), colour in zip(parts, colours, strict=True):
    axis.barh(np.arange(len(rows)), values, 0.7, left=left, color=colour, label=name)
    left += values
  for place, total in enumerate(left):
    axis.text(total, place, f' {total:.0f}', va='center', fontsize=8)
  axis.margins(x=0.1)
  _legend(axis)
  return chart


def _axes(title: str, x: str, y: str) -> tuple[figure.Figure, axes.Axes]:
  chart = figure.Figure(figsize=(6.4, 4.0), layout='constrained')
  axis = chart.subplots()
  axis.set(title=title, xlabel=x, ylabel=y)
  axis.grid(alpha=0.25)
  axis.set_axisbelow(True)
  return chart, axis


def _bars_axes(title: str, x: str, rows: Sequence[ClassScore]) -> tuple[figure.Figure, axes.Axes]:
  chart, axis = _axes(title, x, '')
  chart.set_size_inches(6.4, max(2.6, 1.4 + 0.34 * len(rows)))
  axis.set_yticks(range(len(rows)), [_name(row) for row in rows])
  axis.margins(x=0.12)
  return chart, axis


def _legend(axis: axes.Axes, title: str = '') -> None:
  if axis.get_legend_handles_labels()[0]:
    axis.legend(title=title or None, fontsize=8, title_fontsize=8)


def _largest(classes: Sequence[ClassScore], most: int = _MOST_LINES) -> list[tuple[int, ClassScore]]:
  """The classes with most objects, and their indices; those without any last."""
  return sorted(enumerate(classes), key=lambda pair: (-pair[1].objects, pair[0]))[:most]


def _name(row: ClassScore) -> str:
  """A class's name, shortened and escaped for matplotlib: a $ would begin a formula, a leading _ would hide it."""
  name = row.name if len(row.name) <= _LONGEST_NAME else row.name[: _LONGEST_NAME - 1] + '…'
  return ('\u2009' if name.startswith('_') else '') + name.replace('$', r'\$')
