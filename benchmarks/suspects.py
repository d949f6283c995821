"""Planted labelling mistakes: how many of the first suspects are real ones.

    python -m benchmarks.suspects [--images 400] [--fraction 0.05] [--seeds 3] [--steps 300] [--output FILE]

Drawn images; a fraction of the boxes gets the name of another class. A detector is trained on these very labels, wrong
ones included, and lends its backbone; what each classifier says, was fitted on other images.
"""

import argparse
import contextlib
import random
import re
import sys
from pathlib import Path

from benchmarks import command, drawn_shapes, short_training
from benchmarks.short_training import Examples
from cli import check_data
from detection.crops import classifier
from detection.crops.suspects import Suspect
from detection.sample_data import draw

_NAME = re.compile(r'<name>(.*?)</name>')
Planted = set[tuple[str, int]]


def run(root: Path, options: argparse.Namespace) -> str:
  """Draws, plants, trains and looks, once a seed; returns the table."""
  found: dict[str, list[tuple[float, float]]] = {kind: [] for kind in classifier.KINDS}
  for seed in range(options.seeds):
    home = root / str(seed)
    with contextlib.redirect_stdout(sys.stderr):
      draw.write(str(home / 'data'), images=options.images, seed=seed)
      planted, boxes = plant(home / 'data', options.fraction, seed)
      model = train(home, options.steps, seed)
      for kind, pairs in found.items():
        ranking = check_data.find_suspects(str(home / 'data'), model=model, output=str(home / kind), kind=kind).suspects
        pairs.append((precision(ranking[: -(-len(ranking) // 2)], planted), recall(ranking, planted)))
    print(f'seed {seed}: {len(planted)} of {boxes} labels swapped: {found}', flush=True)
  rows = ((kind, *(command.spread(values, 2) for values in zip(*pairs, strict=True))) for kind, pairs in found.items())
  columns = ('classifier', 'precision in the first half of the ranking', 'planted ones among all suspects')
  lines = [
    f'{options.images} drawn images, {options.fraction:.0%} of the labels swapped, {options.steps} training steps, '
    f'{options.seeds} seeds (least to most).',
    '',
    *command.table(columns, rows),
  ]
  return '\n'.join(lines) + '\n'


def plant(data: Path, fraction: float, seed: int) -> tuple[Planted, int]:
  """Gives a fraction of the boxes another class; returns {(image, number of the box)} and how many boxes there are."""
  rng = random.Random(seed)
  files = sorted((data / 'Annotations').iterdir())
  boxes = [(file, number) for file in files for number in range(len(_NAME.findall(file.read_text())))]
  chosen = sorted(rng.sample(boxes, round(fraction * len(boxes))))
  for file, number in chosen:
    text = file.read_text()
    match = list(_NAME.finditer(text))[number]
    other = rng.choice([name for name in draw.CLASSES if name != match[1]])
    file.write_text(f'{text[: match.start(1)]}{other}{text[match.end(1) :]}')
  return {(f'JPEGImages/{file.stem}.jpg', number) for file, number in chosen}, len(boxes)


def train(home: Path, steps: int, seed: int) -> str:
  """A detector of the data as it is labelled; returns its model folder."""
  examples = drawn_shapes.ingest(home / 'data', home / 'examples')
  trained = short_training.train(home / 'training', Examples(examples, examples), steps, seed=seed)
  return short_training.export(trained, home / 'model')


def precision(ranking: tuple[Suspect, ...], planted: Planted) -> float:
  return len(_places(ranking) & planted) / max(1, len(ranking))


def recall(ranking: tuple[Suspect, ...], planted: Planted) -> float:
  return len(_places(ranking) & planted) / max(1, len(planted))


def _places(ranking: tuple[Suspect, ...]) -> Planted:
  return {(suspect.image, suspect.number) for suspect in ranking}


if __name__ == '__main__':
  command.main(__doc__, run, images=400, fraction=0.05, seeds=3, steps=300)
