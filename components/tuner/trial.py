"""One trial, in a process of its own: python -m components.tuner.trial FOLDER PID

A process of its own gives its memory back, can have a GPU to itself, and may be killed for want of memory without
taking the search along. Files in the folder:
  trial.json       what to train: see `prepare`
  pipeline.config  complete
  work/            the trainer's own work folder: a trial that was killed goes on from its latest checkpoint
  result.json      how it ended, written last
PID is that of the search.
"""

from __future__ import annotations

import dataclasses
import json
import os
import posixpath
import sys
from collections.abc import Callable, Mapping

from components import files, typed
from components.errors import UserError
from components.odapi import config_io
from components.trainer.hooks import Hook, ImageIds
from components.trainer.settings import TrainSettings
from components.trainer.state import TrainState
from components.tuner import search
from components.tuner.search import Trial
from components.tuner.settings import TuneSettings

TRIALS = 'trials.json'
RESULT = 'result.json'
_SPEC = 'trial.json'
_CONFIG = 'pipeline.config'
_HOPELESS = 'not in the better half at this step'


class StopHopeless(Hook):
  """Ends a trial that the others have left behind."""

  def __init__(self, objective: str, is_hopeless: Callable[[list[tuple[int, float]]], bool]) -> None:
    self._objective, self._is_hopeless = objective, is_hopeless

  def after_evaluation(self, state: TrainState, metrics: Mapping[str, float]) -> None:
    if state.step < state.num_steps and self._is_hopeless(search.finite(state.history, self._objective)):
      state.stop = _HOPELESS


class EndWithParent(Hook):
  """Ends the process when the search that started it is gone, so that a restarted one has the folder to itself."""

  def __init__(self, parent: int) -> None:
    self._parent = parent

  def after_step(self, state: TrainState, image_ids: ImageIds) -> None:
    if os.getppid() != self._parent:
      raise SystemExit(f'step {state.step}: the search is gone')


def prepare(
  folder: str,
  trial: Trial,
  config: config_io.Config,
  labels: Mapping[str, int],
  train: TrainSettings,
  tune: TuneSettings,
) -> None:
  """Writes what `main` reads. config: complete, of tune.steps."""
  watched = {'watch': tune.objective, 'eval_every': tune.eval_every, 'eval_every_minutes': None}
  watched |= {'checkpoint_every': min(train.checkpoint_every, tune.eval_every)}
  settings = train.copy(update={**watched, 'export': 'last', 'early_stopping': None})
  files.write_text(files.join(folder, _CONFIG), config_io.dump(config))
  spec = {'number': trial.number, 'values': trial.values, 'labels': dict(labels)}
  spec |= {'train': settings.dict(), 'tune': json.loads(tune.as_json())}
  files.write_text(files.join(folder, _SPEC), json.dumps(spec))


def main(folder: str, parent: int) -> None:
  """Trains what `prepare` wrote, and writes the result. An unforeseen error ends the process without one."""
  import tensorflow as tf

  if folder.startswith('s3://'):
    import tensorflow_io  # noqa: F401 - gives TensorFlow's file layer, and with it TFX's, the s3 scheme
  from components.trainer import training

  spec = json.loads(files.read_text(files.join(folder, _SPEC)))
  tune = typed.parse(TuneSettings, spec['tune'], folder)
  trial = Trial(spec['number'], spec['values'])

  def is_hopeless(evaluations: list[tuple[int, float]]) -> bool:
    others = search.load(files.read_text(files.join(posixpath.dirname(folder), TRIALS)))
    return search.is_hopeless(tune, others, dataclasses.replace(trial, evaluations=evaluations))

  try:
    trained = training.train(
      config_io.parse(files.read_text(files.join(folder, _CONFIG))),
      spec['labels'],
      typed.parse(TrainSettings, spec['train'], folder),
      files.join(folder, 'work'),
      also=[EndWithParent(parent), StopHopeless(tune.objective, is_hopeless)],
    )
  except UserError as error:
    _write(folder, dataclasses.replace(trial, state=search.FAILED, reason=str(error)))
    return
  except (MemoryError, tf.errors.ResourceExhaustedError):
    _write(folder, dataclasses.replace(trial, state=search.FAILED, reason='out of memory'))
    return
  _write(folder, _finished(trial, trained.state, tune.objective))


def _finished(trial: Trial, state: TrainState, objective: str) -> Trial:
  evaluations = search.finite(state.history, objective)
  ended = {'evaluations': evaluations, 'seconds': round(state.seconds, 1)}
  if not evaluations:
    return dataclasses.replace(trial, **ended, state=search.FAILED, reason=f'{objective} was NaN at every evaluation')
  pruned = state.stop == _HOPELESS
  ended |= {'state': search.PRUNED if pruned else search.COMPLETE, 'reason': state.stop}
  return dataclasses.replace(trial, **ended, value=max(value for _, value in evaluations))


def _write(folder: str, trial: Trial) -> None:
  files.write_text(files.join(folder, RESULT), search.dump([trial]))


if __name__ == '__main__':
  main(sys.argv[1], int(sys.argv[2]))
