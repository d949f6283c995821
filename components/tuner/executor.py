"""Runs this machine's part of a search; the first machine writes what was found."""

from __future__ import annotations

import dataclasses
import os
import threading
from collections.abc import Sequence
from typing import Any

from tfx import types
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils

from components.tuner import inputs, process, report, results, search
from components.tuner import trial as trial_program
from components.tuner.inputs import TrialConfigs
from components.tuner.results import TrialResult
from components.tuner.settings import TuneSettings
from components.tuner.storage import study_location
from components.tuner.study import SearchStudy
from components.tuner.trial import TrialSpec
from detection.base import files
from detection.base.errors import ConfigError, UserError
from detection.odapi.model import devices
from detection.pipeline_config import hyperparameters

_PAGE = 'report.html'


class Executor(base_executor.BaseExecutor):
  """See DetectionTuner."""

  def Do(
    self,
    input_dict: dict[str, list[types.Artifact]],
    output_dict: dict[str, list[types.Artifact]],
    exec_properties: dict[str, Any],
  ) -> None:
    """Searches in the work folder; node 0 then fills `hyperparameters` and `tuner_results` and clears the folder."""
    # Before TensorFlow sees a GPU: this process must leave its memory to the trials.
    os.environ.setdefault('TF_FORCE_GPU_ALLOW_GROWTH', 'true')
    settings = inputs.read_settings(input_dict, exec_properties)
    print(f'tuning in {settings.work}', flush=True)
    node, node_count = devices.node()
    configs = inputs.read_trial_configs(settings, input_dict, exec_properties, node)
    adaptation = inputs.read_adaptation(configs, input_dict, exec_properties)
    training = trial_program.trial_settings(settings.train, settings.tune)
    with study_location(settings.tune, settings.work, node_count) as location:
      spec = TrialSpec(settings.tune, training, settings.labels, location, adaptation)
      study = SearchStudy(settings.tune, location, node)
      trainer = Trainer(settings.work, configs, spec)
      if node > 0:
        help_search(study, trainer, node_count)
        return
      search.run_search(study, trainer.train, gpus_of(settings.tune), node_count)
      found = study.wait_until_ended()
    write_found(settings.tune, found, output_dict)
    # Only now: until the results are written, a restart goes on from here.
    files.rmtree_if_there(settings.work)


@dataclasses.dataclass(frozen=True)
class Trainer:
  """Trains trials of a search in processes of their own.

  work: folder of the search.
  configs: makes the trials' configs.
  spec: what all trials have alike.
  """

  work: str
  configs: TrialConfigs
  spec: TrialSpec

  def train(self, trial: TrialResult, device: int | None, stopping: threading.Event) -> TrialResult:
    """Trains one trial in a folder that lasts until it has ended; values that do not go together are a failed trial."""
    folder = files.join(self.work, f'trial-{trial.number:03}')
    try:
      trial_program.prepare(folder, trial, self.configs.of(trial.values), self.spec)
    except ConfigError as error:
      return results.failed(trial, str(error))
    ended = process.run(trial, folder, device, stopping)
    files.rmtree(folder)
    return ended


def help_search(study: SearchStudy, trainer: Trainer, node_count: int) -> None:
  """Trains trials of a search that node 0 began, until none is left or node 0 has removed the work folder."""
  try:
    search.run_search(study, trainer.train, gpus_of(study.tune), node_count)
  except files.errors(trainer.work):
    if files.exists(trainer.work):
      raise


def write_found(tune: TuneSettings, found: Sequence[TrialResult], output_dict: dict[str, list[types.Artifact]]) -> None:
  """Writes trials.json, report.html and the best values.

  Raises:
    UserError: if no trial ended well.
  """
  winner = results.best(found)
  if winner is None:
    raise UserError(f'tune: none of {len(found)} trials ended well; the first: {found[0].reason}.')
  folder = artifact_utils.get_single_uri(output_dict['tuner_results'])
  files.write_text(files.join(folder, results.FILE_NAME), results.dump(found))
  files.write_text(files.join(folder, _PAGE), report.render(tune, found))
  print(f'tuned: {results.best_text(winner, tune.objective)}; report: {files.join(folder, _PAGE)}', flush=True)
  hyperparameters.write(artifact_utils.get_single_uri(output_dict['hyperparameters']), winner.values)


def gpus_of(tune: TuneSettings) -> list[int | None]:
  """Numbers of the GPUs, one for each trial that runs at a time on this machine; None for whatever is there."""
  import tensorflow as tf

  count = len(tf.config.list_physical_devices('GPU'))
  parallel = tune.parallel or max(1, count)
  return [place % count if count > 1 else None for place in range(parallel)]
