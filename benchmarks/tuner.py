"""Tuned against default at equal total steps: what a search costs is taken from the training that follows it.

    python -m benchmarks.tuner [--budget 900] [--trials 4] [--trial-steps 100] [--seeds 3] [--output FILE]

A published config, shrunk to 160 pixels and a depth multiplier of 0.35, on a small drawn data set. One search by
DetectionTuner's own code; then, for each seed, the default is trained for the whole budget, and the values found for
what the search has left of it: the steps of every trial count, pruned and failed ones too. Scored on images that
neither search nor training has seen.
"""

import argparse
import contextlib
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tfx.types import artifact_utils, channel, standard_artifacts

from benchmarks import drawn
from components import artifacts
from components.config_patcher import hyperparameters, patch, recipe
from components.odapi import label_map
from components.trainer import training
from components.trainer.settings import TrainSettings
from components.tuner import executor, search, trial
from components.tuner.component import DetectionTuner

BASE = 'ssd_mobilenet_v2_fpnlite_320'
SMALL = {
  'model.ssd.image_resizer': 'fixed_shape_resizer { height: 160 width: 160 }',
  'model.ssd.feature_extractor.depth_multiplier': 0.35,
}
BATCH_SIZE = 8
TRAIN_IMAGES, EVAL_IMAGES, HELD_OUT_IMAGES = 150, 50, 100
SPACE = {
  'optimizer': {
    'values': [
      {'name': 'momentum', 'learning_rate': 0.04},
      {'name': 'adam', 'learning_rate': 0.001},
      {'name': 'adam', 'learning_rate': 0.003},
    ]
  },
  'model.ssd.anchor_generator.multiscale_anchor_generator.anchor_scale': {'values': [4.0, 2.0]},
}


def main() -> None:
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument('--budget', type=int, default=900, help='steps of either side, search included')
  parser.add_argument('--trials', type=int, default=4)
  parser.add_argument('--trial-steps', type=int, default=100)
  parser.add_argument('--seeds', type=int, default=3)
  parser.add_argument('--output', type=Path, help='also write the table here')
  arguments = parser.parse_args()
  with tempfile.TemporaryDirectory() as folder:
    table = run(Path(folder), arguments)
  print(table)
  if arguments.output:
    arguments.output.write_text(table)


def run(root: Path, arguments: argparse.Namespace) -> str:
  """Draws, searches, trains both ways with each seed; returns the table."""
  for seed, (split, count) in enumerate(
    (('train', TRAIN_IMAGES), ('eval', EVAL_IMAGES), ('held-out', HELD_OUT_IMAGES)), start=1
  ):
    drawn.write(root / 'examples' / f'Split-{split}' / 'data', count, seed)
  (root / 'labels').mkdir()
  (root / 'labels' / artifacts.LabelMap.FILE_NAME).write_text(label_map.dump(drawn.LABELS))
  begun = time.monotonic()
  with contextlib.redirect_stdout(sys.stderr):
    values, trials = tune(root, arguments)
  seconds = time.monotonic() - begun
  spent = sum(one.evaluations[-1][0] if one.evaluations else arguments.trial_steps for one in trials)
  ways = {'default': ({}, arguments.budget), 'tuned': (values, max(arguments.budget - spent, 1))}
  scores: dict[str, list[dict[str, float]]] = {way: [] for way in ways}
  for seed in range(arguments.seeds):
    for way, (overrides, steps) in ways.items():
      found = train(root, f'{way}-{seed}', overrides, steps, seed)
      scores[way].append(found)
      print(f'{way}, seed {seed}: AP {found["AP"]:.3f}, AP50 {found["AP50"]:.3f}', flush=True)
  return render(ways, scores, spent, seconds, trials)


def tune(root: Path, arguments: argparse.Namespace) -> tuple[dict[str, Any], list[search.Trial]]:
  """The values that DetectionTuner finds, and its trials."""
  tuner = DetectionTuner(
    channel.Channel(type=standard_artifacts.Examples),
    channel.Channel(type=artifacts.LabelMap),
    tune={
      'space': SPACE,
      'trials': arguments.trials,
      'steps': arguments.trial_steps,
      'evaluations': 2,
      'objective': 'AP50',
    },
    work_root=str(root / 'work'),
    base=BASE,
    batch_size=BATCH_SIZE,
    overrides=SMALL,
  )
  examples = _artifact(standard_artifacts.Examples, root / 'examples')
  examples.split_names = artifact_utils.encode_split_names(['train', 'eval'])
  executor.Executor().Do(
    {'examples': [examples], 'label_map': [_artifact(artifacts.LabelMap, root / 'labels')]},
    {
      'hyperparameters': [_artifact(standard_artifacts.HyperParameters, root / 'found')],
      'tuner_results': [_artifact(standard_artifacts.TunerResults, root / 'results')],
    },
    tuner.exec_properties,
  )
  return hyperparameters.read(str(root / 'found')), search.load((root / 'results' / trial.TRIALS).read_text())


def train(root: Path, name: str, overrides: dict[str, Any], steps: int, seed: int) -> dict[str, float]:
  """Trains on the train split with these overrides; metrics on the images held out, after the last step."""
  import tensorflow as tf

  tf.keras.backend.clear_session()
  wanted = recipe.read(BASE, steps, BATCH_SIZE, overrides={**SMALL, **overrides})
  request = patch.Request(
    num_classes=len(drawn.LABELS),
    label_map_path=str(root / 'labels' / artifacts.LabelMap.FILE_NAME),
    train_path=str(root / 'examples' / 'Split-train' / '*'),
    eval_path=str(root / 'examples' / 'Split-held-out' / '*'),
    num_steps=steps,
    batch_size=BATCH_SIZE,
    overrides=wanted.overrides,
  )
  settings = TrainSettings(seed=seed, eval_every=0, export='last', checkpoint_every=10**6)
  with contextlib.redirect_stdout(sys.stderr):
    config = patch.patch(wanted.base(), request)
    trained = training.train(config, drawn.LABELS, settings, str(root / name))
  return trained.state.history[-1]


def render(
  ways: dict[str, tuple[dict[str, Any], int]],
  scores: dict[str, list[dict[str, float]]],
  spent: int,
  seconds: float,
  trials: list[search.Trial],
) -> str:
  """The table, as Markdown."""
  states = ', '.join(
    f'{sum(one.state == state for one in trials)} {state}' for state in (search.COMPLETE, search.PRUNED, search.FAILED)
  )
  found = executor.values_text(ways['tuned'][0])
  lines = [
    f'{BASE} at 160 px, depth multiplier 0.35, batch {BATCH_SIZE}, {TRAIN_IMAGES} images, {HELD_OUT_IMAGES} held out. '
    f'Search: {len(trials)} trials ({states}), {spent} steps, {seconds:.0f} s. Found: {found}.',
    '',
    '| | search steps | training steps | AP50 of each seed | AP50, mean (deviation) | AP, mean |',
    '|---|---|---|---|---|---|',
  ]
  for way, (_, steps) in ways.items():
    ap50, ap = ([row[name] for row in scores[way]] for name in ('AP50', 'AP'))
    spread = statistics.stdev(ap50) if len(ap50) > 1 else 0.0
    each = ', '.join(f'{value:.3f}' for value in ap50)
    cost = spent if way == 'tuned' else 0
    mean = f'{statistics.mean(ap50):.3f} ({spread:.3f})'
    lines.append(f'| {way} | {cost} | {steps} | {each} | {mean} | {statistics.mean(ap):.3f} |')
  pairs = zip(scores['tuned'], scores['default'], strict=True)
  wins = sum(tuned['AP50'] > default['AP50'] for tuned, default in pairs)
  lines += ['', f'Tuned is ahead with {wins} of {len(scores["tuned"])} seeds.']
  return '\n'.join(lines) + '\n'


def _artifact(kind: type, uri: Path) -> Any:
  made = kind()
  made.uri = str(uri)
  return made


if __name__ == '__main__':
  main()
