"""Training side by side with the OD API's own train_loop: same config, data, batch size; each run a process of its own.

    python -m benchmarks.train [--sizes 160 320] [--rounds 3]

Draws its data. Runs of the two sides are interleaved, so that a busy machine is busy for both; the table shows
medians. Ours is the trainer's loop with all its hooks. Both save the weights they begin with and write TensorBoard
events. The losses are those of 20 steps from equal initial weights, augmentation and shuffling off: once with images
decoded for every step, as train_loop does, once from the cache.
"""

import argparse
import contextlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

BASES = {160: 'ssd_mobilenet_v2_fpnlite_cpu_160', 320: 'ssd_mobilenet_v2_fpnlite_320'}
IMAGES, BATCH = 240, 8
TENTH, STEPS, TRAJECTORY = 10, 100, 20


def main() -> None:
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument('--sizes', type=int, nargs='+', choices=BASES, default=list(BASES), help='input, in pixels')
  parser.add_argument('--rounds', type=int, default=3)
  parser.add_argument('--side', choices=SIDES, help=argparse.SUPPRESS)
  parser.add_argument('--config', type=Path, help=argparse.SUPPRESS)
  parser.add_argument('--work', type=Path, help=argparse.SUPPRESS)
  parser.add_argument('--began', type=float, help=argparse.SUPPRESS)
  args = parser.parse_args()
  if args.side:
    print(json.dumps(SIDES[args.side](args.config, args.work, args.began)))
    return
  with tempfile.TemporaryDirectory() as folder:
    root = Path(folder)
    examples = draw(root)
    for size in args.sizes:
      print('\n'.join(table(size, write_config(size, examples, root), root / str(size), args.rounds)), flush=True)


def draw(root: Path) -> Path:
  """Draws and ingests the data set; returns the folder of the splits."""
  from benchmarks import ingest
  from detection.odapi import label_map
  from detection.sample_data import draw

  draw.write(str(root / 'data'), images=IMAGES, seed=0)
  ingest.ingestion(root / 'data', [], root)()
  labels = {name: number for number, name in enumerate(draw.CLASSES, start=1)}
  (root / 'label_map.pbtxt').write_text(label_map.dump(labels))
  return root / 'examples'


def write_config(size: int, examples: Path, root: Path) -> Path:
  """The base of this size, patched for the drawn data as a run would."""
  from detection.odapi.config import config_io
  from detection.pipeline_config import builtin_bases, patch
  from detection.sample_data import draw

  request = patch.Request(
    num_classes=len(draw.CLASSES),
    label_map_path=str(root / 'label_map.pbtxt'),
    train_path=str(examples / 'Split-train' / '*'),
    eval_path=str(examples / 'Split-eval' / '*'),
    num_steps=2000,
    batch_size=BATCH,
  )
  path = root / f'{size}.config'
  path.write_text(config_io.dump(patch.patch(config_io.parse(builtin_bases.text(BASES[size])), request)))
  return path


def table(size: int, config: Path, work: Path, rounds: int) -> list[str]:
  """Markdown lines for one input size."""
  losses = {side: measure(side, config, work)['losses'] for side in ('our losses', 'cached losses', 'their losses')}
  gaps = {side: max(abs(a - b) for a, b in zip(losses[side], losses['their losses'], strict=True)) for side in losses}
  sides: dict[str, list[dict]] = {'ours': [], 'theirs': []}
  for number in range(rounds):
    for side, found in sides.items():
      found.append(measure(side, config, work / f'{side}-{number}'))
  lines = [
    f'{BASES[size]}, batch {BATCH}, {STEPS} steps, medians of {rounds} runs',
    '',
    '| | this trainer | train_loop | ratio |',
    '|---|---|---|---|',
  ]
  for key, name in (('rate', 'warm steps/s'), ('tenth', 's to the tenth step'), ('peak', 'peak memory, MB')):
    ours, theirs = (statistics.median(run[key] for run in found) for found in sides.values())
    lines.append(f'| {name} | {ours:.2f} | {theirs:.2f} | {ours / theirs:.2f} |')
  lines += ['', f'Total loss over {TRAJECTORY} steps, from {losses["their losses"][0]:.3f} on: at most']
  return [*lines, f'{gaps["our losses"]:.1e} apart, {gaps["cached losses"]:.1e} with the cache.', '']


def measure(side: str, config: Path, work: Path, python: Sequence[str] = (sys.executable,)) -> dict:
  """Runs one side in a process of its own."""
  command = [*python, '-m', 'benchmarks.train', '--side', side, '--config', str(config), '--work', str(work)]
  done = subprocess.run([*command, '--began', repr(time.time())], capture_output=True, text=True)
  if done.returncode:
    raise SystemExit(f'{side} failed:\n{done.stderr[-3000:]}')
  return json.loads(done.stdout.splitlines()[-1])


def ours(config_path: Path, work: Path, began: float) -> dict:
  from detection.odapi import label_map
  from detection.odapi.config import config_io
  from detection.training import training
  from detection.training.hooks.hook import Hook, ImageIds
  from detection.training.parts import Task
  from detection.training.settings import TrainSettings
  from detection.training.state import TrainState

  class Watch(Hook):
    """Notes the time of every tenth step, and ends the training before it would evaluate."""

    times: list[float] = []

    def after_step(self, state: TrainState, image_ids: ImageIds) -> None:
      if state.step % TENTH == 0:
        self.times.append(time.time())
      if state.step == STEPS:
        state.stop = 'measured'

  config = config_io.parse(config_path.read_text())
  labels = label_map.parse(Path(config.train_input_reader.label_map_path).read_text())
  with contextlib.redirect_stdout(sys.stderr):
    training.train(Task(config, labels, TrainSettings(eval_every=0)), str(work), extra_hooks=[Watch()])
  return _facts(Watch.times, began)


def theirs(config_path: Path, work: Path, began: float) -> dict:
  train_loop(config_path, work, STEPS, TENTH)
  # The loop notes its speed after each inner loop of so many steps.
  return _facts([event.wall_time for event, value in events(work) if value.tag == 'steps_per_sec'], began)


def _facts(times: list[float], began: float) -> dict:
  peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
  rates = [TENTH / (later - earlier) for earlier, later in zip(times, times[1:], strict=False)]
  return {'tenth': times[0] - began, 'rate': statistics.median(rates), 'peak': peak}


def our_losses(config_path: Path, work: Path, began: float, cache: str = 'none') -> dict:
  from detection.odapi.model.engine import Engine
  from detection.odapi.model.inputs import InputOptions
  from detection.odapi.model.losses import TOTAL_LOSS
  from detection.training.checkpoints import Checkpoints
  from detection.training.state import TrainState

  engine = Engine(_nothing_random(config_path))
  # All sides go on from this checkpoint: equal initial weights.
  checkpoints = Checkpoints(str(work), engine, TrainState(num_steps=TRAJECTORY), keep=1)
  if checkpoints.restore_latest() is None:
    checkpoints.save()
  batches = engine.batches(InputOptions(cache))
  return {'losses': [engine.train_step(batches)[0][TOTAL_LOSS] for _ in range(TRAJECTORY)]}


def cached_losses(config_path: Path, work: Path, began: float) -> dict:
  return our_losses(config_path, work, began, 'memory')


def their_losses(config_path: Path, work: Path, began: float) -> dict:
  import tensorflow as tf

  from detection.odapi.config import config_io

  plain = work / 'plain.config'
  plain.write_text(config_io.dump(_nothing_random(config_path)))
  train_loop(plain, work, TRAJECTORY, 1)
  losses = {e.step: float(tf.make_ndarray(v.tensor)) for e, v in events(work) if v.tag == 'Loss/total_loss'}
  return {'losses': [losses[step] for step in sorted(losses)]}


def train_loop(config_path: Path, work: Path, steps: int, inner: int) -> None:
  """The OD API's own loop, with `inner` steps in one call of its graph; 10 shows the tenth step, 100 is its default."""
  from detection.odapi import compat

  compat.apply()
  from object_detection import model_lib_v2

  model_lib_v2.train_loop(
    str(config_path), str(work), train_steps=steps, num_steps_per_iteration=inner, record_summaries=False
  )


def events(work: Path) -> list[tuple]:
  """(event, value) of all that train_loop wrote for TensorBoard."""
  import tensorflow as tf

  paths = (work / 'train').glob('events.*')
  return [(e, v) for path in paths for e in tf.compat.v1.train.summary_iterator(str(path)) for v in e.summary.value]


def _nothing_random(config_path: Path) -> object:
  from detection.odapi.config import config_io

  config = config_io.parse(config_path.read_text())
  del config.train_config.data_augmentation_options[:]
  config.train_input_reader.shuffle = False
  config.train_input_reader.num_readers = 1
  return config


SIDES = {
  'ours': ours,
  'theirs': theirs,
  'our losses': our_losses,
  'cached losses': cached_losses,
  'their losses': their_losses,
}

if __name__ == '__main__':
  os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')
  main()
