"""Drift: with how many images it is seen, and how often it is seen where there is none.

    python -m benchmarks.drift [--steps 600] [--trials 200] [--false-alarms 0.05] [--output FILE]

A detector of drawn images in daylight. Reference and new images are drawn at random from images that it was not trained
on, `trials` times for each domain and number of new images: of daylight once more, for false alarms, and of each other
domain. Each comparison is the command's.
"""

import argparse
import io
from pathlib import Path

import numpy as np
import PIL.Image

from benchmarks import command, drawn_shapes, short_training
from benchmarks.short_training import Examples
from detection import records
from detection.crops import load_backbone, seen_images
from detection.crops.features import Backbone
from detection.drift import comparison, sample
from detection.drift.sample import Sample
from detection.inference.detector import Detector
from detection.sample_data.domains import DOMAINS

TRAIN_IMAGES, POOL, REFERENCE = 300, 400, 150
NEW = (5, 10, 20, 40)
TESTS = ('any', 'features', 'objects', 'confidence')
MIN_SCORE = 0.3


def run(root: Path, options: argparse.Namespace) -> str:
  """Trains, looks at all images once, then compares samples of them; returns the table."""
  source = drawn_shapes.write(root / 'source', TRAIN_IMAGES, 1)
  held_out = drawn_shapes.write(root / 'held-out', 100, 3)
  trained = short_training.train(root / 'training', Examples(source, held_out), options.steps)
  model = short_training.export(trained, root / 'model')
  detector, backbone = Detector(model), load_backbone.load(model)
  pools = {
    domain: describe(root / domain, domain, POOL if domain == 'plain' else POOL // 2, detector, backbone)
    for domain in DOMAINS
  }
  rows = []
  for domain, pool in pools.items():
    for count in NEW:
      rates = detected(pools['plain'], pool if domain != 'plain' else None, count, options)
      rows.append((domain, count, *(f'{rate:.3f}' for rate in rates)))
      print(rows[-1], flush=True)
  lines = [
    f'{short_training.BASE}, {options.steps} steps, AP {trained.history[-1]["AP"]:.3f}. {REFERENCE} reference images; '
    f'false alarms: {options.false_alarms:.0%} at most. The part of {options.trials} comparisons that said drift.',
    '',
    *command.table(('new images', 'how many', *TESTS), rows),
  ]
  return '\n'.join(lines) + '\n'


def describe(folder: Path, domain: str, count: int, detector: Detector, backbone: Backbone) -> Sample:
  """Draws images of a domain, and looks at them."""
  folder.mkdir()
  paths = []
  for record in records.read([drawn_shapes.write(folder / 'records', count, 7, domain)]):
    paths.append(folder / f'{len(paths)}.jpg')
    PIL.Image.open(io.BytesIO(records.parse(record).encoded)).save(paths[-1], quality=95)
  return sample.of_seen(seen_images.see([str(path) for path in paths], detector, backbone), MIN_SCORE)


def detected(plain: Sample, other: Sample | None, count: int, options: argparse.Namespace) -> list[float]:
  """How often each of TESTS saw drift; without `other`, the new images are further plain ones."""
  rng = np.random.default_rng(count)
  seen = dict.fromkeys(TESTS, 0)
  for trial in range(options.trials):
    order = rng.permutation(len(plain))
    rows = order[REFERENCE : REFERENCE + count] if other is None else rng.permutation(len(other))[:count]
    new = (plain if other is None else other).of(rows)
    found = comparison.compare(plain.of(order[:REFERENCE]), new, options.false_alarms, seed=trial).drifted
    for name in [*found, *(['any'] if found else [])]:
      seen[name] += 1
  return [seen[name] / options.trials for name in TESTS]


if __name__ == '__main__':
  command.main(__doc__, run, steps=600, trials=200, false_alarms=0.05)
