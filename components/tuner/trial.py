"""One trial, in a process of its own: python -m components.tuner.trial FOLDER PID

A process of its own gives its memory back, can have a GPU to itself, and may be killed for want of memory without
taking the search along. Files in the folder:
  trial.json       what to train: see `prepare`
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
import posixpath
import sys
from collections.abc import Callable, Mapping
from typing import Any

from components.tuner import search
from components.tuner.search import Trial
from components.tuner.settings import TuneSettings
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
from detection.training.work_folder import HISTORY

TRIALS = 'trials.json'
RESULT = 'result.json'
_SPEC = 'trial.json'
_WORK = 'work'
_HOPELESS = 'not in the better half at this step'


class StopHopeless(Hook):
  """Ends a trial that the others have left behind."""

  def __init__(self, objective: str, is_hopeless: Callable[[list[tuple[int, float]]], bool]) -> None:
    self._objective, self._is_hopeless = objective, is_hopeless
    self._evaluations: list[tuple[int, float]] = []

  def after_evaluation(self, state: TrainState, metrics: Mapping[str, float]) -> None:
    if not math.isnan(metrics[self._objective]):
      self._evaluations.append((state.step, metrics[self._objective]))
    if state.step < state.num_steps and self._is_hopeless(list(self._evaluations)):
      state.stop = _HOPELESS

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
    if os.getppid() != self._parent:
      raise SystemExit(f'{when}: the search is gone')


def folder_of(work: str, number: int) -> str:
  """Where a trial of the search in `work` is trained."""
  return files.join(work, f'trial-{number:03}')


def prepare(
  folder: str,
  trial: Trial,
  config: config_io.Config,
  labels: Mapping[str, int],
  train: TrainSettings,
  tune: TuneSettings,
  adaptation: Adaptation | None = None,
) -> None:
  """Writes what `main` reads. config: complete, of tune.steps."""
  watched = {'watch': tune.objective, 'eval_every': tune.eval_every, 'eval_every_minutes': None}
  watched |= {'checkpoint_every': min(train.checkpoint_every, tune.eval_every)}
  settings = train.copy(update={**watched, 'export': 'last', 'early_stopping': None})
  files.write_text(files.join(folder, model_folder.PIPELINE_CONFIG), config_io.dump(config))
  spec = {'number': trial.number, 'values': trial.values, 'labels': dict(labels)}
  spec |= {'train': settings.dict(), 'tune': json.loads(tune.as_json())}
  spec |= {'adaptation': dataclasses.asdict(adaptation) if adaptation else None}
  files.write_text(files.join(folder, _SPEC), json.dumps(spec))


def prepared(folder: str) -> Trial:
  """The trial that `prepare` wrote."""
  return _trial_of(_read_spec(folder))


def write_result(folder: str, trial: Trial) -> None:
  files.write_text(files.join(folder, RESULT), search.dump([trial]))


def trials_so_far(work: str, objective: str) -> list[Trial]:
  """All trials of the search in `work`; those that run, with what they have reported until now."""
  trials = search.load(files.read_text(files.join(work, TRIALS)))
  for trial in trials:
    if trial.state == search.RUNNING:
      rows = files.read_text_if_there(files.join(folder_of(work, trial.number), _WORK, HISTORY)).splitlines()
      trial.evaluations = search.measured([json.loads(row) for row in rows], objective)
  return trials


def main(folder: str, parent: int) -> None:
  """Trains what `prepare` wrote, and writes the result. An unforeseen error ends the process without one."""
  import tensorflow as tf

  files.load_scheme(folder)
  alone = EndWithParent(parent)
  alone.check('before the first step')  # loading TensorFlow took seconds
  spec = _read_spec(folder)
  tune = parse_settings(TuneSettings, spec['tune'], folder)
  trial = _trial_of(spec)

  def is_hopeless(evaluations: list[tuple[int, float]]) -> bool:
    others = trials_so_far(posixpath.dirname(folder), tune.objective)
    return search.is_hopeless(tune, others, dataclasses.replace(trial, evaluations=evaluations))

  try:
    task = Task(
      config_io.parse(files.read_text(files.join(folder, model_folder.PIPELINE_CONFIG))),
      spec['labels'],
      parse_settings(TrainSettings, spec['train'], folder),
      Adaptation(**spec['adaptation']) if spec['adaptation'] else None,
    )
    hooks = [alone, StopHopeless(tune.objective, is_hopeless)]
    trained = training.train(task, files.join(folder, _WORK), extra_hooks=hooks)
  except UserError as error:
    write_result(folder, dataclasses.replace(trial, state=search.FAILED, reason=str(error)))
    return
  except (MemoryError, tf.errors.ResourceExhaustedError):
    write_result(folder, dataclasses.replace(trial, state=search.FAILED, reason='out of memory'))
    return
  write_result(folder, _finished(trial, trained, tune.objective))


def _finished(trial: Trial, trained: Trained, objective: str) -> Trial:
  evaluations = search.measured(trained.history, objective)
  ended = {'evaluations': evaluations, 'seconds': round(trained.seconds, 1)}
  if not evaluations:
    return dataclasses.replace(trial, **ended, state=search.FAILED, reason=f'{objective} could never be measured')
  pruned = trained.state.stop == _HOPELESS
  ended |= {'state': search.PRUNED if pruned else search.COMPLETE, 'reason': trained.state.stop}
  return dataclasses.replace(trial, **ended, value=max(value for _, value in evaluations))


def _read_spec(folder: str) -> dict[str, Any]:
  return json.loads(files.read_text(files.join(folder, _SPEC)))


def _trial_of(spec: Mapping[str, Any]) -> Trial:
  return Trial(spec['number'], spec['values'])


if __name__ == '__main__':
  main(sys.argv[1], int(sys.argv[2]))
