"""Runs the search, trial by trial, and writes what it found."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from concurrent import futures
from typing import Any

from tfx import types
from tfx.dsl.components.base import base_executor
from tfx.dsl.io import fileio
from tfx.types import artifact_utils

from components import artifacts, files, typed
from components.config_patcher import ground_truth, hyperparameters, recipe
from components.errors import ConfigError, UserError
from components.odapi import config_io
from components.odapi import label_map as label_maps
from components.trainer import scan
from components.trainer.executor import content_digest
from components.trainer.settings import TrainSettings
from components.tuner import report, search
from components.tuner import trial as trials_process
from components.tuner.search import Trial
from components.tuner.settings import TuneSettings

_PAGE = 'report.html'
_POLL_SECONDS = 0.5
_ASKED_TO_STOP = (-signal.SIGINT, -signal.SIGTERM, 128 + signal.SIGINT, 128 + signal.SIGTERM)
Train = Callable[[Trial, int | None, threading.Event], Trial]
_ROOT = pathlib.Path(__file__).parents[2]


class Executor(base_executor.BaseExecutor):
  """See DetectionTuner."""

  def Do(
    self,
    input_dict: dict[str, list[types.Artifact]],
    output_dict: dict[str, list[types.Artifact]],
    exec_properties: dict[str, Any],
  ) -> None:
    """Searches in the work folder, then fills `hyperparameters` and `tuner_results` and clears the work folder."""
    # Before TensorFlow sees a GPU: this process must leave its memory to the trials.
    os.environ.setdefault('TF_FORCE_GPU_ALLOW_GROWTH', 'true')
    examples = artifact_utils.get_single_instance(input_dict['examples'])
    label_map_path = files.join(artifact_utils.get_single_uri(input_dict['label_map']), artifacts.LabelMap.FILE_NAME)
    labels = label_maps.parse(files.read_text(label_map_path), label_map_path)
    tune = typed.parse(TuneSettings, json.loads(exec_properties['tune']), 'tune')
    train = typed.parse(TrainSettings, json.loads(exec_properties['settings']), 'train')
    wanted = recipe.Recipe.of(exec_properties)
    results = artifact_utils.get_single_uri(output_dict['tuner_results'])
    # Named by its content, not by this execution: a restart has to find the same paths in the same config.
    unpacked = files.join(exec_properties['work_root'], f'unpacked-{wanted.checkpoint_fingerprint[:16]}')
    request = wanted.request(examples, label_map_path, labels, unpacked)
    truth = ground_truth.read(request.train_path)

    def complete(values: Mapping[str, Any]) -> config_io.Config:
      overrides = {**request.overrides, **tune.trial_overrides(values)}
      return recipe.complete_config(wanted.base(), dataclasses.replace(request, overrides=overrides), truth)

    as_it_is = complete({})
    scan.check_examples(as_it_is, labels)
    properties = exec_properties['tune'] + exec_properties['settings']
    work = files.join(exec_properties['work_root'], content_digest(config_io.dump(as_it_is), [examples], properties))
    print(f'tuning in {work}', flush=True)

    def train_one(trial: Trial, device: int | None, stopping: threading.Event) -> Trial:
      folder = files.join(work, f'trial-{trial.number:03}')
      try:
        trials_process.prepare(folder, trial, complete(trial.values), labels, train, tune)
      except ConfigError as error:  # values that do not go together
        return failed(trial, str(error))
      return run_process(trial, folder, device, stopping)

    found = run_search(tune, work, train_one, _devices(tune))
    winner = search.best(found)
    if winner is None:
      raise UserError(f'tune: none of {len(found)} trials ended well; the first: {found[0].reason}.')
    files.write_text(files.join(results, trials_process.TRIALS), search.dump(found))
    files.write_text(files.join(results, _PAGE), report.render(tune, found))
    print(f'tuned: {describe(winner, tune)}; report: {files.join(results, _PAGE)}', flush=True)
    hyperparameters.write(artifact_utils.get_single_uri(output_dict['hyperparameters']), winner.values)
    # Only now: until the results stand, a restart goes on from here.
    for folder in (work, unpacked):
      if fileio.exists(folder):
        fileio.rmtree(folder)


def run_search(tune: TuneSettings, work: str, train: Train, devices: list[int | None]) -> list[Trial]:
  """Runs every trial that is not finished yet, one at a time on each device; returns all, by number.

  Args:
    tune: the search.
    work: folder of trials.json, which is renewed before and after each trial. Trials that it calls running are those a
      kill cut short: they are run again, going on from their checkpoints.
    train: trains one, given the number of its GPU or None, and an event that is set when it shall stop; returns how it
      ended. An exception ends the search; the trial counts as cut short.
    devices: number of a GPU, or None for whatever is there.
  """
  table = files.join(work, trials_process.TRIALS)
  trials = search.load(files.read_text(table)) if fileio.exists(table) else []
  cut_short = [trial for trial in trials if trial.state == search.RUNNING]
  lock, stopping = threading.Lock(), threading.Event()

  def save() -> None:
    files.write_text(table, search.dump(trials))

  def begin() -> Trial | None:
    with lock:
      if stopping.is_set():
        return None
      if cut_short:
        return cut_short.pop(0)
      trial = search.next_trial(tune, trials)
      if trial is not None:
        trials.append(trial)
        save()
      return trial

  def work_on(device: int | None) -> None:
    while (trial := begin()) is not None:
      print(f'trial {trial.number} of {tune.trials}: {values_text(trial.values)}', flush=True)
      ended = train(trial, device, stopping)
      with lock:
        trials[trials.index(trial)] = ended
        save()
      print(f'trial {ended.number}: {ended.state}: {outcome_text(ended, tune)}', flush=True)
      if fileio.exists(files.join(work, f'trial-{trial.number:03}')):
        fileio.rmtree(files.join(work, f'trial-{trial.number:03}'))

  with futures.ThreadPoolExecutor(len(devices)) as pool:
    try:
      for done in [pool.submit(work_on, device) for device in devices]:
        done.result()
    finally:
      stopping.set()  # the pool waits for its threads, and these for their trials
  return sorted(trials, key=lambda trial: trial.number)


def run_process(trial: Trial, folder: str, device: int | None, stopping: threading.Event) -> Trial:
  """Trains a prepared trial in a process of its own; one that dies is a failed trial, with the last it said.

  Raises:
    SystemExit: if the process was asked to stop, here or by whoever stops the whole group; the trial can go on later.
  """
  environment = {**os.environ, 'PYTHONPATH': os.pathsep.join([str(_ROOT), os.environ.get('PYTHONPATH', '')])}
  if device is not None:
    environment['CUDA_VISIBLE_DEVICES'] = str(device)
  command = [sys.executable, '-m', trials_process.__name__, folder, str(os.getpid())]
  with tempfile.TemporaryFile('w+', encoding='utf-8', errors='replace') as said:
    with subprocess.Popen(command, env=environment, stderr=said) as process:
      status = _wait(process, stopping)
    said.seek(0)
    shutil.copyfileobj(said, sys.stderr)
    said.seek(0)
    last = next((line.strip() for line in reversed(said.readlines()) if line.strip()), '')
  result = files.join(folder, trials_process.RESULT)
  if fileio.exists(result):
    return search.load(files.read_text(result))[0]
  if status in _ASKED_TO_STOP:
    raise SystemExit(status if status > 0 else 128 - status)
  if status < 0:
    return failed(trial, f'killed by signal {-status}, as for want of memory')
  return failed(trial, f'exit status {status}: {last}')


def _wait(process: subprocess.Popen, stopping: threading.Event) -> int:
  """The exit status; the process is asked to stop, once, when `stopping` is set."""
  while process.poll() is None:
    if stopping.wait(_POLL_SECONDS):
      process.terminate()
      process.wait()
  return process.returncode


def failed(trial: Trial, reason: str) -> Trial:
  """The trial, ended without a value."""
  return Trial(trial.number, trial.values, search.FAILED, reason=reason)


def values_text(values: Mapping[str, Any]) -> str:
  """Values on one line."""
  shown = (f'{path} {value:.4g}' if isinstance(value, float) else f'{path} {value}' for path, value in values.items())
  return ', '.join(shown) or 'the config as it is'


def outcome_text(trial: Trial, tune: TuneSettings) -> str:
  """What came of a trial, on one line."""
  value = '' if trial.value is None else f'{tune.objective} {trial.value:.3f}'
  return '; '.join(part for part in (value, trial.reason) if part)


def describe(trial: Trial, tune: TuneSettings) -> str:
  """The best trial on one line."""
  return f'{tune.objective} {trial.value:.3f} in trial {trial.number}: {values_text(trial.values)}'


def _devices(tune: TuneSettings) -> list[int | None]:
  """One entry for each trial that runs at a time: the number of its GPU, or None to leave the choice alone."""
  import tensorflow as tf

  gpus = len(tf.config.list_physical_devices('GPU'))
  parallel = tune.parallel or max(1, gpus)
  return [place % gpus if gpus > 1 else None for place in range(parallel)]
