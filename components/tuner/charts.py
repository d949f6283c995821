"""The report's charts, as matplotlib figures: all trials at once, and what each hyperparameter does by itself."""

import json
from collections.abc import Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib import figure

from components.tuner.search import COMPLETE, Trial
from components.tuner.settings import Dimension, TuneSettings
from detection.report import palette

_LONGEST = 26
_LABEL = {'facecolor': 'white', 'alpha': 0.8, 'linewidth': 0, 'pad': 1}
_COLOURS = matplotlib.colormaps['viridis']


def parallel_coordinates(tune: TuneSettings, trials: Sequence[Trial]) -> figure.Figure:
  """A line a trial through its values, the darker the better; dotted where the trial was pruned."""
  shown = sorted(_shown(trials), key=lambda trial: trial.value)
  paths = [*tune.space, tune.objective]
  chart = figure.Figure(figsize=(max(8.0, 2.2 * len(paths)), 4.6), layout='constrained')
  axis = chart.subplots()
  values = [trial.value for trial in shown]
  low, high = min(values), max(values)
  for trial in shown:
    share = (trial.value - low) / max(high - low, 1e-9)
    heights = [*(place(tune.space[path], trial.values[path]) for path in tune.space), share]
    line = '-' if trial.state == COMPLETE else ':'
    axis.plot(
      range(len(paths)), heights, line, color=_COLOURS(0.95 * (1 - share)), linewidth=1 + 1.6 * share, alpha=0.9
    )
  for position, path in enumerate(paths):
    axis.axvline(position, color=palette.MIDDLE_GREY, linewidth=0.8)
    for height, text in ticks(tune.space[path]) if path in tune.space else [(0.0, f'{low:.3f}'), (1.0, f'{high:.3f}')]:
      axis.annotate(text, (position, height), (4, 0), textcoords='offset points', fontsize=8, va='center', bbox=_LABEL)
  axis.set_xticks(range(len(paths)), [_cut(path) for path in paths])
  axis.set(yticks=[], ylim=(-0.06, 1.06), xlim=(-0.1, len(paths) - 0.6))
  axis.spines[:].set_visible(False)
  return chart


def effect(tune: TuneSettings, trials: Sequence[Trial], path: str) -> figure.Figure:
  """The objective over one hyperparameter: a dot a trial, hollow where it was pruned."""
  chart = figure.Figure(figsize=(5.6, 3.6), layout='constrained')
  axis = chart.subplots()
  one = tune.space[path]
  for state, filled in ((True, 'full'), (False, 'none')):
    some = [trial for trial in _shown(trials) if (trial.state == COMPLETE) == state]
    across = [place(one, trial.values[path]) for trial in some]
    label = 'complete' if state else 'pruned'
    axis.plot(across, [t.value for t in some], 'o', fillstyle=filled, color=palette.BLUE, alpha=0.8, label=label)
  marks = ticks(one)
  axis.set_xticks([height for height, _ in marks], [text for _, text in marks], fontsize=8)
  axis.set(title=_cut(path, 48), ylabel=tune.objective, xlim=(-0.08, 1.08))
  axis.grid(alpha=0.3)
  axis.legend(fontsize=8)
  return chart


def place(one: Dimension, value: Any) -> float:
  """Where a value stands on its axis, from 0 to 1."""
  if one.values is not None:
    return one.values.index(value) / max(len(one.values) - 1, 1)
  if one.scale == 'log':
    return float(np.log(value / one.min) / np.log(one.max / one.min))
  return float((value - one.min) / (one.max - one.min))


def ticks(one: Dimension) -> list[tuple[float, str]]:
  """[(place, text)] of every choice, or of both ends and the middle of a range."""
  if one.values is not None:
    return [(place(one, value), _cut(_text(value))) for value in one.values]
  middle = (one.min * one.max) ** 0.5 if one.scale == 'log' else (one.min + one.max) / 2
  return [(place(one, value), f'{value:.3g}') for value in (one.min, middle, one.max)]


def _shown(trials: Sequence[Trial]) -> list[Trial]:
  return [trial for trial in trials if trial.values and trial.value is not None]


def _text(value: Any) -> str:
  return value if isinstance(value, str) else json.dumps(value)


def _cut(text: str, longest: int = _LONGEST) -> str:
  """The end of a long path says what it is."""
  return text if len(text) <= longest else '…' + text[-longest + 1 :]
