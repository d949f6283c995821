"""A rare class: repeat factor sampling and object weights against nothing, at equal steps.

    python -m benchmarks.balance [--images 400] [--rarity 50] [--steps 400] [--seeds 3] [--output FILE]

Drawn images with `rarity` circles, and as many squares, for one triangle; the eval split has all classes alike. Every
way starts from the same seeds and takes as many steps.
"""

import argparse
import random
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from benchmarks import command, drawn_shapes, short_training
from benchmarks.short_training import Examples
from detection.sample_data import draw

RARE, EVAL_IMAGES = 'triangle', 150
WAYS = {
  'none': None,
  'repeat_threshold: 0.1': {'repeat_threshold': 0.1},
  'repeat_threshold: 1': {'repeat_threshold': 1.0},
  'object_weights: 0.5': {'repeat_threshold': 0.0, 'object_weights': 0.5},
}


def run(root: Path, options: argparse.Namespace) -> str:
  """Trains each way with each seed; returns the table."""
  held_out = drawn_shapes.write(root / 'held-out', EVAL_IMAGES, 3)
  rows: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
  for seed in range(options.seeds):
    pictures = list(imbalanced(options.images, options.rarity, seed))
    counts = Counter(shape.label for _, shapes in pictures for shape in shapes)
    source = drawn_shapes.write_pictures(root / f'source-{seed}', pictures)
    for way, balance in WAYS.items():
      begun = time.process_time()
      trained = short_training.train(
        root / f'{way}-{seed}'.replace(': ', '-'),
        Examples(source, held_out),
        options.steps,
        seed=seed,
        watch=f'AP/{RARE}',
        balance=balance,
      )
      last = trained.history[-1]
      rare = last[f'AP/{RARE}']
      frequent = (last['AP'] * len(draw.CLASSES) - rare) / (len(draw.CLASSES) - 1)
      rows[way].append({'rare': rare, 'frequent': frequent, 'seconds': time.process_time() - begun})
      print(f'{way}, seed {seed}, {dict(counts)}: {rows[way][-1]}', flush=True)
  return render(rows, options)


def imbalanced(images: int, rarity: int, seed: int) -> Iterator[tuple[Image.Image, list[draw.Shape]]]:
  """Drawn images: those with the rare class come until it has one object for `rarity` of another class."""
  rng = random.Random(f'imbalanced/{seed}')
  counts: Counter[str] = Counter()
  given = 0
  while given < images:
    image, shapes = draw.draw(drawn_shapes.SIZE, rng)
    found = Counter(shape.label for shape in shapes)
    others = (sum(counts.values()) - counts[RARE]) / (len(draw.CLASSES) - 1)
    if found[RARE] and (counts[RARE] + found[RARE]) * rarity > others:
      continue
    counts += found
    given += 1
    yield image, shapes


def render(rows: dict[str, list[dict[str, float]]], options: argparse.Namespace) -> str:
  """The table, as Markdown."""
  lines = [
    f'{short_training.BASE}, batch 8, {options.steps} steps on {options.images} images, {options.rarity} circles and '
    f'as many squares for one triangle. {EVAL_IMAGES} images to evaluate on. Mean over {options.seeds} seeds (least to '
    'most).',
    '',
    *command.table(
      ('train.balance', f'AP of {RARE}', 'mean AP of the others', 'CPU seconds'),
      (
        (
          way,
          *(command.spread([row[name] for row in found]) for name in ('rare', 'frequent')),
          f'{statistics.mean(row["seconds"] for row in found):.0f}',
        )
        for way, found in rows.items()
      ),
    ),
  ]
  return '\n'.join(lines) + '\n'


if __name__ == '__main__':
  command.main(__doc__, run, images=400, rarity=50, steps=400, seeds=3)
