"""Domain adaptation: source-only, batch norm alone, and adversarial, on a target domain without labels.

    python -m benchmarks.adaptation [--domain night] [--steps 300] [--seeds 3] [--weight 0.1] [--output FILE]

Source: drawn images in daylight, labelled. Target: the same classes in another domain, images alone. All are trained
for equal steps from equal weights, and evaluated on the target's eval split, which nobody trains on. Seconds a step
are the training's own, after the first 50 steps, and every way is timed in turn with the others.
"""

import argparse
import statistics
import time
from pathlib import Path

from benchmarks import command, drawn_shapes, short_training
from benchmarks.short_training import Examples
from detection.odapi.model.engine import Engine
from detection.odapi.model.inputs import InputOptions
from detection.training.adaptation import Adaptation, method

SOURCE_IMAGES, TARGET_IMAGES, EVAL_IMAGES = 200, 200, 100
WARM, BLOCK, BLOCKS = 20, 20, 5


def run(root: Path, options: argparse.Namespace) -> str:
  """Draws, trains each way with each seed, times a step; returns the table."""
  domain, steps, weight = options.domain, options.steps, options.weight
  source = drawn_shapes.write(root / 'source', SOURCE_IMAGES, 1)
  target = drawn_shapes.write(root / 'target', TARGET_IMAGES, 2, domain)
  held_out = drawn_shapes.write(root / 'held-out', EVAL_IMAGES, 3, domain)
  ways = {
    'source only': None,
    'batch norm alone (weight 0)': Adaptation([target], 0.0, steps),
    f"the source's batch norm, weight {weight}": Adaptation([target], weight, steps, 'source'),
    f"the target's batch norm, weight {weight}": Adaptation([target], weight, steps),
  }
  rows, config = [], None
  for way, adaptation in ways.items():
    found = []
    for seed in range(options.seeds):
      trained = short_training.train(
        root / f'{way}-{seed}', Examples(source, held_out), steps, adaptation=adaptation, seed=seed
      )
      found.append(trained.history[-1])
      config = trained.engine.config
      print(f'{way}, seed {seed}: AP {found[-1]["AP"]:.3f}, AP50 {found[-1]["AP50"]:.3f}', flush=True)
    rows.append((way, *(command.spread([row[name] for row in found]) for name in ('AP', 'AP50'))))
  plain, adapting = seconds_a_step(Engine(config), Engine(config, method=method(config, adaptation)))
  lines = [
    f'{short_training.BASE}, batch 8, {steps} steps. Source: {SOURCE_IMAGES} labelled images. '
    f'Target: {domain}, {TARGET_IMAGES} images without labels, {EVAL_IMAGES} others to evaluate on. '
    f'Mean over {options.seeds} seeds (least to most).',
    '',
    *command.table(('way', 'AP', 'AP50'), rows),
    '',
    f'A step: {1000 * plain:.0f} ms source only, {1000 * adapting:.0f} ms adapting: {adapting / plain:.2f} times.',
  ]
  return '\n'.join(lines) + '\n'


def seconds_a_step(*engines: Engine) -> list[float]:
  """Median over blocks of steps, taken in turns, so that what else the machine does falls on all alike."""
  batches = [engine.batches(InputOptions()) for engine in engines]
  found: list[list[float]] = [[] for _ in engines]
  for block in range(BLOCKS + 1):
    for engine, endless, seconds in zip(engines, batches, found, strict=True):
      begun = time.perf_counter()
      for _ in range(BLOCK if block else WARM):
        engine.train_step(endless)
      if block:
        seconds.append((time.perf_counter() - begun) / BLOCK)
  return [statistics.median(seconds) for seconds in found]


if __name__ == '__main__':
  command.main(__doc__, run, domain='night', steps=300, seeds=3, weight=0.1)
