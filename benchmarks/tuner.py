"""Tuned against default at equal total steps: what a search costs is taken from the training that follows it.

    python -m benchmarks.tuner [--budget 1000] [--trials 4] [--trial-steps 100] [--seeds 3] [--output FILE]

A detector of large shapes, trained here, is fine-tuned on images that show the same shapes from further away: many,
and a third of the size. The default is a published config, made small, as ConfigPatcher leaves it for
`mode: fine_tune`; its anchors begin at 32 pixels of 160. One search by DetectionTuner's own code; then, for each seed,
the default is trained for the whole budget, and the values found for what the search has left of it: the steps of
every trial count, pruned and failed ones too. Scored on images that neither search nor training has seen.
"""

import argparse
import contextlib
import sys
import time
from pathlib import Path
from typing import Any

from tfx.types import artifact_utils, channel, standard_artifacts

from benchmarks import command, drawn_shapes, short_training
from benchmarks.short_training import Examples, Start
from components import artifacts
from components.tuner import executor, results
from components.tuner.component import DetectionTuner
from detection.odapi import label_map
from detection.pipeline_config import hyperparameters

BASE = 'ssd_mobilenet_v2_fpnlite_320'
SMALL = {
  'model.ssd.image_resizer': 'fixed_shape_resizer { height: 160 width: 160 }',
  'model.ssd.feature_extractor.depth_multiplier': 0.35,
}
NEAR_IMAGES, TRAIN_IMAGES, EVAL_IMAGES, HELD_OUT_IMAGES = 300, 80, 40, 100
NEAR_STEPS = 600
AWAY = 3
METRICS = ('AP', 'AP50')
SPACE = {
  'learning_rate': {'min': 0.005, 'max': 0.08, 'scale': 'log'},
  'model.ssd.anchor_generator.multiscale_anchor_generator.anchor_scale': {'values': [2.0, 3.0, 4.0]},
}


def run(root: Path, options: argparse.Namespace) -> str:
  """Draws, trains what both start from, searches, trains both ways with each seed; returns the table."""
  paths = {
    split: drawn_shapes.write(root / 'examples' / f'Split-{split}' / 'data', count, seed, away=AWAY)
    for seed, (split, count) in enumerate(
      (('train', TRAIN_IMAGES), ('eval', EVAL_IMAGES), ('held-out', HELD_OUT_IMAGES)), start=1
    )
  }
  near = drawn_shapes.write(root / 'near', NEAR_IMAGES, 4)
  source = short_training.train(
    root / 'source', Examples(near, paths['eval']), NEAR_STEPS, Start(base=BASE, overrides=SMALL)
  )
  checkpoint = f'{short_training.export(source, root / "model")}/checkpoint/ckpt-0'
  begun = time.monotonic()
  with contextlib.redirect_stdout(sys.stderr):
    values, trials = tune(root, checkpoint, options)
  seconds = time.monotonic() - begun
  spent = sum(one.evaluations[-1][0] if one.evaluations else options.trial_steps for one in trials)
  ways = {'default': ({}, options.budget), 'tuned': (values, max(options.budget - spent, 1))}
  scores: dict[str, list[dict[str, float]]] = {way: [] for way in ways}
  for seed in range(options.seeds):
    for way, (overrides, steps) in ways.items():
      trained = short_training.train(
        root / f'{way}-{seed}',
        Examples(paths['train'], paths['held-out']),
        steps,
        Start(BASE, 'fine_tune', checkpoint, {**SMALL, **overrides}),
        seed=seed,
      )
      scores[way].append(trained.history[-1])
      print(f'{way}, seed {seed}: {", ".join(f"{name} {scores[way][-1][name]:.3f}" for name in METRICS)}', flush=True)
  return render(ways, scores, spent, seconds, trials)


def tune(root: Path, checkpoint: str, options: argparse.Namespace) -> tuple[dict[str, Any], list[results.TrialResult]]:
  """The values that DetectionTuner finds, and its trials."""
  (root / 'labels').mkdir()
  (root / 'labels' / artifacts.LabelMap.FILE_NAME).write_text(label_map.dump(drawn_shapes.LABELS))
  tuner = DetectionTuner(
    channel.Channel(type=standard_artifacts.Examples),
    channel.Channel(type=artifacts.LabelMap),
    tune={'space': SPACE, 'trials': options.trials, 'steps': options.trial_steps, 'evaluations': 2},
    work_root=str(root / 'work'),
    base=BASE,
    batch_size=8,
    mode='fine_tune',
    checkpoint=checkpoint,
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
  return hyperparameters.read(str(root / 'found')), results.load((root / 'results' / results.FILE_NAME).read_text())


def render(
  ways: dict[str, tuple[dict[str, Any], int]],
  scores: dict[str, list[dict[str, float]]],
  spent: int,
  seconds: float,
  trials: list[results.TrialResult],
) -> str:
  """The table, as Markdown, and in how many pairs tuned is ahead."""
  states = ', '.join(
    f'{sum(one.state == state for one in trials)} {state}'
    for state in (results.COMPLETE, results.PRUNED, results.FAILED)
  )
  total = ways['default'][1]
  rows = [
    (way, total - steps, steps, *(command.spread([row[name] for row in scores[way]]) for name in METRICS))
    for way, (_, steps) in ways.items()
  ]
  pairs = list(zip(scores['tuned'], scores['default'], strict=True))
  lines = [
    f'{BASE} at 160 px, depth multiplier 0.35, batch 8, fine-tuned on {TRAIN_IMAGES} images, {HELD_OUT_IMAGES} held '
    f'out. Search: {len(trials)} trials ({states}), {spent} steps, {seconds:.0f} s. Found: '
    f'{results.values_text(ways["tuned"][0])}. Mean over {len(pairs)} seeds (least to most).',
    '',
    *command.table(('', 'search steps', 'training steps', *METRICS), rows),
    '',
    f'Tuned is ahead with {sum(tuned["AP"] > default["AP"] for tuned, default in pairs)} of {len(pairs)} seeds.',
  ]
  return '\n'.join(lines) + '\n'


def _artifact(kind: type, uri: Path) -> Any:
  made = kind()
  made.uri = str(uri)
  return made


if __name__ == '__main__':
  command.main(__doc__, run, budget=1000, trials=4, trial_steps=100, seeds=3)
