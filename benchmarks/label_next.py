"""What to label next: the images that label-next chooses against as many taken at random.

    python -m benchmarks.label_next [--start 40] [--rounds 5] [--count 20] [--empty 0.5] [--seeds 3] [--output FILE]

Drawn images; a part `empty` of the unlabelled ones holds no object, as many that cameras give do not. Both ways begin
with the same labelled images and the same model; in each round they label `count` more, and train on from their last
model on all that is labelled. AP on the same held-out images after each round.
"""

import argparse
import contextlib
import random
import sys
from collections.abc import Sequence
from pathlib import Path

import PIL.Image

from benchmarks import command, drawn_shapes, short_training
from benchmarks.short_training import SCRATCH, Examples, Start
from detection.crops import load_backbone, seen_images
from detection.inference.detector import Detector
from detection.label_next import choice
from detection.sample_data import draw

EVAL_IMAGES, POOL = 150, 400
Picture = tuple[PIL.Image.Image, list[draw.Shape]]


def run(root: Path, options: argparse.Namespace) -> str:
  """Trains the first model of each seed, then both ways from it; returns the table."""
  held_out = drawn_shapes.write(root / 'held-out', EVAL_IMAGES, 3)
  found: dict[str, list[list[float]]] = {'chosen': [], 'random': []}
  for seed in range(options.seeds):
    pictures = pool(options.empty, seed)
    for way, curves in found.items():
      curves.append(curve(root / f'{way}-{seed}', pictures, way, held_out, options, seed))
      print(f'{way}, seed {seed}: {[round(value, 3) for value in curves[-1]]}', flush=True)
  labelled = [options.start + number * options.count for number in range(options.rounds + 1)]
  lines = [
    f'{short_training.BASE}, batch 8: {options.first_steps} steps on {options.start} images, then {options.steps} a '
    f'round. {options.empty:.0%} of {POOL} images hold nothing. AP on {EVAL_IMAGES} images, mean over {options.seeds} '
    'seeds (least to most).',
    '',
    *command.table(
      ('labelled images', *found),
      (
        (number, *(command.spread([values[index] for values in curves]) for curves in found.values()))
        for index, number in enumerate(labelled)
      ),
    ),
  ]
  return '\n'.join(lines) + '\n'


def pool(empty: float, seed: int) -> list[Picture]:
  """Drawn images, some of them without objects."""
  rng = random.Random(f'pool/{seed}')
  return [
    (draw.background(*drawn_shapes.SIZE, rng), []) if rng.random() < empty else draw.draw(drawn_shapes.SIZE, rng)
    for _ in range(POOL)
  ]


def curve(
  home: Path, pictures: Sequence[Picture], way: str, held_out: str, options: argparse.Namespace, seed: int
) -> list[float]:
  """AP with the first images, and after each round."""
  home.mkdir()
  paths = [home / f'{number}.jpg' for number in range(len(pictures))]
  for path, (image, _) in zip(paths, pictures, strict=True):
    image.save(path, quality=90)
  labelled, start, steps = list(range(options.start)), SCRATCH, options.first_steps
  rng, scores = random.Random(seed), []
  for number in range(options.rounds + 1):
    records = drawn_shapes.write_pictures(home / f'records-{number}', [pictures[index] for index in labelled])
    folder = home / f'training-{number}'
    trained = short_training.train(folder, Examples(records, held_out), steps, start, seed=seed)
    scores.append(trained.history[-1]['AP'])
    if number < options.rounds:
      model = short_training.export(trained, home / f'model-{number}')
      left = sorted(set(range(len(pictures))) - set(labelled))
      labelled += rng.sample(left, options.count) if way == 'random' else chosen(model, paths, labelled, left, options)
      start, steps = Start(mode='resume', checkpoint=f'{model}/checkpoint/ckpt-0'), options.steps
  return scores


def chosen(
  model: str, paths: Sequence[Path], labelled: Sequence[int], left: Sequence[int], options: argparse.Namespace
) -> list[int]:
  """What label-next chooses of the images that are left."""
  detector, backbone = Detector(model), load_backbone.load(model)
  with contextlib.redirect_stdout(sys.stderr):
    known = seen_images.see([str(paths[index]) for index in labelled], detector, backbone)
    seen = seen_images.see([str(paths[index]) for index in left], detector, backbone, mirror=True)
  return [left[one.index] for one in choice.choose(seen, options.count, known.features)]


if __name__ == '__main__':
  command.main(__doc__, run, start=40, rounds=5, count=20, empty=0.5, seeds=3, first_steps=400, steps=150)
