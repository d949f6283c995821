"""What the benchmarks that train have in common: a short training, its export, its score."""

import contextlib
import dataclasses
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.drawn_shapes import LABELS
from components.evaluator.examples import parse as parse_example
from detection.inference.detector import Detector
from detection.metrics import coco, results
from detection.odapi import label_map
from detection.odapi.config import config_io
from detection.odapi.model.export import Limits
from detection.odapi.weights import read as weights
from detection.pipeline_config import builtin_bases, patch, recipe, split_boxes
from detection.training import training
from detection.training.adaptation import Adaptation
from detection.training.export_model import export_model
from detection.training.parts import Task
from detection.training.settings import TrainSettings

BASE = 'ssd_mobilenet_v2_fpnlite_cpu_160'


@dataclasses.dataclass(frozen=True)
class Examples:
  """What to train and evaluate on: glob patterns of TFRecord files, and {class name: id}; names may share an id."""

  train: str
  eval: str
  labels: Mapping[str, int] = dataclasses.field(default_factory=lambda: LABELS)


@dataclasses.dataclass(frozen=True)
class Start:
  """What training starts from: a built-in base with overrides; a transfer mode and its checkpoint."""

  base: str = BASE
  mode: str = 'scratch'
  checkpoint: str | None = None
  overrides: Mapping[str, Any] = dataclasses.field(default_factory=dict)


SCRATCH = Start()


def train(
  folder: Path,
  examples: Examples,
  steps: int,
  start: Start = SCRATCH,
  adaptation: Adaptation | None = None,
  **settings: Any,
) -> training.Trained:
  """Trains a base at batch 8, evaluated once, at the end; what training prints goes to stderr.

  Args:
    folder: for the label map and the work folder.
    examples: to train and to evaluate on.
    steps: of the optimizer.
    start: the base, and what training starts from.
    adaptation: to a target domain; None for none.
    settings: further TrainSettings, such as seed.
  """
  import tensorflow as tf

  tf.keras.backend.clear_session()
  folder.mkdir(parents=True, exist_ok=True)
  (folder / 'label_map.pbtxt').write_text(label_map.dump(examples.labels))
  request = patch.Request(
    num_classes=max(examples.labels.values()),
    label_map_path=str(folder / 'label_map.pbtxt'),
    train_path=examples.train,
    eval_path=examples.eval,
    num_steps=steps,
    batch_size=8,
    mode=start.mode,
    checkpoint=start.checkpoint,
    is_network=start.checkpoint is not None and weights.is_network(start.checkpoint),
    overrides=start.overrides,
  )
  config = recipe.complete_config(
    config_io.parse(builtin_bases.text(start.base)), request, split_boxes.read(examples.train)
  )
  chosen = TrainSettings(eval_every=0, export='last', checkpoint_every=10**6, **settings)
  with contextlib.redirect_stdout(sys.stderr):
    return training.train(Task(config, label_map.categories(examples.labels), chosen, adaptation), str(folder / 'work'))


def export(trained: training.Trained, folder: Path, labels: Mapping[str, int] = LABELS) -> str:
  """The trainer's model folder."""
  export_model(trained.engine, str(folder), config_io.dump(trained.engine.config), labels, Limits())
  return str(folder)


def score(model: str, records: str, labels: Mapping[str, int] = LABELS) -> dict[str, float]:
  """COCO's metrics of a model folder on a TFRecord file, by the project's evaluator."""
  import tensorflow as tf

  detector, parts = Detector(model), []
  for record in tf.data.TFRecordDataset(records).as_numpy_iterator():
    image, encoded = parse_example(record, labels, records)
    parts.append(results.of_image(image, detector.detect_encoded([encoded])[0].with_ids(labels)))
  return coco.accumulate(results.merge(parts), list(labels.values())).metrics()
