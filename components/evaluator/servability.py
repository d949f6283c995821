"""Checks in a fresh process that an exported model answers through its serving signatures.

    python -m components.evaluator.servability MODEL_FOLDER

prints one line; exit status 0 if it serves.
"""

import os
import pathlib
import subprocess
import sys
from collections.abc import Sequence

import numpy as np

from detection.base.errors import DataError, UserError
from detection.detections import Detections

TIMEOUT = 600.0  # seconds; a large model on a busy machine takes a minute


def problem(model: str, timeout: float = TIMEOUT) -> str:
  """Why the SavedModel in folder `model` cannot be served; empty if it can.

  The model is loaded by a process of its own, so nothing that training left in memory can help it: a variable that was
  not saved, a custom op, a Python function.

  Args:
    model: the folder.
    timeout: seconds.
  """
  command = [sys.executable, '-m', __name__, model]
  try:
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False, env=_environment())
  except subprocess.TimeoutExpired:
    return f'{model}: the model gave no answer within {timeout:.0f} s.'
  if done.returncode == 0:
    return ''
  lines = [line for line in (done.stdout if done.returncode == 1 else done.stderr).splitlines() if line.strip()]
  return lines[-1] if lines else f'{model}: the process that loaded it ended with status {done.returncode}.'


def _environment() -> dict[str, str]:
  """This process's environment, with `components` on the path whatever the working folder is."""
  root = str(pathlib.Path(__file__).parents[2])
  return {**os.environ, 'PYTHONPATH': os.pathsep.join(filter(None, [root, os.environ.get('PYTHONPATH', '')]))}


def ask(model: str) -> None:
  """Loads the model and calls both signatures with images of two sizes.

  Raises:
    DataError: if a signature or output is missing, or an answer is not what the signature promises.
  """
  import tensorflow as tf

  from detection.inference import saved_model
  from detection.inference.detector import Detector

  detector = Detector(model)
  saved_model.load(detector.path)  # with its variables, as a server does
  rng = np.random.default_rng(0)
  images = [rng.integers(0, 255, (height, width, 3), np.uint8) for height, width in ((240, 320), (200, 150))]
  for image in images:
    _check(model, 'input_tensor', detector.detect([image]))
  jpegs = [tf.io.encode_jpeg(image).numpy() for image in images]
  _check(model, 'image_bytes', detector.detect_encoded(jpegs))


def _check(model: str, argument: str, answers: Sequence[Detections]) -> None:
  for found in answers:
    if not (np.isfinite(found.boxes).all() and np.isfinite(found.scores).all()):
      raise DataError(f'{model}: answers to `{argument}` hold numbers that are not finite. Train it again.')
    if ((found.scores < 0) | (found.scores > 1)).any():
      raise DataError(f'{model}: scores for `{argument}` lie outside [0, 1]. Export it again.')


def main(argv: list[str]) -> int:
  try:
    ask(argv[0])
  except UserError as error:
    print(error)
    return 1
  print(f'{argv[0]}: serves')
  return 0


if __name__ == '__main__':
  sys.exit(main(sys.argv[1:]))
