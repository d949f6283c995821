"""Chooses how many processes and threads a local run uses, by the size of the data."""

import argparse
import os
from collections.abc import Sequence

# Threads share an interpreter, and a worker process takes seconds to start: two of each take as long for 50,000 images.
IMAGES_PER_PROCESS = 25_000
# Beam's "DirectRunner" first tries to download and start another engine, Prism; this is the one it falls back to.
LOCAL_RUNNER = 'FnApiRunner'
_LOCAL = ('', 'DirectRunner', 'SwitchingDirectRunner', LOCAL_RUNNER)
_CHOSEN_BY_USER = ('--direct_running_mode', '--direct_num_workers')


def choose(beam_args: Sequence[str], images: int, cores: int | None = None) -> tuple[list[str], int]:
  """Completes Beam's arguments for a local run.

  Args:
    beam_args: as the user gave them; a runner or a number of processes in them is kept.
    images: how many there are to read.
    cores: of this machine; counted if None.

  Returns:
    The arguments, and how many threads each worker should use.
  """
  cores = cores or os.cpu_count() or 1
  runner, others = _runner(beam_args)
  if runner not in _LOCAL:
    return list(beam_args), 1
  local = [*others, f'--runner={LOCAL_RUNNER}']
  if any(argument.startswith(_CHOSEN_BY_USER) for argument in others):
    return local, 1
  processes = min(cores, images // IMAGES_PER_PROCESS)
  if processes < 2:
    return local, cores
  return [*local, '--direct_running_mode=multi_processing', f'--direct_num_workers={processes}'], 1


def _runner(beam_args: Sequence[str]) -> tuple[str, list[str]]:
  """The runner's name ('' if none is given), and all other arguments."""
  parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
  parser.add_argument('--runner', default='')
  known, others = parser.parse_known_args(list(beam_args))
  return known.runner, others
