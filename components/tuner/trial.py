"""One trial, in a process of its own: python -m components.tuner.trial FOLDER PID

Files in the folder:
  trial.json       what to train, see `prepare`
  pipeline.config  complete
  work/            the trainer's own work folder: a trial that was killed goes on from its latest checkpoint
  result.json      how it ended, written last
PID is that of the process that started it.
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
import sys
from collections.abc import Mapping
from typing import Any

import optuna

from components.tuner import results, study
from components.tuner.results import TrialResult
from components.tuner.settings import TuneSettings
from components.tuner.storage import StudyLocation
from detection import model_folder
from detection.base import files
from detection.base.errors import UserError
from detection.base.settings import parse_settings
from detection.odapi.config import config_io
from detection.training import training
from detection.training.adaptation import Adaptation
from detection.training.hooks.hook import Hook, ImageIds, Phase
from detection.training.parts import Task
from detection.training.settings import TrainSettings
from detection.training.state import TrainState
from detection.training.training import Trained

RESULT = 'result.json'
_SPEC = 'trial.json'
_WORK = 'work'
_HOPELESS = 'not in the better half at this step'


class ReportAndPrune(Hook):
  """Reports evaluations to the study, and ends the trial when the study's pruner says so.

  The trial that trains the config as it is only reports: it is never pruned, and no other is compared to it.
  """

  def __init__(self, trial: optuna.Trial, objective: str) -> None:
    self._trial, self._objective = trial, objective
    self._reported = set(trial.study.get_trials(deepcopy=False)[trial.number].intermediate_values)
    self._evaluations: list[tuple[int, float]] = []

  def after_evaluation(self, state: TrainState, metrics: Mapping[str, float]) -> None:
    if not math.isnan(metrics[self._objective]):
      self._evaluations.append((state.step, metrics[self._objective]))
    if self._report() and state.step < state.num_steps:
      state.stop = _HOPELESS

  def _report(self) -> bool:
    """Reports what the study lacks, which may be more than the last; returns whether the trial is hopeless now.

    The copy of a journal in an object store may be older than the trial's checkpoint.
    """
    hopeless = False
    for step, value in self._evaluations:
      if step not in self._reported:
        self._reported.add(step)
        self._trial.report(value, step)
        hopeless = self._trial.number > 0 and self._trial.should_prune()
    return hopeless

  def state_dict(self) -> dict[str, Any]:
    return {'evaluations': self._evaluations}

  def load_state_dict(self, state: Mapping[str, Any]) -> None:
    self._evaluations = [(step, value) for step, value in state['evaluations']]


class EndWithParent(Hook):
  """Ends the process when the search that started it is gone, so that a restarted one has the folder to itself."""

  phase = Phase.GUARD

  def __init__(self, parent: int) -> None:
    self._parent = parent

  def after_step(self, state: TrainState, image_ids: ImageIds) -> None:
    self.check(f'step {state.step}')

  def check(self, when: str) -> None:
    """Raises SystemExit, naming `when`, if the parent has ended."""
    if os.getppid() != self._parent:
      raise SystemExit(f'{when}: the search is gone')


@dataclasses.dataclass(frozen=True)
class TrialSpec:
  """What all trials of a search have alike.

  tune: the search.
  train: settings of a trial's training.
  labels: {class name: id}.
  location: of the study to report to.
  adaptation: to a target domain; None for none.
  """

  tune: TuneSettings
  train: TrainSettings
  labels: Mapping[str, int]
  location: StudyLocation
  adaptation: Adaptation | None = None


def trial_settings(train: TrainSettings, tune: TuneSettings) -> TrainSettings:
  """The run's settings, but watched for the objective, evaluated as the search says, and not stopped early."""
  every = tune.eval_every
  changed = {'watch': tune.objective, 'eval_every': every, 'eval_every_minutes': None}
  changed |= {'eval_images': min(tune.eval_images, train.eval_images or tune.eval_images)}
  changed |= {'checkpoint_every': min(train.checkpoint_every, every), 'export': 'last', 'early_stopping': None}
  return train.copy(update=changed)


def prepare(folder: str, trial: TrialResult, config: config_io.Config, spec: TrialSpec) -> None:
  """Writes what `main` reads. config: complete, of tune.steps."""
  files.write_text(files.join(folder, model_folder.PIPELINE_CONFIG), config_io.dump(config))
  content = {
    'trial': dataclasses.asdict(trial),
    'labels': dict(spec.labels),
    'train': spec.train.dict(),
    'tune': json.loads(spec.tune.as_json()),
    'study': {'storage': spec.location.storage, 'name': spec.location.name},
    'adaptation': dataclasses.asdict(spec.adaptation) if spec.adaptation else None,
  }
  files.write_text(files.join(folder, _SPEC), json.dumps(content))


def main(folder: str, parent: int) -> None:
  """Trains what `prepare` wrote, and writes the result. An unforeseen error ends the process without one."""
  import tensorflow as tf

  files.load_scheme(folder)
  alone = EndWithParent(parent)
  alone.check('before the first step')  # loading TensorFlow took seconds
  trial, spec = _read(folder)
  live = study.trial_of(study.load(spec.tune, spec.location), trial.number)
  config = config_io.parse(files.read_text(files.join(folder, model_folder.PIPELINE_CONFIG)))
  task = Task(config, spec.labels, spec.train, spec.adaptation)
  hooks = [alone, ReportAndPrune(live, spec.tune.objective)]
  try:
    trained = training.train(task, files.join(folder, _WORK), extra_hooks=hooks)
  except UserError as error:
    _write(folder, results.failed(trial, str(error)))
  except (MemoryError, tf.errors.ResourceExhaustedError):
    _write(folder, results.failed(trial, 'out of memory'))
  else:
    _write(folder, _finished(trial, trained, spec.tune.objective))


def _finished(trial: TrialResult, trained: Trained, objective: str) -> TrialResult:
  evaluations = results.measured(trained.history, objective)
  seconds = round(trained.seconds, 1)
  if not evaluations:
    return dataclasses.replace(results.failed(trial, f'{objective} could never be measured'), seconds=seconds)
  return dataclasses.replace(
    trial,
    state=results.PRUNED if trained.state.stop == _HOPELESS else results.COMPLETE,
    value=max(value for _, value in evaluations),
    evaluations=evaluations,
    seconds=seconds,
    reason=trained.state.stop,
  )


def _read(folder: str) -> tuple[TrialResult, TrialSpec]:
  """What `prepare` wrote."""
  content: dict[str, Any] = json.loads(files.read_text(files.join(folder, _SPEC)))
  spec = TrialSpec(
    tune=parse_settings(TuneSettings, content['tune'], folder),
    train=parse_settings(TrainSettings, content['train'], folder),
    labels=content['labels'],
    location=StudyLocation(**content['study']),
    adaptation=Adaptation(**content['adaptation']) if content['adaptation'] else None,
  )
  return TrialResult(**content['trial']), spec


def _write(folder: str, result: TrialResult) -> None:
  files.write_text(files.join(folder, RESULT), results.dump([result]))


if __name__ == '__main__':
  main(sys.argv[1], int(sys.argv[2]))
