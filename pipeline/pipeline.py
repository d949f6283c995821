"""The pipeline: one DAG for every runner. A runner adds a RunContext and resources, never logic."""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

from ml_metadata.proto import metadata_store_pb2
from tensorflow_data_validation import StatsOptions
from tfx.components.example_validator.component import ExampleValidator
from tfx.components.schema_gen.component import SchemaGen
from tfx.components.statistics_gen.component import StatisticsGen
from tfx.dsl.components.base.base_node import BaseNode
from tfx.dsl.components.common.resolver import Resolver
from tfx.orchestration.pipeline import Pipeline
from tfx.types import standard_artifacts
from tfx.types.channel import BaseChannel, Channel

from components.config_patcher.component import ConfigPatcher
from components.crop_classifier.component import CropClassifier
from components.crop_classifier.settings import TwoStageSettings
from components.evaluator.component import MapEvaluator
from components.example_tiler.component import ExampleTiler
from components.label_map_gen.component import LabelMapGen
from components.model_exporter.component import ModelExporter
from components.pusher.component import DetectionPusher
from components.trainer.component import ODAPITrainer
from components.tuner.component import DetectionTuner
from components.tuner.settings import TuneSettings
from components.voc_example_gen.component import VocExampleGen
from detection.odapi import families
from detection.odapi.config import config_io
from detection.pipeline_config import hyperparameters as hyperparameters_file
from pipeline.baseline import LatestBlessedOther
from pipeline.config import RunConfig

# The one class of a detector that only finds; the classifier behind it names.
_ONE_CLASS = 'object'


@dataclasses.dataclass(frozen=True)
class RunContext:
  """Where a pipeline runs: what a runner decides, and the run config does not.

  Attributes:
    pipeline_root: folder or URI below which artifacts are kept.
    data_root: the data folder, by the path or URI at which the steps see it.
    destination: the folder or URI that models are pushed to.
    metadata: connection to the MLMD store that the runner keeps; None where the orchestrator has its own.
    enable_cache: whether unchanged steps are served from earlier runs.
    target_root: the folder of target images as the steps see it; '' unless the run adapts to another domain.
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


class TrainingData(NamedTuple):
  """What a detector is trained on. target_examples: images of another domain, where the training adapts to one."""

  examples: BaseChannel
  label_map: BaseChannel
  target_examples: BaseChannel | None = None


def create_pipeline(config: RunConfig, context: RunContext) -> Pipeline:
  """All steps from VocExampleGen to DetectionPusher, for any runner.

      VocExampleGen ─ examples ─┬─ StatisticsGen ─ SchemaGen ─ ExampleValidator
                                ├─ LabelMapGen ─ label_map ─┬─ ConfigPatcher ─ pipeline_config ─ ODAPITrainer
                                └───────────────────────────┴────────────── examples ────────────┘ │
         baseline (last blessed model) ────────────── MapEvaluator ─ evaluation, blessing ── model, model_run
                                                          └──────── DetectionPusher ─ pushed_model

  Raises:
    ConfigError: if a component refuses its settings.
  """
  example_gen = _example_gen(config, context)
  examples = example_gen.outputs['examples']
  label_map_gen = LabelMapGen(examples=examples, pinned=config.data.label_map, single_class=config.data.single_class)
  label_map = label_map_gen.outputs['label_map']
  tiler = [ExampleTiler(examples, config.data.tiles.dict())] if config.data.tiles else []
  seen = tiler[0].outputs['tiled'] if tiler else examples
  nodes: list[BaseNode] = [example_gen, *_statistics(config, examples), label_map_gen, *tiler]

  detector = model_run = None
  if config.trains_detector:
    nodes += _training(config, context, TrainingData(seen, label_map))
    detector, model_run = nodes[-1].outputs['model'], nodes[-1].outputs['model_run']
  if config.two_stage:
    nodes.append(_crop_classifier(config, config.two_stage, context, examples, label_map, detector))
  # Made by the last step so far: the trainer, or the classifier behind the detector.
  model = nodes[-1].outputs['model']

  exports = baseline = None
  if config.export.converts:
    nodes.append(_model_exporter(config, seen, model))
    exports = nodes[-1].outputs['exports']
  # The open-source KFP 2 driver has no resolvers; there the evaluator looks at the push destination.
  if config.evaluate.baseline != 'none' and context.is_local:
    nodes.append(_baseline(model))
    baseline = nodes[-1].outputs['model']
  measured = {'model': model, 'examples': examples, 'label_map': label_map, 'model_run': model_run}
  nodes.append(evaluator := _evaluator(config, context, {**measured, 'baseline': baseline, 'exports': exports}))
  nodes.append(_pusher(config, context, model, evaluator, exports))
  return Pipeline(
    pipeline_name=config.name,
    pipeline_root=context.pipeline_root,
    components=nodes,
    enable_cache=context.enable_cache,
    metadata_connection_config=context.metadata,
    beam_pipeline_args=config.beam.pipeline_args,
  )


def _example_gen(config: RunConfig, context: RunContext) -> VocExampleGen:
  return VocExampleGen(
    data_root=context.data_root,
    data_format=config.data.format,
    split=config.data.split.dict(),
    keep_negatives=config.data.keep_negatives,
    **config.data.dict(include={'max_bad_fraction', 'fingerprint'}),
  )


def _statistics(config: RunConfig, examples: BaseChannel) -> list[BaseNode]:
  if not config.data.statistics:
    return []
  # Else every distinct value, and so the bytes of every image, goes through Beam to be counted.
  statistics_gen = StatisticsGen(examples, stats_options=StatsOptions(use_sketch_based_topk_uniques=True))
  schema_gen = SchemaGen(statistics := statistics_gen.outputs['statistics'], infer_feature_shape=False)
  return [statistics_gen, schema_gen, ExampleValidator(statistics, schema_gen.outputs['schema'])]


def _training(config: RunConfig, context: RunContext, data: TrainingData) -> list[BaseNode]:
  """The steps from label map to trained detector; the trainer is the last of them."""
  nodes: list[BaseNode] = []
  if config.two_stage:
    one_class = LabelMapGen(data.examples, single_class=_ONE_CLASS, for_classifier=True)
    nodes.append(one_class.with_id('DetectorLabelMapGen'))
    data = data._replace(label_map=nodes[-1].outputs['label_map'])
  if config.adapt:
    nodes.append(_target_example_gen(config, context))
    data = data._replace(target_examples=nodes[-1].outputs['examples'])
  hyperparameters = None
  if config.search:
    nodes.append(tuner(config, config.search, context, data))
    hyperparameters = nodes[-1].outputs['hyperparameters']
  nodes.append(_config_patcher(config, context, data, hyperparameters))
  _check_family(config, nodes[-1])
  nodes.append(_trainer(config, context, data, nodes[-1].outputs['pipeline_config']))
  return nodes


def _target_example_gen(config: RunConfig, context: RunContext) -> BaseNode:
  """Ingests the target domain's images, so that a change in them is noticed like a change in any input."""
  checks = config.data.dict(include={'max_bad_fraction', 'fingerprint'})
  example_gen = VocExampleGen(data_root=context.target_root, data_format='images', **checks)
  return example_gen.with_id('TargetExampleGen')


def tuner(config: RunConfig, search: TuneSettings, context: RunContext, data: TrainingData) -> DetectionTuner:
  """The step that runs `search`, which is config.search; its trials adapt to a target domain as the training does.

  Raises:
    ConfigError: if the search makes no sense.
  """
  return DetectionTuner(
    **data._asdict(),
    tune=search.dict(by_alias=True),
    **_base_settings(config, context),
    **_training_settings(config, context),
  )


def _config_patcher(
  config: RunConfig, context: RunContext, data: TrainingData, hyperparameters: BaseChannel | None
) -> ConfigPatcher:
  return ConfigPatcher(
    examples=data.examples,
    label_map=data.label_map,
    hyperparameters=hyperparameters,
    num_steps=config.train.num_steps,
    **_base_settings(config, context),
  )


def _base_settings(config: RunConfig, context: RunContext) -> dict[str, Any]:
  """What tuner and patcher make of the base config. Values imported from an earlier search win over overrides."""
  imported = hyperparameters_file.read(config.tune.import_) if config.tune and config.tune.import_ else {}
  return {
    'base': config.model.base,
    'batch_size': config.train.batch_size,
    'mode': config.model.mode,
    'checkpoint': config.model.checkpoint,
    'overrides': {**config.overrides, **imported},
    'check_checkpoint': context.is_local,
  }


def _training_settings(config: RunConfig, context: RunContext) -> dict[str, Any]:
  """How tuner and trainer train, and where they keep unfinished trainings."""
  return {
    'settings': config.train.settings(),
    'adapt': config.adapt.settings() if config.adapt else None,
    'work_root': f'{context.pipeline_root}/training',
  }


def _check_family(config: RunConfig, config_patcher: BaseNode) -> None:
  """Refuses a model family that cannot do what the config asks: now, not after hours of ingestion and training.

  The image size, which can be overridden, is checked by the exporter.
  """
  properties = config_patcher.exec_properties
  base = config_io.parse(properties['base_config'], properties['base_name'])
  if config.adapt:
    families.check_adapts(base)
  if config.export.tflite:
    families.check_tflite_family(base)


def _trainer(config: RunConfig, context: RunContext, data: TrainingData, pipeline_config: BaseChannel) -> ODAPITrainer:
  # With a classifier behind the detector, the limits hold for what the classifier gives out.
  limits = {} if config.two_stage else _output_limits(config)
  settings = _training_settings(config, context)
  return ODAPITrainer(**data._asdict(), pipeline_config=pipeline_config, **settings, **limits)


def _output_limits(config: RunConfig) -> dict[str, Any]:
  """The least score and the number of detections that the served model gives out."""
  return {'score_threshold': config.export.score_threshold, 'max_detections': config.export.max_detections}


def _crop_classifier(
  config: RunConfig,
  settings: TwoStageSettings,
  context: RunContext,
  examples: BaseChannel,
  label_map: BaseChannel,
  detector: BaseChannel | None,
) -> CropClassifier:
  """The classifier that names what `detector` finds; None stands for the detector that `settings` names."""
  return CropClassifier(
    examples=examples,
    label_map=label_map,
    detector=detector,
    settings=settings.dict(),
    check_paths=context.is_local,
    **_output_limits(config),
  )


def _model_exporter(config: RunConfig, examples: BaseChannel, model: BaseChannel) -> ModelExporter:
  made = config.export.dict(include={'tflite', 'onnx', 'drift_reference'})
  return ModelExporter(model=model, examples=examples, **made, **_output_limits(config))


def _baseline(candidate: BaseChannel) -> BaseNode:
  return Resolver(
    strategy_class=LatestBlessedOther,
    model=Channel(type=standard_artifacts.Model),
    model_blessing=Channel(type=standard_artifacts.ModelBlessing),
    candidate=candidate,
  ).with_id('Baseline')


def _evaluator(config: RunConfig, context: RunContext, inputs: dict[str, Any]) -> MapEvaluator:
  return MapEvaluator(
    **inputs,
    thresholds=config.evaluate.thresholds,
    min_improvement=config.evaluate.min_improvement,
    max_class_drop=config.evaluate.max_class_drop,
    iou=config.evaluate.iou,
    slice_pattern=config.evaluate.slice_pattern,
    tiles=config.data.tiles.grid if config.data.tiles else None,
    baseline_destination='' if context.is_local or config.evaluate.baseline == 'none' else context.destination,
  )


def _pusher(
  config: RunConfig, context: RunContext, model: BaseChannel, evaluator: MapEvaluator, exports: BaseChannel | None
) -> DetectionPusher:
  return DetectionPusher(
    model=model,
    model_blessing=evaluator.outputs['blessing'],
    evaluation=evaluator.outputs['evaluation'],
    destination=context.destination,
    keep_versions=config.push.keep_versions,
    exports=exports,
  )
