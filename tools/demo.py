"""make demo: draws data, runs the whole pipeline on it, and lets the pushed model look at images it never saw."""

import json
import pathlib
import subprocess
import sys
import time

HOME = pathlib.Path('demo')
UNSEEN_SEED, UNSEEN_IMAGES = 1000, 6


def main() -> int:
  began = time.monotonic()
  for folder, images, seed in ((HOME / 'data', 240, 0), (HOME / 'unseen', UNSEEN_IMAGES, UNSEEN_SEED)):
    if not folder.is_dir():
      command('sample-data', str(folder), '--images', str(images), '--seed', str(seed))
  status = command('run', 'configs/demo.yaml', allowed=(0, 3))
  if status == 0:
    output = HOME / f'predictions-{time.strftime("%Y%m%d-%H%M%S")}'
    command('predict', '--model', str(HOME / 'demo' / 'serving'), '--output', str(output), str(HOME / 'unseen'))
    rows = json.loads((output / 'predictions.json').read_text())
    sure = [row for row in rows if row['score'] >= 0.5]
    print(f'found {len(sure)} objects in {UNSEEN_IMAGES} unseen images: look at {output}')
  print(f'demo took {time.monotonic() - began:.0f} s')
  return status


def command(*arguments: str, allowed: tuple[int, ...] = (0,)) -> int:
  """Shows and runs one detection-pipeline command."""
  print('\n$ detection-pipeline', *arguments, flush=True)
  program = pathlib.Path(sys.executable).with_name('detection-pipeline')
  status = subprocess.run([program, *arguments]).returncode
  if status not in allowed:
    raise SystemExit(status)
  return status


if __name__ == '__main__':
  sys.exit(main())
