"""The work folder of a training: what a restarted training goes on from.

checkpoints/         the latest checkpoints: weights, optimizer, state of the loop and of the hooks
best/                the weights of the best evaluation
logs/                TensorBoard's event files
history.jsonl        a row for each evaluation
restore_report.json  after fine-tuning: what was restored into which variable
cache/               decoded images, while training runs; beside temporary files when the work folder is remote
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import shutil
import tempfile

import tensorflow as tf

from detection.base import files
from detection.odapi.model import devices

HISTORY = 'history.jsonl'
RESTORE_REPORT = 'restore_report.json'
_CACHE = 'cache'


@dataclasses.dataclass(frozen=True)
class WorkFolder:
  """The paths of a work folder, as one process sees it.

  Attributes:
    shared: the folder of the training, the same for all workers and all restarts.
    own: where this process saves: `shared` for the chief; for another worker a folder that is removed at the end, since
      TensorFlow requires every worker to save.
  """

  shared: str
  own: str

  @classmethod
  def of_process(cls, path: str, strategy: tf.distribute.Strategy | None) -> WorkFolder:
    """The work folder at `path` for this worker of `strategy`."""
    return cls(path, path if devices.is_chief(strategy) else files.join(path, f'worker-{os.getpid()}'))

  @property
  def is_chief(self) -> bool:
    """Whether what this process saves counts."""
    return self.own == self.shared

  @property
  def shared_checkpoints(self) -> str:
    """The checkpoints that every worker goes on from."""
    return files.join(self.shared, 'checkpoints')

  @property
  def checkpoints(self) -> str:
    return files.join(self.own, 'checkpoints')

  @property
  def best(self) -> str:
    return files.join(self.own, 'best')

  @property
  def logs(self) -> str:
    return files.join(self.own, 'logs')

  @property
  def history(self) -> str:
    return files.join(self.own, HISTORY)

  @property
  def restore_report(self) -> str:
    return files.join(self.shared, RESTORE_REPORT)

  @property
  def cache(self) -> str:
    """Where caches of decoded images are made. Always local: reading a remote one is slower than decoding again."""
    if '://' not in self.shared:
      return os.path.join(self.shared, _CACHE)
    return os.path.join(tempfile.gettempdir(), f'{_CACHE}-{hashlib.sha256(self.shared.encode()).hexdigest()[:16]}')

  def make_cache(self) -> str:
    """Makes an empty folder below `cache`: TensorFlow refuses one that a killed process has half filled."""
    os.makedirs(self.cache, exist_ok=True)
    return tempfile.mkdtemp(dir=self.cache)

  def clean_up(self) -> None:
    """Removes what is of no use once training is over."""
    if not self.is_chief:
      tf.io.gfile.rmtree(self.own)
    elif os.path.isdir(self.cache):
      shutil.rmtree(self.cache)  # those of killed processes too
