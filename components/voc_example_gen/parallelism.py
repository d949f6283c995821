"""Chooses how many processes and threads a local run uses, by the size of the data."""

import argparse
import os
from collections.abc import Sequence
from typing import NamedTuple

from detection.base import files

# Threads share an interpreter. A process starts in half a second, in which it could read a thousand images.
IMAGES_PER_PROCESS = 5_000
# Beam's "DirectRunner" first tries to download and start another engine, Prism; this is the one it falls back to.
LOCAL_RUNNER = 'FnApiRunner'
_LOCAL = ('', 'DirectRunner', 'SwitchingDirectRunner', LOCAL_RUNNER)
_THREADS = 'multi_threading'
_AHEAD = 2  # threads of a process that has a core: one reads while the other decodes
_REMOTE = 16  # threads where each read waits for a store


class Parallelism(NamedTuple):
  """How a run is divided.

  Attributes:
    beam_args: completed.
    threads: of each job, where files are on a disk; see `threads`.
    in_processes: whether each job runs in a process of its own.
  """

  beam_args: list[str]
  threads: int
  in_processes: bool


def choose(beam_args: Sequence[str], images: int, cores: int | None = None) -> Parallelism:
  """Completes Beam's arguments for a local run.

  Args:
    beam_args: as the user gave them; a runner, a mode or a number of workers in them is kept.
    images: how many there are to read.
    cores: of this machine; counted if None.
  """
  cores = cores or os.cpu_count() or 1
  runner, others = _taken('--runner', beam_args)
  if runner not in _LOCAL:
    # However many jobs an engine gives to one Python process at a time: each has a core.
    return Parallelism(list(beam_args), threads=_AHEAD, in_processes=True)
  local = [*others, f'--runner={LOCAL_RUNNER}']
  mode, workers = (_taken(name, others)[0] for name in ('--direct_running_mode', '--direct_num_workers'))
  if mode or workers:
    return Parallelism(local, threads=_AHEAD, in_processes=mode == _THREADS)
  processes = min(cores, images // IMAGES_PER_PROCESS)
  if processes < 2:
    return Parallelism(local, threads=cores, in_processes=False)
  local += [f'--direct_running_mode={_THREADS}', f'--direct_num_workers={processes}']
  return Parallelism(local, threads=_AHEAD, in_processes=True)


def threads(root: str, beam_args: Sequence[str], images: int) -> int:
  """How many threads a job uses that reads images below `root`."""
  chosen = choose(beam_args, images).threads
  return max(chosen, _REMOTE) if files.is_remote(root) else chosen


def _taken(name: str, arguments: Sequence[str]) -> tuple[str, list[str]]:
  """The value of one of Beam's arguments ('' if it is not given), and all other arguments."""
  parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
  parser.add_argument(name, dest='value', default='')
  known, others = parser.parse_known_args(list(arguments))
  return known.value, others
