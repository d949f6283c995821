"""Domain adaptation: source-only, batch norm alone, and adversarial, on a target domain without labels.

    python -m benchmarks.adaptation [--domain night] [--steps 300] [--seeds 3] [--weight 0.1] [--output FILE]

Source: drawn images in daylight, labelled. Target: the same classes in another domain, images alone. All are trained
for equal steps from equal weights, and evaluated on the target's eval split, which nobody trains on. Seconds a step
are the training's own, after the first 50 steps, and every way is timed in turn with the others.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks import drawn
from components.odapi.adaptation import Adaptation, AdaptingEngine
from components.odapi.engine import Engine
from components.odapi.inputs import InputOptions

SOURCE_IMAGES, TARGET_IMAGES, EVAL_IMAGES = 200, 200, 100
WARM, BLOCK, BLOCKS = 20, 20, 5
Row = tuple[str, list[float], list[float]]  # way, AP and AP50 of each seed


def main() -> None:
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument('--domain', default='night')
  parser.add_argument('--steps', type=int, default=300)
  parser.add_argument('--seeds', type=int, default=3)
  parser.add_argument('--weight', type=float, default=0.1)
  parser.add_argument('--output', type=Path, help='also write the table here')
  arguments = parser.parse_args()
  with tempfile.TemporaryDirectory() as folder:
    table = run(Path(folder), arguments.domain, arguments.steps, arguments.seeds, arguments.weight)
  print(table)
  if arguments.output:
    arguments.output.write_text(table)


def run(root: Path, domain: str, steps: int, seeds: int, weight: float) -> str:
  """Draws, trains each way with each seed, times a step; returns the table."""
  source = drawn.write(root / 'source', SOURCE_IMAGES, 1)
  target = drawn.write(root / 'target', TARGET_IMAGES, 2, domain)
  held_out = drawn.write(root / 'held-out', EVAL_IMAGES, 3, domain)
  ways = {
    'source only': None,
    'batch norm alone (weight 0)': Adaptation([target], 0.0, steps),
    f"the source's batch norm, weight {weight}": Adaptation([target], weight, steps, 'source'),
    f"the target's batch norm, weight {weight}": Adaptation([target], weight, steps),
  }
  rows, config = [], None
  for way, adaptation in ways.items():
    found = []
    for seed in range(seeds):
      trained = drawn.train(root / f'{way}-{seed}', source, held_out, steps, seed, adaptation=adaptation)
      found.append(trained.state.history[-1])
      config = trained.engine.config
      print(f'{way}, seed {seed}: AP {found[-1]["AP"]:.3f}, AP50 {found[-1]["AP50"]:.3f}', flush=True)
    rows.append((way, [row['AP'] for row in found], [row['AP50'] for row in found]))
  plain, adapting = seconds_a_step(Engine(config), AdaptingEngine(config, ways[rows[-1][0]]))
  return render(rows, domain, steps, plain, adapting)


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


def render(
  rows: list[tuple[str, list[float], list[float]]], domain: str, steps: int, plain: float, other: float
) -> str:
  """The table, as Markdown, and what it says."""
  lines = [
    f'{drawn.BASE}, batch 8, {steps} steps. Source: {SOURCE_IMAGES} labelled images. Target: {domain}, {TARGET_IMAGES} '
    f'images without labels, {EVAL_IMAGES} others to evaluate on. Mean over {len(rows[0][1])} seeds (least to most).',
    '',
    '| way | AP | AP50 |',
    '|---|---|---|',
    *(f'| {way} | {drawn.spread(ap)} | {drawn.spread(ap50)} |' for way, ap, ap50 in rows),
    '',
    f'A step: {1000 * plain:.0f} ms source only, {1000 * other:.0f} ms adapting: {other / plain:.2f} times.',
  ]
  return '\n'.join(lines) + '\n'


if __name__ == '__main__':
  main()
