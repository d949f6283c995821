"""Five examples a class: a class-agnostic detector with a classifier behind it, against fine-tuning with the same five.

    python -m benchmarks.few_shot [--examples 5] [--source-steps 600] [--steps 200] [--seeds 3] [--output FILE]

Source: drawn shapes that are all called "object"; the detector trained on them finds boxes and knows no classes. Then
a few images of one shape each, with class names. The one way fits a classifier to them; the other fine-tunes the
detector's checkpoint on them. All are evaluated on the same images, by the same evaluator.
"""

import argparse
import functools
import re
import statistics
import sys
import time
from contextlib import redirect_stdout
from pathlib import Path

from benchmarks import command, drawn_shapes, short_training
from benchmarks.short_training import Examples, Start
from cli import refit
from detection.sample_data import draw

SOURCE_IMAGES, EVAL_IMAGES = 300, 100
AGNOSTIC = {'object': 1}
METRICS = ('AP', 'AP50')


def run(root: Path, options: argparse.Namespace) -> str:
  """Trains the agnostic detector, then both ways for each draw of examples; returns the table."""
  held_out = drawn_shapes.write(root / 'held-out', EVAL_IMAGES, 3)
  agnostic_eval = drawn_shapes.write(root / 'agnostic-held-out', EVAL_IMAGES, 3, name=lambda _: 'object')
  source = drawn_shapes.write(root / 'source', SOURCE_IMAGES, 1, name=lambda _: 'object')
  detector = short_training.train(root / 'detector', Examples(source, agnostic_eval, AGNOSTIC), options.source_steps)
  model = short_training.export(detector, root / 'detector-model', AGNOSTIC)
  rows: dict[str, list[dict[str, float]]] = {}
  for seed in range(options.seeds):
    few = root / f'few-{seed}'
    choose(few, options.examples, seed)
    for way, build in WAYS.items():
      begun = time.monotonic()
      made = build(model, few, root / f'{way}-{seed}', options.steps)
      seconds = time.monotonic() - begun
      rows.setdefault(way, []).append({**short_training.score(made, held_out), 'seconds': seconds})
      print(f'{way}, seed {seed}: AP {rows[way][-1]["AP"]:.3f}, {seconds:.0f} s', flush=True)
  return render(rows, options, detector.history[-1])


def choose(folder: Path, examples: int, seed: int) -> None:
  """A VOC folder of so many images of each class, one object in each."""
  with redirect_stdout(sys.stderr):
    draw.write(str(folder), images=30 * examples, seed=1000 + seed)
  (folder / draw.MARK).unlink()
  missing = dict.fromkeys(draw.CLASSES, examples)
  for annotation in sorted((folder / 'Annotations').iterdir()):
    names = re.findall('<name>(.*?)</name>', annotation.read_text())
    if len(names) == 1 and missing[names[0]]:
      missing[names[0]] -= 1
    else:
      annotation.unlink()
      (folder / 'JPEGImages' / f'{annotation.stem}.jpg').unlink()


def two_stage(model: str, few: Path, target: Path, _: int) -> str:
  with redirect_stdout(sys.stderr):
    refit.refit(model, str(few), str(target))
  return str(target)


def fine_tuned(model: str, few: Path, target: Path, steps: int, mode: str = 'fine_tune') -> str:
  examples = drawn_shapes.ingest(few, target / 'examples')
  checkpoint = f'{model}/checkpoint/ckpt-0'
  trained = short_training.train(
    target / 'training', Examples(examples, examples), steps, Start(mode=mode, checkpoint=checkpoint)
  )
  return short_training.export(trained, target / 'model')


# To resume keeps the box head too: of what the checkpoint has, the class head alone starts fresh.
WAYS = {
  'two-stage': two_stage,
  'fine-tuned (mode fine_tune)': fine_tuned,
  'fine-tuned, box head kept (mode resume)': functools.partial(fine_tuned, mode='resume'),
}


def render(rows: dict[str, list[dict[str, float]]], options: argparse.Namespace, detector: dict[str, float]) -> str:
  """The table, as Markdown."""
  lines = [
    f'{short_training.BASE}. The detector without classes: {SOURCE_IMAGES} images, {options.source_steps} steps, '
    f'AP {detector["AP"]:.3f}. Then {options.examples} examples of each class; fine-tuning: {options.steps} steps of '
    f'batch 8. {EVAL_IMAGES} images to evaluate on. Mean over {options.seeds} draws of examples (least to most).',
    '',
    *command.table(
      ('way', *METRICS, 'seconds'),
      (
        (
          way,
          *(command.spread([row[name] for row in found]) for name in METRICS),
          f'{statistics.mean(row["seconds"] for row in found):.0f}',
        )
        for way, found in rows.items()
      ),
    ),
  ]
  return '\n'.join(lines) + '\n'


if __name__ == '__main__':
  command.main(__doc__, run, examples=5, source_steps=600, steps=200, seeds=3)
