"""`detection-pipeline tensorboard`: TensorBoard on everything that a run has logged, while it trains and after."""

import argparse
import glob
import os
import subprocess
import sys

from detection.base.errors import ConfigError

HELP = 'show what a run has logged, while it trains and after'
ORDER = 90

# Finished trainings, then those under way, then the logs of one model_run.
_LOGS = ('pipeline/ODAPITrainer/model_run/*/logs', 'pipeline/training/*/logs', 'logs')


def add_arguments(parser: argparse.ArgumentParser) -> None:
  parser.add_argument('run', metavar='RUN', help='<output_root>/<name>')
  parser.add_argument('--port', type=int, default=6006)


def run(args: argparse.Namespace) -> int:
  """Starts TensorBoard and stays until it is stopped.

  Raises:
    ConfigError: if nothing was logged below args.run.
  """
  logs = log_folders(args.run)
  named = ','.join(f'{os.path.basename(os.path.dirname(path))}:{path}' for path in logs)
  print(f'{len(logs)} trainings at http://localhost:{args.port}', flush=True)
  return subprocess.call([sys.executable, '-m', 'tensorboard.main', '--logdir_spec', named, '--port', str(args.port)])


def log_folders(folder: str) -> list[str]:
  """Folders with TensorBoard events below `folder`, sorted.

  Args:
    folder: <output_root>/<name> of a run, or one model_run.

  Raises:
    ConfigError: if there is none.
  """
  found = [path for pattern in _LOGS for path in glob.glob(os.path.join(glob.escape(folder), pattern))]
  found = sorted(path for path in found if glob.glob(os.path.join(glob.escape(path), '**', 'events.*'), recursive=True))
  if not found:
    raise ConfigError(f'{folder}: no TensorBoard logs. Expected <output_root>/<name> of a run that has trained.')
  return found
