"""The checkpoint a run starts from: from what the user pointed at to the prefix that TensorFlow reads."""

import re

from detection import model_folder
from detection.base import files
from detection.base.errors import ConfigError
from detection.odapi.weights import read

_PART = re.compile(r'\.(index|data-\d{5}-of-\d{5}|meta)$')
_STEP = re.compile(r'-(\d+)\.index$')


def find(path: str) -> str:
  """The prefix (`.../ckpt-7`) of the checkpoint at `path`; weights of Keras and TF 1's single files as they are.

  Args:
    path: a prefix; one of the checkpoint's own files (`.index`, `.data-00000-of-00001`); a folder with checkpoints
      in it or in `checkpoint/` below it, of which the one with the highest step is taken; or a pushed version's folder.

  Raises:
    ConfigError: if there is no whole checkpoint there.
  """
  if read.is_keras(path) or read.is_single_file_checkpoint(path):
    return path
  if files.isdir(path):
    return _latest(path)
  prefix = _PART.sub('', path)
  if not files.exists(f'{prefix}.index'):
    raise ConfigError(
      f'model.checkpoint: no checkpoint at "{path}". Expected the prefix of one, like ".../ckpt-0", beside which '
      f'".../ckpt-0.index" exists, or the folder that holds it.'
    )
  _refuse_without_data(prefix)
  return prefix


def is_in(folder: str) -> bool:
  """Whether a checkpoint lies in the folder, or in `checkpoint/` below it."""
  return bool(_indexes(folder))


def fingerprint(prefix: str) -> str:
  """Tells one checkpoint's content from another's: the index holds a checksum of every tensor."""
  if read.is_keras(prefix) or read.is_single_file_checkpoint(prefix):
    return read.fingerprint(prefix)
  return files.sha256(f'{prefix}.index')[:16]


def _indexes(folder: str) -> list[str]:
  # The last is a model that this project pushed: it has no checkpoint, but its SavedModel holds every variable.
  for pattern in ('*.index', f'{model_folder.CHECKPOINT}/*.index', model_folder.VARIABLES_INDEX):
    found = files.glob(files.join(folder, pattern))
    if found:
      return found
  return []


def _latest(folder: str) -> str:
  indexes = _indexes(folder)
  if not indexes:
    raise ConfigError(f'model.checkpoint: {folder} holds no checkpoint. Expected files like ckpt-0.index in it.')
  prefix = max(indexes, key=_step).removesuffix('.index')
  _refuse_without_data(prefix)
  return prefix


def _step(index: str) -> tuple[int, str]:
  step = _STEP.search(index)
  return (int(step.group(1)) if step else -1, index)


def _refuse_without_data(prefix: str) -> None:
  if not files.glob(f'{prefix}.data-*'):
    raise ConfigError(f'model.checkpoint: {prefix}.index is there, but {prefix}.data-00000-of-00001 is not.')
