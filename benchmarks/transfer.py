"""mAP after equal steps for each transfer mode, on a small data set, from a source detector trained here.

    python -m benchmarks.transfer [--steps 200] [--source-steps 600] [--output FILE]

Source: drawn shapes in colour, many images. Target: the same classes in grey on other backgrounds, few images. The
classification checkpoint is of a classifier with the same backbone, trained on single shapes cut out of the source.
"""

import argparse
import itertools
import json
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import command, drawn_shapes, short_training
from benchmarks.drawn_shapes import LABELS, SIZE
from benchmarks.short_training import BASE, Examples, Start
from detection.odapi.config import config_io
from detection.odapi.model import building
from detection.pipeline_config import builtin_bases, patch, transfer
from detection.sample_data import draw as sample_data
from detection.training import training
from detection.training.work_folder import RESTORE_REPORT

import numpy as np  # isort: skip
import tensorflow as tf  # isort: skip

CROP = 64


class Domain(NamedTuple):
  """A data set to draw: images a split, in colour or in grey, from a seed."""

  name: str
  train: int
  eval: int
  grey: bool
  seed: int


SOURCE = Domain('source', train=300, eval=50, grey=False, seed=1)
TARGET = Domain('target', train=24, eval=100, grey=True, seed=2)


def run(root: Path, options: argparse.Namespace) -> str:
  """Draws, trains the source detector and the classifier, then each mode; returns the table."""
  for domain in (SOURCE, TARGET):
    draw(root, domain)
  steps, source_steps = options.steps, options.source_steps
  source = train(root, SOURCE, source_steps, 'scratch', None)
  detector = tf.train.Checkpoint(model=source.engine.model).write(str(root / 'detector' / 'ckpt-0'))
  classifier = train_classifier(root, source_steps // 2)
  checkpoints = {'scratch': None, 'classification': classifier}
  rows = []
  for mode in transfer.MODES:
    start = time.monotonic()
    trained = train(root, TARGET, steps, mode, checkpoints.get(mode, detector))
    rows.append((mode, _last(trained), _restored(root, mode), len(trained.engine.trainable), time.monotonic() - start))
  return render(rows, steps, _last(source), source_steps)


def train(root: Path, domain: Domain, steps: int, mode: str, checkpoint: str | None) -> training.Trained:
  """Trains the base on the domain; evaluated once, at the end."""
  train_path, eval_path = (str(root / domain.name / f'Split-{split}' / '*') for split in ('train', 'eval'))
  folder = root / f'{domain.name}-{mode}'
  start = Start(mode=mode, checkpoint=checkpoint)
  return short_training.train(folder, Examples(train_path, eval_path), steps, start, min_restored=0)


def train_classifier(root: Path, steps: int) -> str:
  """Trains the detector's own backbone to name single shapes; returns the prefix of its checkpoint."""
  tf.keras.backend.clear_session()
  config = patch.patch(
    config_io.parse(builtin_bases.text(BASE)), patch.Request(len(LABELS), 'unread', 'unread', 'unread', steps, 8)
  )
  backbone = building.build_model(config)._feature_extractor.classification_backbone
  features = tf.keras.layers.GlobalAveragePooling2D()(tf.nest.flatten(backbone.outputs)[-1])
  classifier = tf.keras.Model(backbone.inputs, tf.keras.layers.Dense(len(LABELS))(features))
  loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
  classifier.compile('adam', loss, metrics=['accuracy'])
  crops, names = (np.stack(column) for column in zip(*_crops(SOURCE), strict=True))
  classifier.fit(crops / 127.5 - 1, names, batch_size=32, epochs=max(1, steps * 32 // len(crops)), verbose=2)
  return tf.train.Checkpoint(feature_extractor=backbone).save(str(root / 'classifier' / 'ckpt'))


def draw(root: Path, domain: Domain) -> None:
  """Writes the splits as TFRecord files."""
  pictures = _pictures(domain)
  for split, count in (('train', domain.train), ('eval', domain.eval)):
    drawn_shapes.write_pictures(root / domain.name / f'Split-{split}' / 'data', itertools.islice(pictures, count))


def render(rows: list[tuple], steps: int, source: dict[str, Any], source_steps: int) -> str:
  """The table, as Markdown."""
  lines = [
    f'{BASE}, batch 8. Source: {SOURCE.train} images, {source_steps} steps, AP {source["AP"]:.3f}, AP50 '
    f'{source["AP50"]:.3f}. Target: {TARGET.train} images, {steps} steps in every mode, {TARGET.eval} to evaluate on.',
    '',
    *command.table(
      ('mode', 'AP', 'AP50', 'variables restored', 'variables trained', 'seconds'),
      (
        (mode, f'{metrics["AP"]:.3f}', f'{metrics["AP50"]:.3f}', restored, trainable, f'{seconds:.0f}')
        for mode, metrics, restored, trainable, seconds in rows
      ),
    ),
  ]
  return '\n'.join(lines) + '\n'


def _last(trained: training.Trained) -> dict[str, Any]:
  return trained.history[-1]


def _restored(root: Path, mode: str) -> int:
  report = root / f'{TARGET.name}-{mode}' / 'work' / RESTORE_REPORT
  return len(json.loads(report.read_text())['restored']) if report.exists() else 0


def _pictures(domain: Domain) -> Iterator[tuple[Any, list[sample_data.Shape]]]:
  """Endless drawn images with their shapes."""
  rng = random.Random(domain.seed)
  while True:
    image = sample_data.background(*SIZE, rng)
    shapes = sample_data.draw_shapes(image, rng)
    yield (image.convert('L').convert('RGB') if domain.grey else image), shapes


def _crops(domain: Domain) -> Iterator[tuple[np.ndarray, int]]:
  """Each shape of the domain's train split by itself, with its class from 0."""
  pictures = _pictures(domain)
  for _ in range(domain.train):
    image, shapes = next(pictures)
    for shape in shapes:
      crop = image.crop(shape[1:]).resize((CROP, CROP))
      yield np.asarray(crop, dtype=np.float32), LABELS[shape.label] - 1


if __name__ == '__main__':
  command.main(__doc__, run, steps=200, source_steps=600)
