"""Runs the search, trial by trial, and writes what it found."""

from __future__ import annotations

import dataclasses
import json
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent import futures
from typing import Any

from tfx import types
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils

from components import artifacts, training_inputs
from components.tuner import nodes, report, search
from components.tuner import trial as trials_process
from components.tuner.here import Here, IsStopped
from components.tuner.nodes import Node
from components.tuner.search import Trial
from components.tuner.settings import TuneSettings
from detection.base import files
from detection.base.errors import ConfigError, UserError
from detection.base.settings import parse_settings
from detection.metrics import names
from detection.odapi import label_map as label_maps
from detection.odapi.config import config_io
from detection.odapi.model import devices
from detection.pipeline_config import hyperparameters, recipe, split_boxes
from detection.training import examples_check
from detection.training.settings import TrainSettings

_PAGE = 'report.html'
_POLL_SECONDS = 0.5
# Execution properties that name a search beside its recipe: one of other code, space or settings is another search.
_NAMED_BY = ('tune', 'settings', 'adapt', 'code_version')
Place = Here | Node
Train = Callable[[Trial, Place, IsStopped], Trial]


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
    shared = label_maps.parse_shared(files.read_text(label_map_path), label_map_path)
    labels = label_maps.categories(shared)
    tune = parse_settings(TuneSettings, json.loads(exec_properties['tune']), 'tune')
    train = parse_settings(TrainSettings, json.loads(exec_properties['settings']), 'train')
    names.check_class(tune.objective, labels, 'tune.objective')
    names.check_class(train.watch, labels, 'train.watch')  # before the search, not when the training comes
    wanted = recipe.Recipe.from_parameters(exec_properties)
    results = artifact_utils.get_single_uri(output_dict['tuner_results'])
    target = input_dict.get('target_examples') or []
    work = work_folder(exec_properties, [examples, *target], files.read_text(label_map_path))
    print(f'tuning in {work}', flush=True)
    node, node_count = devices.node()
    if node > 0:
      nodes.Follower(work, node).follow()
      return
    # Named by its content, not by this execution: a restart has to find the same paths in the same config.
    unpacked = files.join(exec_properties['work_root'], f'unpacked-{wanted.checkpoint_fingerprint[:16]}')
    splits = [artifacts.split_pattern(examples, split) for split in ('train', 'eval')]
    request = wanted.request(*splits, label_map_path, labels, unpacked)
    truth = split_boxes.read(request.train_path)

    def complete(values: Mapping[str, Any]) -> config_io.Config:
      overrides = {**request.overrides, **tune.trial_overrides(values)}
      return recipe.complete_config(wanted.base(), dataclasses.replace(request, overrides=overrides), truth)

    as_it_is = complete({})
    examples_check.check_examples(as_it_is, shared)
    adaptation, _ = training_inputs.adaptation_of(as_it_is, input_dict, exec_properties)

    def train_one(trial: Trial, place: Place, is_stopped: IsStopped) -> Trial:
      folder = trials_process.folder_of(work, trial.number)
      try:
        trials_process.prepare(folder, trial, complete(trial.values), labels, train, tune, adaptation)
      except ConfigError as error:  # values that do not go together
        return search.failed(trial, str(error))
      return place.train(trial, folder, is_stopped)

    others = [Node(work, number) for number in range(1, node_count)]
    found = run_search(tune, work, train_one, [*_places(tune), *others])
    nodes.dismiss(work, others)
    winner = search.best(found)
    if winner is None:
      raise UserError(f'tune: none of {len(found)} trials ended well; the first: {found[0].reason}.')
    files.write_text(files.join(results, trials_process.TRIALS), search.dump(found))
    files.write_text(files.join(results, _PAGE), report.render(tune, found))
    print(f'tuned: {describe(winner, tune)}; report: {files.join(results, _PAGE)}', flush=True)
    hyperparameters.write(artifact_utils.get_single_uri(output_dict['hyperparameters']), winner.values)
    # Only now: until the results stand, a restart goes on from here.
    for folder in (work, unpacked):
      if files.exists(folder):
        files.rmtree(folder)


def work_folder(exec_properties: Mapping[str, Any], examples: Sequence[types.Artifact], label_map: str) -> str:
  """The search's folder, the same for every node and every start; another if anything that it depends on changes."""
  recipe_text = json.dumps(recipe.Recipe.from_parameters(exec_properties).parameters(), sort_keys=True)
  properties = ''.join(exec_properties.get(name) or '' for name in _NAMED_BY)
  return files.join(
    exec_properties['work_root'], training_inputs.content_digest(recipe_text, examples, label_map + properties)
  )


def run_search(tune: TuneSettings, work: str, train: Train, places: Sequence[Place]) -> list[Trial]:
  """Runs every trial that is not finished yet, one at a time in each place; returns all, by number.

  Args:
    tune: the search.
    work: folder of trials.json, which is renewed before and after each trial. Trials that it calls running are those a
      kill cut short: they are run again where they were, going on from their checkpoints.
    train: trains one in a place, given what says when it shall stop; returns how it ended. An exception ends the
      search; the trial counts as cut short.
    places: of this node, at least one, and other nodes.
  """
  table = files.join(work, trials_process.TRIALS)
  trials = search.load(files.read_text(table)) if files.exists(table) else []
  cut_short = [trial for trial in trials if trial.state == search.RUNNING]
  numbers = {place.number for place in places}
  lock, all_begun, stopping = threading.Lock(), threading.Event(), threading.Event()

  def save() -> None:
    files.write_text(table, search.dump(trials))

  def begin(place: Place) -> Trial | None:
    is_ready = place.is_ready()
    with lock:
      for trial in cut_short:
        # Where it may still run; one of a node that is no longer among us, anywhere.
        if trial.node == place.number or (is_ready and trial.node not in numbers):
          cut_short.remove(trial)
          trial.node = place.number
          return trial
      if not is_ready or all_begun.is_set():
        return None
      trial = search.next_trial(tune, trials)
      if trial is None:
        all_begun.set()
        return None
      trial.node = place.number
      trials.append(trial)
      save()
      return trial

  def work_in(place: Place) -> None:
    on = f' on node {place.number}' if len(numbers) > 1 else ''
    while not stopping.is_set():
      trial = begin(place)
      if trial is None:
        if all_begun.wait(_POLL_SECONDS):
          return
        continue
      print(f'trial {trial.number} of {tune.most_trials}{on}: {values_text(trial.values)}', flush=True)
      ended = dataclasses.replace(train(trial, place, stopping.wait), node=place.number)
      with lock:
        trials[trials.index(trial)] = ended
        save()
      print(f'trial {ended.number}{on}: {ended.state}: {outcome_text(ended, tune)}', flush=True)
      folder = trials_process.folder_of(work, trial.number)
      if files.exists(folder):
        files.rmtree(folder)

  with futures.ThreadPoolExecutor(len(places)) as pool:
    try:
      for done in futures.as_completed([pool.submit(work_in, place) for place in places]):
        done.result()
    finally:
      stopping.set()  # the pool waits for its threads, and these for their trials
  return sorted(trials, key=lambda trial: trial.number)


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


def _places(tune: TuneSettings) -> list[Here]:
  """One for each trial that runs at a time on this node."""
  import tensorflow as tf

  gpus = len(tf.config.list_physical_devices('GPU'))
  parallel = tune.parallel or max(1, gpus)
  return [Here(place % gpus if gpus > 1 else None) for place in range(parallel)]
