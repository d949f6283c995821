"""mAP after equal steps for each transfer mode, on a small data set, from a source detector trained here.

    python -m benchmarks.transfer [--steps 200] [--source-steps 600] [--output FILE]

Source: drawn shapes in colour, many images. Target: the same classes in grey on other backgrounds, few images. The
classification checkpoint is of a classifier with the same backbone, trained on single shapes cut out of the source.
"""

import argparse
import contextlib
import json
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import drawn
from benchmarks.drawn import BASE, LABELS, SIZE
from components.config_patcher import catalogue, patch, transfer
from components.odapi import config_io, engine, label_map
from components.trainer import training
from components.trainer.settings import TrainSettings
from components.voc_example_gen import tf_example
from pipeline import sample_data

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


def main() -> None:
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument('--steps', type=int, default=200, help='of each mode, on the target')
  parser.add_argument('--source-steps', type=int, default=600)
  parser.add_argument('--output', type=Path, help='also write the table here')
  arguments = parser.parse_args()
  with tempfile.TemporaryDirectory() as folder:
    table = run(Path(folder), arguments.steps, arguments.source_steps)
  print(table)
  if arguments.output:
    arguments.output.write_text(table)


def run(root: Path, steps: int, source_steps: int) -> str:
  """Draws, trains the source detector and the classifier, then each mode; returns the table."""
  for domain in (SOURCE, TARGET):
    draw(root, domain)
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
  """Patches the base for the domain and mode, and trains it; evaluated once, at the end."""
  tf.keras.backend.clear_session()
  request = patch.Request(
    num_classes=len(LABELS),
    label_map_path=str(root / 'label_map.pbtxt'),
    train_path=str(root / domain.name / 'Split-train' / '*'),
    eval_path=str(root / domain.name / 'Split-eval' / '*'),
    num_steps=steps,
    batch_size=8,
    mode=mode,
    checkpoint=checkpoint,
  )
  config = patch.patch(config_io.parse(catalogue.text(BASE)), request)
  settings = TrainSettings(eval_every=0, export='last', checkpoint_every=10**6, min_restored=0)
  with contextlib.redirect_stdout(sys.stderr):
    return training.train(config, LABELS, settings, str(root / f'{domain.name}-{mode}'))


def train_classifier(root: Path, steps: int) -> str:
  """Trains the detector's own backbone to name single shapes; returns the prefix of its checkpoint."""
  tf.keras.backend.clear_session()
  config = patch.patch(
    config_io.parse(catalogue.text(BASE)), patch.Request(len(LABELS), 'unread', 'unread', 'unread', steps, 8)
  )
  backbone = engine.build_model(config)._feature_extractor.classification_backbone
  features = tf.keras.layers.GlobalAveragePooling2D()(tf.nest.flatten(backbone.outputs)[-1])
  classifier = tf.keras.Model(backbone.inputs, tf.keras.layers.Dense(len(LABELS))(features))
  loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
  classifier.compile('adam', loss, metrics=['accuracy'])
  crops, names = (np.stack(column) for column in zip(*_crops(SOURCE), strict=True))
  classifier.fit(crops / 127.5 - 1, names, batch_size=32, epochs=max(1, steps * 32 // len(crops)), verbose=2)
  return tf.train.Checkpoint(feature_extractor=backbone).save(str(root / 'classifier' / 'ckpt'))


def draw(root: Path, domain: Domain) -> None:
  """Writes the splits as TFRecord files, and the label map."""
  (root / 'label_map.pbtxt').write_text(label_map.dump(LABELS))
  pictures = _pictures(domain)
  for split, count in (('train', domain.train), ('eval', domain.eval)):
    folder = root / domain.name / f'Split-{split}'
    folder.mkdir(parents=True)
    with (folder / 'data_tfrecord-00000-of-00001').open('wb') as file:
      for _ in range(count):
        tf_example.write_record(file, drawn.example(*next(pictures)))


def render(rows: list[tuple], steps: int, source: dict[str, Any], source_steps: int) -> str:
  """The table, as Markdown."""
  lines = [
    f'{BASE}, batch 8. Source: {SOURCE.train} images, {source_steps} steps, AP {source["AP"]:.3f}, AP50 '
    f'{source["AP50"]:.3f}. Target: {TARGET.train} images, {steps} steps in every mode, {TARGET.eval} to evaluate on.',
    '',
    '| mode | AP | AP50 | variables restored | variables trained | seconds |',
    '|---|---|---|---|---|---|',
  ]
  for mode, metrics, restored, trainable, seconds in rows:
    lines.append(f'| {mode} | {metrics["AP"]:.3f} | {metrics["AP50"]:.3f} | {restored} | {trainable} | {seconds:.0f} |')
  return '\n'.join(lines) + '\n'


def _last(trained: training.Trained) -> dict[str, Any]:
  return trained.state.history[-1]


def _restored(root: Path, mode: str) -> int:
  report = root / f'{TARGET.name}-{mode}' / training.RESTORE_REPORT
  return len(json.loads(report.read_text())['restored']) if report.exists() else 0


def _pictures(domain: Domain) -> Iterator[tuple[Any, list[sample_data.Shape]]]:
  """Endless drawn images with their shapes."""
  rng = random.Random(domain.seed)
  while True:
    image = sample_data._background(*SIZE, rng)
    shapes = sample_data._draw_shapes(image, rng)
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
  main()
