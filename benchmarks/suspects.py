"""Planted labelling mistakes: how many of the first suspects are real ones.

    python -m benchmarks.suspects [--images 400] [--fraction 0.05] [--kinds swapped,missing,superfluous,misplaced]
        [--folds 3] [--fold-steps 300] [--seeds 3] [--steps 300] [--output FILE]

Drawn images. For each kind, a fraction of the boxes is at fault: it gets the name of another class, is taken away, is
added on background, or is moved to an IoU of 0.3 to 0.6 with its object. A detector is trained on these very labels,
wrong ones included. For swapped classes it lends its backbone, and what each classifier says was fitted on other
images. Boxes are judged twice: by that detector itself, which has seen the images, and by detectors that were
fine-tuned from it on the other folds; --folds 0 leaves out the latter.
"""

import argparse
import contextlib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks import command, drawn_shapes, planted_faults, short_training
from benchmarks.planted_faults import Planted
from benchmarks.short_training import Examples
from cli.shared import label_search
from cli.shared.label_search import Judges
from detection.crops import classifier
from detection.crops.suspects import Suspect
from detection.label_faults import overlap
from detection.label_faults.fault import Fault
from detection.label_faults.report import LabelReport
from detection.sample_data import draw

# From this IoU on, an entry of a ranking is the planted one: a label's box is exact, a detector's is not.
_SAME_LABEL, _SAME_PLACE = 0.9, 0.5
# (precision in the first half, the same with planted faults of any kind, recall)
Figures = tuple[float, float, float]


def run(root: Path, options: argparse.Namespace) -> str:
  """Draws, plants, trains and looks, once a seed; returns the table."""
  rows: dict[tuple[str, str], list[Figures]] = {}
  for seed in range(options.seeds):
    with contextlib.redirect_stdout(sys.stderr):
      for row, figures in measure(root / str(seed), options, seed).items():
        rows.setdefault(row, []).append(figures)
    print(f'seed {seed}: {rows}', flush=True)
  table = (
    (*row, *(command.spread(values, 2) for values in zip(*figures, strict=True))) for row, figures in rows.items()
  )
  columns = (
    'fault',
    'judged by',
    'precision in the first half of the ranking',
    'planted faults of any kind there',
    'planted ones in the whole ranking',
  )
  lines = [
    f'{options.images} drawn images, for each kind {options.fraction:.0%} of the boxes, {options.steps} training steps '
    f'of the model and {options.fold_steps} of each fold, {options.seeds} seeds (least to most).',
    '',
    *command.table(columns, table),
  ]
  return '\n'.join(lines) + '\n'


def measure(home: Path, options: argparse.Namespace, seed: int) -> dict[tuple[str, str], Figures]:
  """{(kind of fault, what judged): figures} of one seed."""
  data = home / 'data'
  draw.write(str(data), images=options.images, seed=seed)
  planted = planted_faults.plant(data, options.fraction, seed, options.kinds.split(','))
  model = train(home, options.steps, seed)
  rows: dict[tuple[str, str], Figures] = {}
  for kind in classifier.KINDS:
    report = label_search.find_suspects(str(data), Judges(model, kind=kind), str(home / kind))
    if 'swapped' in planted and report.swapped:
      rows['swapped', f'classifier: {kind}'] = figures(report.swapped.suspects, 'swapped', planted)
  rows |= of_boxes(report, 'the model itself', planted)
  if options.folds:
    judges = Judges(model, options.folds, options.fold_steps)
    report = label_search.find_suspects(str(data), judges, str(home / 'folds'))
    rows |= of_boxes(report, f'{options.folds} folds', planted)
  return rows


def train(home: Path, steps: int, seed: int) -> str:
  """A detector of the data as it is labelled; returns its model folder."""
  examples = drawn_shapes.ingest(home / 'data', home / 'examples')
  trained = short_training.train(home / 'training', Examples(examples, examples), steps, seed=seed)
  return short_training.export(trained, home / 'model')


def of_boxes(
  report: LabelReport, judged_by: str, planted: Mapping[str, Sequence[Planted]]
) -> dict[tuple[str, str], Figures]:
  """The rows of the faults that a detector finds."""
  ranked = report.faults.ranked if report.faults else {}
  return {(kind, judged_by): figures(faults, kind, planted) for kind, faults in ranked.items() if kind in planted}


def figures(ranking: Sequence[Suspect | Fault], kind: str, planted: Mapping[str, Sequence[Planted]]) -> Figures:
  """Compares one ranking with what was planted."""
  half = ranking[: -(-len(ranking) // 2)]
  of_kind, of_any = planted[kind], [place for places in planted.values() for place in places]
  right = sum(any(is_same(entry, place) for place in of_kind) for entry in half)
  fault = sum(any(is_same(entry, place) for place in of_any) for entry in half)
  found = sum(any(is_same(entry, place) for entry in ranking) for place in of_kind)
  return right / max(1, len(half)), fault / max(1, len(half)), found / max(1, len(of_kind))


def is_same(entry: Suspect | Fault, place: Planted) -> bool:
  """Whether an entry of a ranking is the planted fault."""
  box, least = (entry.box, _SAME_LABEL) if entry.box else (getattr(entry, 'detected', None), _SAME_PLACE)
  return entry.image == place.image and overlap.between(np.array([box]), np.array([place.box]))[0, 0] >= least


if __name__ == '__main__':
  command.main(
    __doc__,
    run,
    images=400,
    fraction=0.05,
    kinds='swapped,missing,superfluous,misplaced',
    folds=3,
    fold_steps=300,
    seeds=3,
    steps=300,
  )
