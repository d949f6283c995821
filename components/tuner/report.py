"""The page about a search."""

import pathlib
from collections.abc import Sequence

from components.tuner import charts, results
from components.tuner.importance import importances
from components.tuner.results import TrialResult
from components.tuner.settings import TuneSettings
from detection.report import page


def render(tune: TuneSettings, trials: Sequence[TrialResult]) -> str:
  """A self-contained HTML page: the best values, all trials at once, each hyperparameter's effect, and the table."""
  measured = [trial for trial in trials if trial.values and trial.value is not None]
  weights = importances(tune, trials)
  return page.render(
    pathlib.Path(__file__).with_name('report.html'),
    title='Search over one hyperparameter'
    if len(tune.space) == 1
    else f'Search over {len(tune.space)} hyperparameters',
    tune=tune,
    best=results.best(trials),
    as_it_is=trials[0],
    trials=sorted(trials, key=lambda trial: (trial.value is None, -(trial.value or 0))),
    steps=sum(trial.evaluations[-1][0] for trial in trials if trial.evaluations),
    overview=page.figure_uri(charts.parallel_coordinates(tune, trials)) if measured else None,
    effects=[
      (path, weights.get(path), page.figure_uri(charts.effect(tune, trials, path)))
      for path in sorted(tune.space, key=lambda path: -weights.get(path, 0.0))
    ]
    if measured
    else [],
  )
