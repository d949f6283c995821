"""What a search reads before its first trial: settings, labels, and what a trial's pipeline.config is made from."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any

from tfx import types
from tfx.types import artifact_utils

from components import artifacts, training_inputs
from components.tuner.settings import TuneSettings
from detection.base import files
from detection.base.settings import parse_settings
from detection.metrics import names
from detection.odapi import label_map as label_maps
from detection.odapi.config import config_io
from detection.pipeline_config import patch, recipe, split_boxes
from detection.record_scan import Scans
from detection.training import examples_check
from detection.training.adaptation import Adaptation
from detection.training.settings import TrainSettings

Artifacts = Mapping[str, list[types.Artifact]]
# Execution properties that name a search beside its recipe: one of other code, space or settings is another search.
_NAMED_BY = ('tune', 'settings', 'adapt', 'code_version')


@dataclasses.dataclass(frozen=True)
class SearchSettings:
  """What can be checked before any example is read, unless what is in them was not kept.

  tune: the search.
  train: the training that the search is for.
  label_map_path: file of the label map.
  shared: {class name: id}; several names may share an id.
  work: folder of the search.
  scans: of all record files.
  """

  tune: TuneSettings
  train: TrainSettings
  label_map_path: str
  shared: Mapping[str, int]
  work: str
  scans: Scans

  @property
  def labels(self) -> dict[str, int]:
    """{class name: id}, one name an id."""
    return label_maps.categories(self.shared)


@dataclasses.dataclass(frozen=True)
class TrialConfigs:
  """Makes the pipeline.config of any trial.

  base: the recipe's base config.
  request: what is asked of it for these examples.
  boxes: of the train split.
  tune: the search.
  """

  base: config_io.Config
  request: patch.Request
  boxes: split_boxes.SplitBoxes
  tune: TuneSettings

  def of(self, values: Mapping[str, Any]) -> config_io.Config:
    """The complete config of a trial with these values; with none, the config as it is.

    Raises:
      ConfigError: if the values do not go together.
    """
    overrides = {**self.request.overrides, **self.tune.trial_overrides(dict(values))}
    return recipe.complete_config(self.base, dataclasses.replace(self.request, overrides=overrides), self.boxes)


def read_settings(input_dict: Artifacts, exec_properties: Mapping[str, Any]) -> SearchSettings:
  """Reads and checks the settings.

  Raises:
    ConfigError: if a metric is of a class that there is not.
  """
  label_map_path = files.join(artifact_utils.get_single_uri(input_dict['label_map']), artifacts.LabelMap.FILE_NAME)
  text = files.read_text(label_map_path)
  shared = label_maps.parse_shared(text, label_map_path)
  tune = parse_settings(TuneSettings, json.loads(exec_properties['tune']), 'tune')
  train = parse_settings(TrainSettings, json.loads(exec_properties['settings']), 'train')
  labels = label_maps.categories(shared)
  names.check_class(tune.objective, labels, 'tune.objective')
  names.check_class(train.watch, labels, 'train.watch')  # before the search, not when the training comes
  examples = [*input_dict['examples'], *(input_dict.get('target_examples') or [])]
  scans = training_inputs.scan(examples)
  return SearchSettings(tune, train, label_map_path, shared, work_folder(exec_properties, examples, text, scans), scans)


def work_folder(
  exec_properties: Mapping[str, Any], examples: Sequence[types.Artifact], label_map: str, scans: Scans
) -> str:
  """The search's folder, the same for every machine and every start; another if anything that it depends on changes."""
  recipe_text = json.dumps(recipe.Recipe.from_parameters(exec_properties).parameters(), sort_keys=True)
  properties = ''.join(exec_properties.get(name) or '' for name in _NAMED_BY)
  return files.join(
    exec_properties['work_root'],
    training_inputs.content_digest(recipe_text, examples, label_map + properties, scans),
  )


def read_trial_configs(
  settings: SearchSettings, input_dict: Artifacts, exec_properties: Mapping[str, Any], node: int
) -> TrialConfigs:
  """Reads what the configs of trials are made from, and checks the examples.

  Raises:
    ConfigError: if the base, the checkpoint or the examples do not fit.
  """
  examples = artifact_utils.get_single_instance(input_dict['examples'])
  train, evaluation = (artifacts.split_pattern(examples, split) for split in ('train', 'eval'))
  read = recipe.Recipe.from_parameters(exec_properties)
  # A folder of each machine's own: two that unpack the same archive at once would be in each other's way. In the work
  # folder, which is named by content: a restart has to find the same path in the same config.
  unpacked = files.join(settings.work, f'unpacked-{node}')
  request = read.request(train, evaluation, settings.label_map_path, settings.labels, unpacked)
  configs = TrialConfigs(read.base(), request, split_boxes.read(request.train_path), settings.tune)
  examples_check.check_examples(configs.of({}), settings.shared, settings.scans)
  return configs


def read_adaptation(
  configs: TrialConfigs, input_dict: Artifacts, exec_properties: Mapping[str, Any]
) -> Adaptation | None:
  """What every trial adapts to; None for none."""
  adaptation, _ = training_inputs.adaptation_of(configs.of({}), dict(input_dict), dict(exec_properties))
  return adaptation
