"""The work folder of a training: what a restarted training goes on from.

checkpoints/         the latest checkpoints: weights, optimizer, state of the loop and of the hooks
best/                the weights of the best evaluation
logs/                TensorBoard's event files
history.jsonl        a row for each evaluation
restore_report.json  after fine-tuning: what was restored into which variable
cache/               decoded images, while training runs; beside temporary files when the work folder is remote

Where TensorFlow cannot write to it, a local folder takes its place, and is copied to it with each checkpoint.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import shutil
import tempfile

import tensorflow as tf

from detection.base import files
from detection.base.local_copies import Mirror
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
    mirror: of `shared`, where that is a local folder in the place of a remote one.
  """

  shared: str
  own: str
  mirror: Mirror | None = None

  @classmethod
  def of_process(cls, path: str, strategy: tf.distribute.Strategy | None) -> WorkFolder:
    """The work folder at `path` for this worker of `strategy`."""
    mirror = None if files.tensorflow_opens(path) else Mirror(path)
    shared = mirror.local if mirror else path
    own = shared if devices.is_chief(strategy) else files.join(shared, f'worker-{os.getpid()}')
    return cls(shared, own, mirror)

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

  def saved(self) -> None:
    """To be called when a checkpoint is whole: brings a remote work folder up to date."""
    if self.mirror and self.is_chief:
      self.mirror.send(leave_out=(_CACHE,))

  def clean_up(self) -> None:
    """Removes what is of no use once training is over. The work folder is whole then."""
    if not self.is_chief:
      files.rmtree_if_there(self.own)
    elif os.path.isdir(self.cache):
      shutil.rmtree(self.cache)  # those of killed processes too
    if self.mirror:
      self.saved()
      self.mirror.remove()
