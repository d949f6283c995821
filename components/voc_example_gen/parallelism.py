"""Chooses how many processes and threads a local run uses, by the size of the data."""

import os
from collections.abc import Sequence
from typing import NamedTuple

from components.voc_example_gen.spread.worker_processes import AS_MANY_AS_CORES
from detection.base import beam_options, files
from detection.base.errors import ConfigError

# Threads share an interpreter. A process starts in 0.7 s, in which they read some thousand images.
IMAGES_PER_PROCESS = 2_000
# Beam's "DirectRunner" first tries to download and start another engine, Prism; this is the one it falls back to.
LOCAL_RUNNER = 'FnApiRunner'
_LOCAL = ('', 'DirectRunner', 'SwitchingDirectRunner', LOCAL_RUNNER)
_MODE, _WORKERS, _PARALLELISM = '--direct_running_mode', '--direct_num_workers', '--parallelism'
_THREADS = 'multi_threading'
_NAMES_OF_AN_IMAGE = 2  # its own, and its annotation's
_ONE = 1  # thread of a process that has a core: the system reads ahead for it
_REMOTE = 16  # threads where each read waits for a store


class Parallelism(NamedTuple):
  """How a run is divided.

  Attributes:
    beam_args: completed, for an engine; None where this machine runs all jobs without one.
    threads: of each job, where files are on a disk; see `threads`.
    processes: that run jobs at a time, for each of an engine's workers at most; 0 if the process that is given a job
      runs it.
  """

  beam_args: list[str] | None
  threads: int
  processes: int


def choose(beam_args: Sequence[str], images: int, cores: int | None = None) -> Parallelism:
  """Decides where jobs run.

  Beam's local runner is used only where one of its own modes is asked for: it takes seconds to begin, and threads of
  it would have a process each all the same.

  Args:
    beam_args: as the user gave them; a runner, a mode or a number of workers in them is kept.
    images: how many there are to read.
    cores: of this machine; counted if None.

  Raises:
    ConfigError: if the number of workers is none.
  """
  cores = cores or os.cpu_count() or 1
  runner, others = beam_options.taken(beam_args, '--runner')
  if runner not in _LOCAL:
    # Prism gives all jobs to one worker, however many it is asked to run at a time.
    most = beam_options.taken(others, _PARALLELISM)[0]
    return Parallelism(list(beam_args), _ONE, int(most) if most.isdecimal() and int(most) else AS_MANY_AS_CORES)
  mode, workers = (beam_options.taken(others, name)[0] for name in (_MODE, _WORKERS))
  if mode not in ('', _THREADS):
    return Parallelism([*others, f'--runner={LOCAL_RUNNER}'], _ONE, processes=0)
  if workers or mode:
    return Parallelism(None, _ONE, processes=_number(workers or '1') or cores)
  processes = min(cores, images // IMAGES_PER_PROCESS)
  return Parallelism(None, _ONE, processes) if processes > 1 else Parallelism(None, cores, processes=0)


def ahead(beam_args: Sequence[str], names: int, cores: int | None = None) -> int:
  """How many processes of this machine will run jobs, as far as the names in a folder tell: it may hold fewer images.

  Args:
    beam_args, cores: see `choose`.
    names: of files, with those of annotations.
  """
  cores = cores or os.cpu_count() or 1
  chosen = choose(beam_args, names // _NAMES_OF_AN_IMAGE, cores)
  is_here = chosen.beam_args is None or beam_options.runs_here(chosen.beam_args)
  return min(chosen.processes, cores) if is_here else 0


def threads(root: str, beam_args: Sequence[str], images: int) -> int:
  """How many threads a job uses that reads images below `root`."""
  chosen = choose(beam_args, images).threads
  return max(chosen, _REMOTE) if files.is_remote(root) else chosen


def _number(workers: str) -> int:
  if not workers.isdecimal():
    raise ConfigError(f'beam.args: {_WORKERS}: expected a number (0 for all cores), received {workers!r}.')
  return int(workers)
