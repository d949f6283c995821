"""Searches without trainings: their settings, their study in a temporary folder, and trials that end at once."""

import dataclasses
import itertools
import math

from components.tuner import results
from components.tuner.results import TrialResult
from components.tuner.settings import TuneSettings
from components.tuner.storage import StudyLocation
from components.tuner.study import SearchStudy
from detection.base.settings import parse_settings

SPACE = {
  'learning_rate': {'min': 0.001, 'max': 1.0, 'scale': 'log'},
  'augment': {'values': [['horizontal_flip'], []]},
}


def settings(**given):
  """Of a search over SPACE with four evaluations of 20 steps a trial."""
  return parse_settings(TuneSettings, {'space': SPACE, 'steps': 80, 'objective': 'AP50', **given}, 'tune')


def location(folder):
  """Of a study in a journal below `folder`."""
  return StudyLocation(str(folder / 'study.journal'), 'search')


def open_study(folder, tune, node=0, **given):
  """A machine's part in the search whose journal is below `folder`."""
  return SearchStudy(tune, location(folder), node, **given)


def score(values):
  """Best at a rate of 0.05, with a flip; 0.5 for the config as it is."""
  if not values:
    return 0.5
  return 0.9 - 0.3 * abs(math.log10(values['learning_rate'] / 0.05)) - 0.2 * (values['augment'] == [])


def finish(trial, value=None):
  """The trial, complete with `value`, by default its score."""
  value = score(trial.values) if value is None else value
  return dataclasses.replace(trial, state=results.COMPLETE, value=value)


def run(study, end=None, count=None):
  """Ends up to `count` trials of a study one after another, as `end(trial)` says; returns all."""
  for trial in itertools.islice(iter(study.next_trial, None), count):
    study.end(end(trial) if end else finish(trial))
  return study.results()


def complete(number, value, **values):
  """A complete trial as a row of the results."""
  return TrialResult(number, values, results.COMPLETE, value)
