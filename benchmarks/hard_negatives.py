"""False positives as negatives: the images of nothing that deceive a model, as many at random, and none.

    python -m benchmarks.hard_negatives [--first-steps 400] [--steps 200] [--count 40] [--seeds 3] [--output FILE]

Drawn images of shapes to train on. One in three images of nothing holds a cross or a ring. The first model of a seed
looks at 200 of them; then it is trained on, `steps` more, with none of them, with `count` at random, or with as many
that label-next --empty chooses. Measured on other images: AP on half shapes and half nothing, and detections of a score
of 0.3 or more in an image of nothing.
"""

import argparse
import contextlib
import random
import statistics
import sys
from pathlib import Path

import PIL.Image
import PIL.ImageDraw

from benchmarks import command, drawn_shapes, short_training
from benchmarks.short_training import SCRATCH, Examples, Start
from detection import records
from detection.crops import load_backbone, seen_images
from detection.inference.detector import Detector
from detection.label_next import hard_negatives
from detection.sample_data import draw

TRAIN_IMAGES, POOL, EVAL_IMAGES = 200, 200, 100
MIN_SCORE = 0.3
WAYS = ('none', 'random', 'hard')
Picture = tuple[PIL.Image.Image, list[draw.Shape]]


def run(root: Path, options: argparse.Namespace) -> str:
  """Trains the first model of each seed, then each way from it; returns the table."""
  eval_rng = random.Random('eval')
  shapes = [draw.draw(drawn_shapes.SIZE, eval_rng) for _ in range(EVAL_IMAGES)]
  empty = [nothing(eval_rng) for _ in range(EVAL_IMAGES)]
  held_out = drawn_shapes.write_pictures(root / 'held-out', shapes + empty)
  empty_file = drawn_shapes.write_pictures(root / 'empty', empty)
  rows: dict[str, list[tuple[float, float, int]]] = {way: [] for way in WAYS}
  for seed in range(options.seeds):
    rng = random.Random(f'train/{seed}')
    source = [draw.draw(drawn_shapes.SIZE, rng) for _ in range(TRAIN_IMAGES)]
    pool = [nothing(rng) for _ in range(POOL)]
    path = drawn_shapes.write_pictures(root / f'source-{seed}', source)
    first = short_training.train(
      root / f'first-{seed}', Examples(path, held_out), options.first_steps, SCRATCH, seed=seed
    )
    model = short_training.export(first, root / f'first-model-{seed}')
    hard = chosen(model, root / f'pool-{seed}', pool, options.count)
    for way, numbers in zip(WAYS, ([], rng.sample(range(POOL), options.count), hard), strict=True):
      records_path = drawn_shapes.write_pictures(root / f'{way}-{seed}', [*source, *(pool[n] for n in numbers)])
      start = Start(mode='resume', checkpoint=f'{model}/checkpoint/ckpt-0')
      folder = root / f'{way}-{seed}-training'
      trained = short_training.train(folder, Examples(records_path, held_out), options.steps, start, seed=seed)
      after = short_training.export(trained, root / f'{way}-{seed}-model')
      rows[way].append((trained.history[-1]['AP'], false_positives(after, empty_file), len(numbers)))
      print(f'{way}, seed {seed}: {rows[way][-1]}', flush=True)
  return render(rows, options)


def nothing(rng: random.Random) -> Picture:
  """An image without a shape; in one of three, a cross or a ring."""
  image = draw.background(*drawn_shapes.SIZE, rng)
  if rng.random() < 1 / 3:
    side, colour = rng.randint(40, 100), tuple(rng.randint(0, 255) for _ in range(3))
    left, top = (rng.randint(0, length - side) for length in drawn_shapes.SIZE)
    pen, line = PIL.ImageDraw.Draw(image), side // 5
    if rng.random() < 0.5:
      pen.ellipse((left, top, left + side, top + side), outline=colour, width=line)
    else:
      pen.line((left, top + side // 2, left + side, top + side // 2), fill=colour, width=line)
      pen.line((left + side // 2, top, left + side // 2, top + side), fill=colour, width=line)
  return image, []


def chosen(model: str, folder: Path, pool: list[Picture], count: int) -> list[int]:
  """Numbers of the images that label-next --empty chooses."""
  folder.mkdir()
  paths = [folder / f'{number}.jpg' for number in range(len(pool))]
  for path, (image, _) in zip(paths, pool, strict=True):
    image.save(path, quality=90)
  with contextlib.redirect_stdout(sys.stderr):
    seen = seen_images.see([str(path) for path in paths], Detector(model), load_backbone.load(model))
  return [one.index for one in hard_negatives.choose(seen, count, MIN_SCORE)]


def false_positives(model: str, path: str) -> float:
  """Detections that count, an image."""
  detector = Detector(model)
  encoded = [records.parse(record).encoded for record in records.read([path])]
  return statistics.mean(len(found) for found in detector.detect(encoded, MIN_SCORE))


def render(rows: dict[str, list[tuple[float, float, int]]], options: argparse.Namespace) -> str:
  """The table, as Markdown."""
  lines = [
    f'{short_training.BASE}, batch 8: {options.first_steps} steps on {TRAIN_IMAGES} images of shapes, then '
    f'{options.steps} with the negatives. Mean over {options.seeds} seeds (least to most).',
    '',
    *command.table(
      ('negatives', 'AP', 'false positives in an image of nothing', 'negatives used'),
      (
        (
          way,
          *(command.spread([row[index] for row in found]) for index in (0, 1)),
          '/'.join(str(row[2]) for row in found),
        )
        for way, found in rows.items()
      ),
    ),
  ]
  return '\n'.join(lines) + '\n'


if __name__ == '__main__':
  command.main(__doc__, run, first_steps=400, steps=200, count=40, seeds=3)
