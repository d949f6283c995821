"""What is made once for all of a test run's processes: training is the cost."""

from __future__ import annotations

import fcntl
import os
import pathlib
import pickle
from collections.abc import Callable
from typing import Any

import pytest


def made(factory: pytest.TempPathFactory, name: str, make: Callable[[pathlib.Path], Any]) -> Any:
  """What `make(folder)` returned in the first of the processes that asked for `name`.

  The others wait for it and get the pickled value: it says where things lie, it does not hold them.
  """
  base = factory.getbasetemp()
  # pytest-xdist gives each of its processes a folder within that of the run.
  shared = base.parent if 'PYTEST_XDIST_WORKER' in os.environ else base
  folder, value = shared / name, shared / f'{name}.pickle'
  with (shared / f'{name}.lock').open('w') as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    if not value.exists():
      folder.mkdir()
      value.write_bytes(pickle.dumps(make(folder)))
  return pickle.loads(value.read_bytes())
