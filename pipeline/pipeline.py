"""The pipeline: one DAG for every runner. A runner adds a place and resources, never logic."""

from __future__ import annotations

import dataclasses
from typing import Any

from ml_metadata.proto import metadata_store_pb2
from tfx.components.example_validator.component import ExampleValidator
from tfx.components.schema_gen.component import SchemaGen
from tfx.components.statistics_gen.component import StatisticsGen
from tfx.dsl.components.base.base_node import BaseNode
from tfx.dsl.components.common.resolver import Resolver
from tfx.orchestration.pipeline import Pipeline
from tfx.types import channel, standard_artifacts

from components.config_patcher.component import ConfigPatcher
from components.crop_classifier.component import CropClassifier
from components.evaluator.component import MapEvaluator
from components.label_map_gen.component import LabelMapGen
from components.model_exporter.component import ModelExporter
from components.pusher.component import DetectionPusher
from components.trainer.component import ODAPITrainer
from components.tuner.component import DetectionTuner
from components.voc_example_gen.component import VocExampleGen
from detection.odapi import adaptable, convertible
from detection.odapi.config import config_io
from detection.pipeline_config import hyperparameters
from pipeline.baseline import LatestBlessedOther
from pipeline.config import RunConfig

# The one class of a detector that only finds.
_ANY = 'object'


@dataclasses.dataclass(frozen=True)
class Place:
  """Where a pipeline runs.

  Attributes:
    pipeline_root: folder or URI below which artifacts are kept.
    data_root: the data folder as the steps see it.
    target_root: the folder of target images likewise, where the run adapts to a domain.
    destination: where models are pushed.
    metadata: connection of the MLMD store that the runner keeps; None where the orchestrator has its own.
    enable_cache: whether unchanged steps are served from earlier runs.
  """

  pipeline_root: str
  data_root: str
  destination: str
  metadata: metadata_store_pb2.ConnectionConfig | None = None
  enable_cache: bool = True
  target_root: str = ''

  @property
  def is_local(self) -> bool:
    """True where this process runs the steps, and so sees their files and metadata."""
    return self.metadata is not None


def create_pipeline(config: RunConfig, place: Place) -> Pipeline:
  """VocExampleGen to DetectionPusher, for any runner.

  Args:
    config: what to do.
    place: where.

  Raises:
    ConfigError: if a component refuses its settings.
  """
  example_gen = VocExampleGen(
    data_root=place.data_root,
    data_format=config.data.format,
    split=config.data.split.dict(),
    max_bad_fraction=config.data.max_bad_fraction,
    keep_negatives=config.data.keep_negatives,
    single_class=config.data.single_class,
  )
  examples = example_gen.outputs['examples']
  label_map_gen = LabelMapGen(examples=examples, pinned=config.data.label_map)
  label_map = label_map_gen.outputs['label_map']
  training = _training(config, place, examples, label_map)
  named = _naming(config, place, examples, label_map, training)
  model = (named or training.trainer).outputs['model']
  exporter = _model_exporter(config, model, examples, training)
  exports = exporter.outputs['exports'] if exporter else None
  baseline = _baseline(config, place, model)
  evaluator = MapEvaluator(
    model=model,
    examples=examples,
    label_map=label_map,
    baseline=baseline.outputs['model'] if baseline else None,
    model_run=training.trainer.outputs['model_run'] if training else None,
    exports=exports,
    thresholds=config.evaluate.thresholds,
    min_improvement=config.evaluate.min_improvement,
    max_class_drop=config.evaluate.max_class_drop,
    iou=config.evaluate.iou,
    slice_pattern=config.evaluate.slice_pattern,
    baseline_destination='' if place.is_local or config.evaluate.baseline == 'none' else place.destination,
  )
  pusher = DetectionPusher(
    model=model,
    model_blessing=evaluator.outputs['blessing'],
    evaluation=evaluator.outputs['evaluation'],
    destination=place.destination,
    keep_versions=config.push.keep_versions,
    exports=exports,
  )
  nodes: list[BaseNode] = [example_gen, *_statistics(config, examples), label_map_gen]
  nodes += training.nodes if training else []
  nodes += [node for node in (named, exporter, baseline) if node]
  return Pipeline(
    pipeline_name=config.name,
    pipeline_root=place.pipeline_root,
    components=[*nodes, evaluator, pusher],
    enable_cache=place.enable_cache,
    metadata_connection_config=place.metadata,
    beam_pipeline_args=_beam_args(config.beam.args),
  )


@dataclasses.dataclass(frozen=True)
class _Training:
  """The steps from label map to trained detector: all of them in order, and two of them by name."""

  nodes: list[BaseNode]
  config_patcher: ConfigPatcher
  trainer: ODAPITrainer


def _training(
  config: RunConfig, place: Place, examples: channel.BaseChannel, label_map: channel.BaseChannel
) -> _Training | None:
  """What trains a detector; None where one is there already. Before a classifier that names, it learns one class."""
  if config.two_stage and config.two_stage.detector:
    return None
  one_class = LabelMapGen(examples, single_class=_ANY).with_id('DetectorLabelMapGen') if config.two_stage else None
  learned = one_class.outputs['label_map'] if one_class else label_map
  wanted = _wanted_of_base(config, place)
  target_gen = _target(config, place)
  target = target_gen.outputs['examples'] if target_gen else None
  searched = tuner(config, place, examples, learned, target)
  config_patcher = ConfigPatcher(
    examples=examples,
    label_map=learned,
    hyperparameters=searched.outputs['hyperparameters'] if searched else None,
    num_steps=config.train.num_steps,
    **wanted,
  )
  if config.adapt:
    # Now, not when all has been ingested.
    adaptable.check_family(_base_of(config_patcher))
  trainer = ODAPITrainer(
    examples=examples,
    label_map=learned,
    pipeline_config=config_patcher.outputs['pipeline_config'],
    work_root=f'{place.pipeline_root}/training',
    settings=config.train.settings(),
    target_examples=target,
    adapt=config.adapt.settings() if config.adapt else None,
    # The score of what is found is not yet that of what is named.
    **({} if config.two_stage else _limits(config)),
  )
  nodes = [one_class, target_gen, searched, config_patcher, trainer]
  return _Training([node for node in nodes if node], config_patcher, trainer)


def _naming(
  config: RunConfig,
  place: Place,
  examples: channel.BaseChannel,
  label_map: channel.BaseChannel,
  training: _Training | None,
) -> CropClassifier | None:
  """The classifier behind the detector; None where the detector names what it finds."""
  if config.two_stage is None:
    return None
  return CropClassifier(
    examples=examples,
    label_map=label_map,
    detector=training.trainer.outputs['model'] if training else None,
    settings=config.two_stage.dict(),
    check_paths=place.is_local,
    **_limits(config),
  )


def _limits(config: RunConfig) -> dict[str, Any]:
  """Of what the served model gives out."""
  return {'score_threshold': config.export.score_threshold, 'max_detections': config.export.max_detections}


def _wanted_of_base(config: RunConfig, place: Place) -> dict[str, Any]:
  """What tuner and patcher ask of the base alike; values of an earlier search win over overrides."""
  imported = hyperparameters.read(config.tune.import_) if config.tune and config.tune.import_ else {}
  return {
    'base': config.model.base,
    'batch_size': config.train.batch_size,
    'mode': config.model.mode,
    'checkpoint': config.model.checkpoint,
    'overrides': {**config.overrides, **imported},
    'check_checkpoint': place.is_local,
  }


def tuner(
  config: RunConfig,
  place: Place,
  examples: channel.BaseChannel,
  label_map: channel.BaseChannel,
  target_examples: channel.BaseChannel | None = None,
) -> DetectionTuner | None:
  """The search that the config asks for; None if it asks for none. Trials adapt as the training does."""
  if config.tune is None or config.tune.import_:
    return None
  return DetectionTuner(
    examples=examples,
    label_map=label_map,
    tune=config.tune.dict(by_alias=True),
    work_root=f'{place.pipeline_root}/training',
    settings=config.train.settings(),
    target_examples=target_examples,
    adapt=config.adapt.settings() if config.adapt else None,
    **_wanted_of_base(config, place),
  )


def _target(config: RunConfig, place: Place) -> BaseNode | None:
  """Ingestion of the target domain's images, so that a changed one of them is seen as any changed input is."""
  if config.adapt is None:
    return None
  target_gen = VocExampleGen(
    data_root=place.target_root, data_format='images', max_bad_fraction=config.data.max_bad_fraction
  )
  return target_gen.with_id('TargetExampleGen')


def _beam_args(args: list[str]) -> list[str]:
  """The user's, or those of the local runner that fetches and builds nothing.

  Beam's default runner first tries to download a program; FnApiRunner is what it falls back to. Given any argument,
  TFX packs itself up for remote workers unless an image is named; FnApiRunner's workers are in this process.
  """
  if any(arg.startswith('--runner') for arg in args):
    return args
  return ['--runner=FnApiRunner', '--sdk_container_image=none', *args]


def _statistics(config: RunConfig, examples: channel.BaseChannel) -> list[BaseNode]:
  if not config.data.statistics:
    return []
  statistics_gen = StatisticsGen(examples=examples)
  statistics = statistics_gen.outputs['statistics']
  schema_gen = SchemaGen(statistics=statistics, infer_feature_shape=False)
  return [
    statistics_gen,
    schema_gen,
    ExampleValidator(statistics=statistics, schema=schema_gen.outputs['schema']),
  ]


def _model_exporter(
  config: RunConfig, model: channel.BaseChannel, examples: channel.BaseChannel, training: _Training | None
) -> BaseNode | None:
  if training is None or not (config.export.tflite or config.export.onnx):
    return None
  if config.export.tflite:
    # Now, not when it has been trained for hours. The image size, which can be overridden, is checked by the step.
    convertible.check_family(_base_of(training.config_patcher))
  return ModelExporter(
    model=model,
    examples=examples,
    tflite=config.export.tflite,
    onnx=config.export.onnx,
    **_limits(config),
  )


def _base_of(config_patcher: ConfigPatcher) -> config_io.Config:
  base = config_patcher.exec_properties
  return config_io.parse(base['base_config'], base['base_name'])


def _baseline(config: RunConfig, place: Place, candidate: channel.BaseChannel) -> BaseNode | None:
  # The open-source KFP 2 driver has no resolvers; there the evaluator looks at the push destination.
  if config.evaluate.baseline == 'none' or not place.is_local:
    return None
  return Resolver(
    strategy_class=LatestBlessedOther,
    model=channel.Channel(type=standard_artifacts.Model),
    model_blessing=channel.Channel(type=standard_artifacts.ModelBlessing),
    candidate=candidate,
  ).with_id('Baseline')
