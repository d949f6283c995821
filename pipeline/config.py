"""The run config: one YAML file, typed; unknown keys are refused with the nearest known one."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import Any, Literal

import yaml
from pydantic import v1 as pydantic

from components.crop_classifier.settings import TwoStageSettings
from components.model_exporter.settings import ExportSettings
from components.tuner.settings import TuneSettings
from components.voc_example_gen.settings import LABELLED_FORMATS, SplitSettings, known_name
from detection.base import beam_options, strict_yaml
from detection.base.errors import ConfigError
from detection.base.settings import Settings, parse_settings
from detection.tiles.settings import TileSettings
from detection.tracking import TrackSettings
from detection.training.settings import AdaptSettings, TrainSettings

_LONGEST_SHOWN = 120  # characters of what the user wrote, in a message
_SHORT_FORMS = ('augment', 'optimizer', 'schedule', 'learning_rate')


class DataConfig(Settings):
  """What to train on.

  root: the data folder. The only value without a default.
  format: of the annotations; auto detects it.
  split: how images are divided into train and eval.
  max_bad_fraction: in [0, 1]; the run ends if a larger part of the files is refused.
  keep_negatives: whether images annotated as having no objects are used.
  fingerprint: listing or content: what tells that the data has changed, so that it is ingested again.
  single_class: all objects are one class of this name, for a detector that finds and does not name; see `refit`.
  statistics: whether StatisticsGen, SchemaGen and ExampleValidator are part of the pipeline.
  label_map: a label_map.pbtxt whose ids are kept; new classes get the ids after them.
  tiles: large images are cut into tiles to train on, and looked at tile by tile; see docs/data.md.
  """

  root: str = ''
  format: str = 'auto'
  split: SplitSettings = SplitSettings()
  max_bad_fraction: float = pydantic.Field(0.05, ge=0, le=1)
  keep_negatives: bool = True
  fingerprint: Literal['listing', 'content'] = 'listing'
  single_class: str = ''
  statistics: bool = True
  label_map: str | None = None
  tiles: TileSettings | None = None

  @pydantic.validator('format')
  def _is_known(cls, value: str) -> str:
    return known_name(value, LABELLED_FORMATS)


class ModelConfig(Settings):
  """What to train: see components/config_patcher for bases, modes and overrides."""

  base: str = 'ssd_mobilenet_v2_fpnlite_320'
  checkpoint: str | None = None
  mode: Literal['scratch', 'fine_tune', 'classification', 'feature_extraction', 'resume'] = 'scratch'
  overrides: dict[str, Any] = {}


class TrainConfig(TrainSettings):
  """How long and how to train; the other keys are in detection/training/settings.py.

  augment, optimizer, schedule, learning_rate: short forms, which model.overrides takes too; see docs/models.md.
  """

  num_steps: pydantic.PositiveInt = 2000
  batch_size: pydantic.PositiveInt = 8
  augment: list[Any] | None = None
  optimizer: str | dict[str, Any] | None = None
  schedule: str | dict[str, Any] | None = None
  learning_rate: pydantic.PositiveFloat | None = None

  def settings(self) -> dict[str, Any]:
    """The settings of the trainer; the other keys go into pipeline.config."""
    return self.dict(include=set(TrainSettings.__fields__))

  def short_forms(self) -> dict[str, Any]:
    """{short form: value} of those that are set."""
    return {name: value for name in _SHORT_FORMS if (value := getattr(self, name)) is not None}


class AdaptConfig(AdaptSettings):
  """Adapting to another domain, which has images but no labels.

  target: the folder of its images; annotations in it are not looked at.
  """

  target: str = pydantic.Field(..., min_length=1)

  def settings(self) -> dict[str, Any]:
    """The settings of the trainer."""
    return self.dict(exclude={'target'})


class EvaluateConfig(Settings):
  """When a model may be pushed.

  thresholds: {metric: least value}.
  baseline: the model to compare with on the same images.
  min_improvement: the model's AP less the baseline's must be at least this; negative allows a fall.
  max_class_drop: how far the AP of any class may fall below the baseline's.
  iou: at this overlap a detection matches an object, in the confusion matrix and in precision and recall.
  slice_pattern: a regular expression on file names; metrics are also computed for each value of its first group.
  """

  thresholds: dict[str, float] = {'AP50': 0.5}
  baseline: Literal['latest_blessed', 'none'] = 'latest_blessed'
  min_improvement: float = 0.0
  max_class_drop: float | None = None
  iou: float = pydantic.Field(0.5, gt=0, le=1)
  slice_pattern: str = ''


class PushConfig(Settings):
  """Where models are pushed.

  destination: the folder of versions that TensorFlow Serving watches; by default <output_root>/<name>/serving.
  keep_versions: how many versions are kept, the newest; 0 keeps all.
  """

  destination: str | None = None
  keep_versions: pydantic.NonNegativeInt = 0


class BeamConfig(Settings):
  """args: Beam pipeline options, for every component that runs on Beam."""

  args: list[str] = []

  @property
  def pipeline_args(self) -> list[str]:
    """`args`, on a local runner that downloads and builds nothing if they name no runner.

    On any other one a job may take as long as it does, and TFX is not packed up for workers that have it.
    Beam's default runner first tries to download a program; FnApiRunner is what it falls back to. Its workers are in
    this process: no image is needed, but one has to be named.
    """
    if any(arg.startswith('--runner') for arg in self.args):
      return beam_options.with_image(beam_options.with_time(self.args))
    return ['--runner=FnApiRunner', '--sdk_container_image=none', *self.args]


class RunConfig(Settings):
  """Everything a run depends on. `kubeflow` is checked when compiling."""

  name: str = 'detector'
  output_root: str = 'runs'
  data: DataConfig = DataConfig()
  model: ModelConfig = ModelConfig()
  train: TrainConfig = TrainConfig()
  tune: TuneSettings | None = None
  adapt: AdaptConfig | None = None
  two_stage: TwoStageSettings | None = None
  export: ExportSettings = ExportSettings()
  evaluate: EvaluateConfig = EvaluateConfig()
  push: PushConfig = PushConfig()
  track: TrackSettings = TrackSettings()
  beam: BeamConfig = BeamConfig()
  kubeflow: dict[str, Any] = {}

  @property
  def trains_detector(self) -> bool:
    """False where two_stage.detector names one that is trained already."""
    return not (self.two_stage and self.two_stage.detector)

  @property
  def search(self) -> TuneSettings | None:
    """The search for hyperparameters to run; None without one, and where an earlier one's result is imported."""
    return self.tune if self.tune and not self.tune.import_ else None

  @property
  def overrides(self) -> dict[str, Any]:
    """Everything that goes into pipeline.config on top of the base: short forms and dotted paths."""
    return {**self.train.short_forms(), **self.model.overrides}

  @pydantic.root_validator(skip_on_failure=True)
  def _set_once(cls, values: dict[str, Any]) -> dict[str, Any]:
    twice = [name for name in values['train'].short_forms() if name in values['model'].overrides]
    if twice:
      raise ValueError(f'train.{twice[0]} and model.overrides.{twice[0]} are both set, expected one of them')
    return values

  @pydantic.root_validator(skip_on_failure=True)
  def _goes_with_two_stage(cls, values: dict[str, Any]) -> dict[str, Any]:
    two_stage = values['two_stage']
    if two_stage is None:
      return values
    if values['data'].single_class:
      raise ValueError('data.single_class takes away the class names that two_stage is to learn, expected one of them')
    if values['export'].converts:
      keys = 'export.tflite, export.onnx and export.drift_reference'
      raise ValueError(f'{keys} are made of a single detector, expected none of them with two_stage')
    for section in ('tune', 'adapt'):
      if two_stage.detector and values[section] is not None:
        raise ValueError(f'two_stage.detector is trained already, expected no {section} beside it')
    return values

  @pydantic.root_validator(skip_on_failure=True)
  def _goes_with_tiles(cls, values: dict[str, Any]) -> dict[str, Any]:
    for section in ('adapt', 'two_stage'):
      if values['data'].tiles and values[section] is not None:
        raise ValueError(f'data.tiles cuts the images that {section} takes whole, expected one of them')
    if values['data'].tiles and values['export'].drift_reference:
      raise ValueError('data.tiles cuts the images that export.drift_reference takes whole, expected one of them')
    return values

  @pydantic.validator('name')
  def _is_a_folder_name(cls, value: str) -> str:
    # It becomes a folder, an MLMD context and a KFP pipeline name.
    if not re.fullmatch(r'[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?', value):
      raise ValueError('expected lower-case letters, digits and inner hyphens, at most 64')
    return value


def load(path: str, data_root: str | None = None, overrides: Sequence[str] = ()) -> RunConfig:
  """Reads a run config.

  Args:
    path: of the YAML file.
    data_root: replaces data.root.
    overrides: `key.path=value` each, the value read as YAML; later ones win.

  Raises:
    ConfigError: if the file cannot be read, is not YAML, or any value in it is wrong; all problems in one line.
  """
  content = _read(path)
  for override in overrides:
    _override(content, override)
  if data_root is not None:
    _put(content, ['data', 'root'], data_root, '--data')
  config = parse_settings(RunConfig, content, path)
  if not config.data.root:
    raise ConfigError(f'{path}: data.root: missing. Expected the folder of images and annotations, or --data DIR.')
  return config


def _read(path: str) -> dict[str, Any]:
  try:
    with open(path, encoding='utf-8') as file:
      content = strict_yaml.load(file)
  except OSError as error:
    raise ConfigError(f'{path}: cannot be read: {error.strerror}. Expected a run config, as in configs/.') from error
  except UnicodeDecodeError as error:
    raise ConfigError(f'{path}: not UTF-8 text. Expected a run config in YAML.') from error
  except yaml.YAMLError as error:
    raise ConfigError(f'{path}: not YAML that can be used: {strict_yaml.explain(error)}.') from error
  if content is None:
    return {}
  if not isinstance(content, dict):
    raise ConfigError(f'{path}: expected keys and values, received a {type(content).__name__}.')
  return content


def _override(content: dict[str, Any], override: str) -> None:
  path, equals, text = override.partition('=')
  if not equals or not path:
    raise ConfigError(f'--set {override}: expected key.path=value.')
  try:
    value = strict_yaml.load(text)
  except yaml.YAMLError as error:
    raise ConfigError(f'--set {_shortened(override)}: the value is not YAML: {strict_yaml.explain(error)}.') from error
  keys = path.split('.')
  # The rest of the key is itself a dotted path, into pipeline.config.
  if keys[:2] == ['model', 'overrides'] and len(keys) > 2:
    keys = [*keys[:2], '.'.join(keys[2:])]
  _put(content, keys, value, f'--set {override}')


def _shortened(text: str) -> str:
  return text if len(text) <= _LONGEST_SHOWN else f'{text[:_LONGEST_SHOWN]} …'


def _put(content: dict[str, Any], keys: Sequence[str], value: Any, where: str) -> None:
  for key in keys[:-1]:
    if content.get(key) is None:
      content[key] = {}
    content = content[key]
    if not isinstance(content, dict):
      raise ConfigError(f'{where}: "{key}" is a value, not a section.')
  content[keys[-1]] = value


def absolute(path: str) -> str:
  """A local path made absolute; a remote URI as it is."""
  return path if '://' in path else os.path.abspath(os.path.expanduser(path))
