"""Stages of a few jobs, for the tests of what runs them."""

import dataclasses
import os
import signal
import time
from pathlib import Path

from components.voc_example_gen.spread.stages import Begun, Result
from detection.base.errors import DataError


@dataclasses.dataclass(frozen=True)
class Touch:
  path: str

  def __call__(self):
    Path(self.path).touch()


@dataclasses.dataclass(frozen=True)
class Add:
  """Has one job more than there were in the stage before, and passes on what that has left behind."""

  folder: str
  jobs: int
  stop: int
  seen: tuple[int, ...] = ()

  def __call__(self):
    seen = (*self.seen, len(list(Path(self.folder).glob('touched-*'))))
    if self.jobs > self.stop:
      return Begun((), Result(seen))
    touch = [Touch(f'{self.folder}/touched-{self.jobs}-{index}') for index in range(self.jobs)]
    return Begun(touch, Add(self.folder, self.jobs + 1, self.stop, seen))


@dataclasses.dataclass(frozen=True)
class Refuse:
  before: bool = True

  def __call__(self):
    if self.before:
      return Begun((), Refuse(before=False))
    raise DataError('photos: no such class.')


@dataclasses.dataclass(frozen=True)
class Meet:
  """Waits until the other job of its stage has begun as well; returns the process it runs in."""

  folder: str
  name: str
  other: str

  def __call__(self):
    Path(self.folder, self.name).touch()
    end = time.monotonic() + 60
    while not Path(self.folder, self.other).exists():
      if time.monotonic() > end:
        raise TimeoutError(f'{self.other} has not begun')
      time.sleep(0.01)
    return os.getpid()


@dataclasses.dataclass(frozen=True)
class Note:
  """Notes that it was done; the first one fails, or is killed."""

  folder: str
  number: int
  killed: bool

  def __call__(self):
    if self.number:
      Path(self.folder, str(self.number)).touch()
    elif self.killed:
      os.kill(os.getpid(), signal.SIGKILL)
    else:
      raise OSError('the disk is full')
