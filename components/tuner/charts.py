"""The report's charts, as matplotlib figures: all trials at once, and what each hyperparameter does by itself."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib import axes, figure

from components.tuner.results import COMPLETE, TrialResult
from components.tuner.settings import Dimension, TuneSettings
from detection.report import palette

_LONGEST = 26
_LABEL = {'facecolor': 'white', 'alpha': 0.8, 'linewidth': 0, 'pad': 1}
_COLOURS = matplotlib.colormaps['viridis']


def parallel_coordinates(tune: TuneSettings, trials: Sequence[TrialResult]) -> figure.Figure:
  """A line a trial through its values, the darker the better; dotted where the trial was pruned."""
  shown = sorted(_measured(trials), key=lambda pair: pair[1])
  low, high = shown[0][1], shown[-1][1]
  paths = [*tune.space, tune.objective]
  chart = figure.Figure(figsize=(max(8.0, 2.2 * len(paths)), 4.6), layout='constrained')
  axis = chart.subplots()
  for trial, value in shown:
    _draw_trial(axis, tune, trial, (value - low) / max(high - low, 1e-9))
  for column, path in enumerate(paths):
    axis.axvline(column, color=palette.MIDDLE_GREY, linewidth=0.8)
    for height, text in ticks(tune.space[path]) if path in tune.space else [(0.0, f'{low:.3f}'), (1.0, f'{high:.3f}')]:
      axis.annotate(text, (column, height), (4, 0), textcoords='offset points', fontsize=8, va='center', bbox=_LABEL)
  axis.set_xticks(range(len(paths)), [_cut(path) for path in paths])
  axis.set(yticks=[], ylim=(-0.06, 1.06), xlim=(-0.1, len(paths) - 0.6))
  axis.spines[:].set_visible(False)
  return chart


def _draw_trial(axis: axes.Axes, tune: TuneSettings, trial: TrialResult, height: float) -> None:
  """height: of its value on the objective's axis, from 0 to 1."""
  heights = [*(position(dimension, trial.values[path]) for path, dimension in tune.space.items()), height]
  line = '-' if trial.state == COMPLETE else ':'
  colour = _COLOURS(0.95 * (1 - height))
  axis.plot(range(len(heights)), heights, line, color=colour, linewidth=1 + 1.6 * height, alpha=0.9)


def effect(tune: TuneSettings, trials: Sequence[TrialResult], path: str) -> figure.Figure:
  """The objective over one hyperparameter: a dot a trial, hollow where it was pruned."""
  chart = figure.Figure(figsize=(5.6, 3.6), layout='constrained')
  axis = chart.subplots()
  dimension = tune.space[path]
  for label, is_complete, fill in (('complete', True, 'full'), ('pruned', False, 'none')):
    some = [(trial, value) for trial, value in _measured(trials) if (trial.state == COMPLETE) == is_complete]
    across = [position(dimension, trial.values[path]) for trial, _ in some]
    axis.plot(across, [value for _, value in some], 'o', fillstyle=fill, color=palette.BLUE, alpha=0.8, label=label)
  marks = ticks(dimension)
  axis.set_xticks([height for height, _ in marks], [text for _, text in marks], fontsize=8)
  axis.set(title=_cut(path, 48), ylabel=tune.objective, xlim=(-0.08, 1.08))
  axis.grid(alpha=0.3)
  axis.legend(fontsize=8)
  return chart


def position(dimension: Dimension, value: Any) -> float:
  """Where a value is on its axis, from 0 to 1."""
  if dimension.values is not None:
    return dimension.values.index(value) / max(len(dimension.values) - 1, 1)
  low, high = dimension.ends
  if dimension.scale == 'log':
    return float(np.log(value / low) / np.log(high / low))
  return float((value - low) / (high - low))


def ticks(dimension: Dimension) -> list[tuple[float, str]]:
  """[(position, text)] of every choice, or of both ends and the middle of a range."""
  if dimension.values is not None:
    return [(position(dimension, value), _cut(_text(value))) for value in dimension.values]
  low, high = dimension.ends
  middle = (low * high) ** 0.5 if dimension.scale == 'log' else (low + high) / 2
  return [(position(dimension, value), f'{value:.3g}') for value in (low, middle, high)]


def _measured(trials: Sequence[TrialResult]) -> list[tuple[TrialResult, float]]:
  """The trials that have hyperparameters and a value, each with its value."""
  return [(trial, trial.value) for trial in trials if trial.values and trial.value is not None]


def _text(value: Any) -> str:
  return value if isinstance(value, str) else json.dumps(value)


def _cut(text: str, longest: int = _LONGEST) -> str:
  """The end of a long path says what it is."""
  return text if len(text) <= longest else '…' + text[-longest + 1 :]
