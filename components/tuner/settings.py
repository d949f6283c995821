"""The settings of a search: the `tune:` section of a run config."""

import json
import math
from typing import Any, Literal

from pydantic import v1 as pydantic

from detection.base.settings import Settings
from detection.training.settings import MetricName

_Number = pydantic.StrictInt | float
# The length of a trial is tune.steps, for all alike.
_NUM_STEPS = 'train_config.num_steps'


class Dimension(Settings):
  """The values that one hyperparameter may have.

  values: to choose from, of any kind that model.overrides takes.
  min, max: ends of a range, both included, in place of values; of whole numbers if both are whole.
  scale: with log, values are drawn evenly in the logarithm.
  points: how many values of the range a grid has, evenly spaced on the scale.
  """

  values: list[Any] | None = None
  min: _Number | None = None
  max: _Number | None = None
  scale: Literal['linear', 'log'] = 'linear'
  points: int | None = pydantic.Field(None, ge=2)

  @pydantic.root_validator(skip_on_failure=True)
  def _is_one_kind(cls, given: dict[str, Any]) -> dict[str, Any]:
    low, high = given['min'], given['max']
    if (given['values'] is None) == (low is None and high is None) or (low is None) != (high is None):
      raise ValueError('expected either values: [...] or min and max')
    if given['values'] is not None:
      if not given['values'] or any(value in given['values'][:at] for at, value in enumerate(given['values'])):
        raise ValueError('expected one value or more, each once')
    elif not (math.isfinite(low) and math.isfinite(high) and low < high):
      raise ValueError('expected a min below max')
    elif given['scale'] == 'log' and low <= 0:
      raise ValueError('expected a min above 0 for scale: log')
    return given

  @property
  def ends(self) -> tuple[float, float]:
    """Least and greatest value of a range.

    Raises:
      ValueError: if there are values to choose from instead.
    """
    if self.min is None or self.max is None:
      raise ValueError('a choice of values has no ends')
    return self.min, self.max

  @property
  def grid_values(self) -> list[Any]:
    """What a grid takes: every choice, or `points` values of the range; whole numbers that coincide count once."""
    if self.values is not None:
      return self.values
    import numpy as np  # a config without a grid is read without it

    between = np.geomspace if self.scale == 'log' else np.linspace
    points = between(*self.ends, self.points or 2).tolist()
    return sorted({round(point) for point in points}) if self.is_whole else points

  @property
  def is_whole(self) -> bool:
    """Whether this is a range of whole numbers."""
    return isinstance(self.min, int) and isinstance(self.max, int)


class TuneSettings(Settings):
  """How to search.

  space: {dotted path in pipeline.config, or short form of model.overrides: what it may be}.
  method: bayesian (tree of Parzen estimators), random, or grid, which takes every combination.
  trials: trainings at most, beside one of the config as it is.
  steps: of each trial.
  evaluations: on the eval split in each trial, evenly spaced; the best of them is the trial's value.
  eval_images: of the eval split that an evaluation uses, if it has more; the first ones, which are a random sample.
  objective: metric of the eval split, overall or of one class (AP50/cat).
  pruning: successive_halving ends a trial that is not in the better half after 1, 2, 4 ... evaluations, to
    two decimals: what differs by less is as good.
  seed: of the search; each trial trains with train.seed.
  parallel: trials at a time on each machine; by default as many as it has GPUs, each with one of its own.
  storage: URL of a database that holds the study, as SQLAlchemy takes it, with $NAME for what is in the environment; by
    default the study is a journal file in the search's work folder.
  import: in place of all these, what an earlier search wrote: its hyperparameters artifact or the file in it.
  """

  space: dict[str, Dimension] = {}
  method: Literal['bayesian', 'random', 'grid'] = 'bayesian'
  trials: pydantic.PositiveInt = 12
  steps: pydantic.PositiveInt = 500
  evaluations: pydantic.PositiveInt = 4
  eval_images: pydantic.PositiveInt = 2000
  objective: MetricName = MetricName('AP')
  pruning: Literal['successive_halving', 'none'] = 'successive_halving'
  seed: pydantic.NonNegativeInt = 0
  parallel: pydantic.PositiveInt | None = None
  storage: str | None = None
  import_: str | None = pydantic.Field(None, alias='import')

  @pydantic.root_validator(skip_on_failure=True)
  def _fits_together(cls, given: dict[str, Any]) -> dict[str, Any]:
    space = given['space']
    if given['import_']:
      if space:
        raise ValueError('expected either import or space')
      return given
    if not space:
      raise ValueError('space: expected one hyperparameter or more')
    if _NUM_STEPS in space:
      raise ValueError(f'space: {_NUM_STEPS} is tune.steps for every trial, to compare like with like')
    if given['storage'] is not None and '://' not in given['storage']:
      raise ValueError('storage: expected the URL of a database, as in mysql+pymysql://user:$PASSWORD@host/name')
    if given['evaluations'] > given['steps']:
      raise ValueError(f'evaluations: expected at most {given["steps"]}, the steps of a trial')
    if given['method'] == 'grid':
      without = [path for path, dimension in space.items() if dimension.values is None and dimension.points is None]
      if without:
        raise ValueError(f'space: {without[0]}: a grid needs values: [...], or points: N beside min and max')
      count = _grid_size(space)
      if count > given['trials']:
        raise ValueError(f'trials: the grid has {count} points, received {given["trials"]}. Allow as many, or cut it')
    return given

  def as_json(self) -> str:
    """JSON text that `parse_settings` reads again."""
    return json.dumps(self.dict(by_alias=True), sort_keys=True)

  @property
  def most_trials(self) -> int:
    """How many trials a whole search has, beside the one of the config as it is."""
    return _grid_size(self.space) if self.method == 'grid' else self.trials

  @property
  def eval_every(self) -> int:
    """Steps between a trial's evaluations."""
    return self.steps // self.evaluations

  def trial_overrides(self, values: dict[str, Any]) -> dict[str, Any]:
    """The overrides of pipeline.config for a trial with these values."""
    return {**values, _NUM_STEPS: self.steps}


def _grid_size(space: dict[str, Dimension]) -> int:
  return math.prod(len(dimension.grid_values) for dimension in space.values())
