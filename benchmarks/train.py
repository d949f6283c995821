"""Training side by side with the OD API's own train_loop: same config, data and initial weights, one process each.

    make demo && python -m benchmarks.train

Prints a table: seconds from process start to the tenth step, warm steps/s, peak memory, and the largest difference of
the total loss over 20 steps with augmentation and shuffling off.
"""

import argparse
import glob
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

STEPS, TRAJECTORY = 60, 20


def main() -> int:
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument('--config', default='', help='a complete pipeline.config; by default that of the demo')
  parser.add_argument('--side', choices=sorted(_SIDES), help=argparse.SUPPRESS)
  parser.add_argument('--work', help=argparse.SUPPRESS)
  args = parser.parse_args()
  config = args.config or max(glob.glob('demo/demo/pipeline/ConfigPatcher/pipeline_config/*/pipeline.config'))
  if args.side:
    print(json.dumps(_SIDES[args.side](config, args.work)))
    return 0
  with tempfile.TemporaryDirectory() as work:
    found = {side: _measure(side, config, work) for side in ('ours', 'start', 'warm', 'losses')}
  ours, theirs = found['ours'], {**found['start'], **found['warm'], **found['losses']}
  gap = max(abs(a - b) for a, b in zip(ours['losses'], theirs['losses'], strict=True))
  print(f'{"":24}{"this trainer":>14}{"train_loop":>14}{"ratio":>8}')
  for key, name in (('tenth', 's to the tenth step'), ('rate', 'warm steps/s'), ('peak', 'peak memory, MB')):
    print(f'{name:24}{ours[key]:14.2f}{theirs[key]:14.2f}{ours[key] / theirs[key]:8.2f}')
  print(f'largest difference of the total loss over {TRAJECTORY} steps: {gap:.2e}')
  return 0


def _measure(side: str, config: str, work: str) -> dict:
  command = [sys.executable, '-m', 'benchmarks.train', '--side', side, '--config', config, '--work', work]
  done = subprocess.run(command, capture_output=True, text=True)
  if done.returncode:
    raise SystemExit(f'{side} failed:\n{done.stderr[-3000:]}')
  return json.loads(done.stdout.strip().splitlines()[-1])


def _plain(config_path: str) -> object:
  """The config with nothing random in its input."""
  from components.odapi import config_io

  config = config_io.parse(pathlib.Path(config_path).read_text(), config_path)
  del config.train_config.data_augmentation_options[:]
  config.train_input_reader.shuffle = False
  config.train_input_reader.num_readers = 1
  return config


def _ours(config_path: str, work: str) -> dict:
  from components.odapi import config_io
  from components.odapi.engine import TOTAL_LOSS, Engine
  from components.odapi.inputs import InputOptions
  from components.trainer.checkpoints import Checkpoints
  from components.trainer.state import TrainState

  engine = Engine(config_io.parse(pathlib.Path(config_path).read_text(), config_path))
  batches = engine.batches(InputOptions())
  for _ in range(10):
    engine.train_step(batches)
  tenth = time.time() - _process_start()
  rates = []
  for _ in range((STEPS - 10) // 10):
    began = time.perf_counter()
    for _ in range(10):
      engine.train_step(batches)
    rates.append(10 / (time.perf_counter() - began))
  peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
  plain = _plain(config_path)
  engine = Engine(plain)
  Checkpoints(os.path.join(work, 'same'), engine, TrainState(num_steps=TRAJECTORY), keep=1).save()
  batches = engine.batches(InputOptions())
  losses = [engine.train_step(batches)[0][TOTAL_LOSS] for _ in range(TRAJECTORY)]
  return {'tenth': tenth, 'rate': sorted(rates)[len(rates) // 2], 'peak': peak, 'losses': losses}


def _start(config_path: str, work: str) -> dict:
  with tempfile.TemporaryDirectory() as folder:
    _train_loop(config_path, folder, train_steps=10, num_steps_per_iteration=10)
  return {'tenth': time.time() - _process_start()}


def _warm(config_path: str, work: str) -> dict:
  found: dict = {}
  with tempfile.TemporaryDirectory() as folder:
    _train_loop(
      config_path,
      folder,
      train_steps=STEPS,
      num_steps_per_iteration=10,
      performance_summary_exporter=lambda metrics, _: found.update(metrics),
    )
  peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
  return {'rate': float(found['steps_per_sec_p50']), 'peak': peak}


def _losses(config_path: str, work: str) -> dict:
  from components.odapi import config_io

  plain, folder = os.path.join(work, 'plain.config'), os.path.join(work, 'same')
  with open(plain, 'w') as file:
    file.write(config_io.dump(_plain(config_path)))
  _train_loop(plain, folder, train_steps=TRAJECTORY, num_steps_per_iteration=1)
  import tensorflow as tf

  events = glob.glob(os.path.join(folder, 'train', 'events.*'))
  values = {
    event.step: float(tf.make_ndarray(value.tensor))
    for event in tf.compat.v1.train.summary_iterator(events[0])
    for value in event.summary.value
    if value.tag == 'Loss/total_loss'
  }
  return {'losses': [values[step] for step in sorted(values)]}


def _train_loop(config_path: str, folder: str, **options: object) -> None:
  from object_detection import model_lib_v2

  from components.odapi import compat  # noqa: F401

  model_lib_v2.train_loop(config_path, folder, record_summaries=False, **options)


def _process_start() -> float:
  import psutil

  return psutil.Process().create_time()


_SIDES = {'ours': _ours, 'start': _start, 'warm': _warm, 'losses': _losses}

if __name__ == '__main__':
  sys.exit(main())
