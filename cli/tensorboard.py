"""`detection-pipeline tensorboard RUN`: TensorBoard on everything a run has logged, while it trains and after."""

import glob
import os
import subprocess
import sys

from detection.base.errors import ConfigError

# Finished trainings, then those under way.
_PLACES = ('pipeline/ODAPITrainer/model_run/*/logs', 'pipeline/training/*/logs', 'logs')


def run(folder: str, port: int) -> int:
  """Starts TensorBoard and stays until it is stopped.

  Args:
    folder: <output_root>/<name> of a run, or one model_run.
    port: on this machine.

  Raises:
    ConfigError: if nothing was logged there.
  """
  logs = log_folders(folder)
  named = ','.join(f'{os.path.basename(os.path.dirname(path))}:{path}' for path in logs)
  print(f'{len(logs)} trainings at http://localhost:{port}', flush=True)
  return subprocess.call([sys.executable, '-m', 'tensorboard.main', '--logdir_spec', named, '--port', str(port)])


def log_folders(folder: str) -> list[str]:
  """Folders with TensorBoard events below `folder`, sorted; ConfigError if there is none."""
  found = [path for place in _PLACES for path in glob.glob(os.path.join(glob.escape(folder), place))]
  found = sorted(path for path in found if glob.glob(os.path.join(glob.escape(path), '**', 'events.*'), recursive=True))
  if not found:
    raise ConfigError(f'{folder}: no TensorBoard logs. Expected <output_root>/<name> of a run that has trained.')
  return found
