"""Runs a compiled KFP v2 file without a cluster: task by task, each container's exact command in a local process.

Files below the given root:

    run-1/<Task>/executor_input.json  what the driver made for it
    run-1/<Task>/attempt-1.log      what the container printed
    run-1/<Task>/attempt-1/         a failed attempt's pod file system
    run-1/<Task>/outputs.json       what a task gave, for later runs to take from the cache
    run-1/artifacts/                outputs, plain mode
    run-1/state.json                what became of each task
    store/minio/<bucket>/...        outputs, --oss: a folder that stands for the object store
    emulated-pod/                   the pod file system of the task under way; its path is the same for all tasks of all
                                    runs, as on a cluster, since one may write paths into files that another one reads
    lock                            held while a run is under way
"""

import contextlib
import dataclasses
import fcntl
import itertools
import pathlib
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from detection.base.errors import ConfigError
from kubeflow.compiler import compiled_file
from kubeflow.emulator import clusters
from kubeflow.emulator.run import POD, Run
from kubeflow.settings import ROOT_SCHEMES

_DEFAULT_ROOT = 'minio://mlpipeline/v2/artifacts'


@dataclasses.dataclass(frozen=True)
class Options:
  """How a file is emulated.

  Attributes:
    open_source: send and do exactly what open-source KFP's driver and launcher do; else what Vertex AI does.
    without_mlmd: with open_source, as the release does that drops MLMD.
    pipeline_root: with open_source, URI below which artifacts are kept; by default what the file says.
    use_cache: take outputs of earlier runs below the same root where KFP would, see cache.py.
  """

  open_source: bool = False
  without_mlmd: bool = False
  pipeline_root: str | None = None
  use_cache: bool = True


def emulate(
  path: str,
  root: str,
  parameters: Sequence[str] = (),
  options: Options | None = None,
  report: Callable[[str], None] = print,
) -> bool:
  """Runs the file at `path`; returns whether every task has succeeded.

  Args:
    path: a compiled schema 2.1.0 file, this project's or any of TFX's.
    root: the folder for artifacts, logs and state; a new run-N is made in it.
    parameters: NAME=VALUE for the run's parameters.
    options: by default Options().
    report: called with each line for the user.

  Raises:
    ConfigError: if the file, a parameter or the pipeline root cannot be used, or another run is under way in `root`.
  """
  options = options or Options()
  compiled = compiled_file.read(path)
  _refuse_conditions(compiled.spec, path)
  values = compiled_file.run_parameters(compiled.spec, parameters)
  uri = options.pipeline_root or compiled.spec.get('defaultPipelineRoot') or _DEFAULT_ROOT
  if options.open_source and not uri.startswith(ROOT_SCHEMES):
    raise ConfigError(f'--pipeline-root: the driver takes {", ".join(ROOT_SCHEMES)} only; received "{uri}".')
  with _new_run(pathlib.Path(root).absolute()) as folder:
    cluster = clusters.Plain(folder / 'artifacts')
    if options.open_source:
      kind = clusters.WithoutMlmd if options.without_mlmd else clusters.OpenSource
      cluster = kind(folder.parent / 'store', f'{uri}/{compiled.name}/{folder.name}')
    return Run(compiled, folder, cluster, values, options.use_cache, report).run()


def _refuse_conditions(spec: Mapping[str, Any], path: str) -> None:
  dags = [spec['root'], *spec['components'].values()]
  for tasks in (dag['dag']['tasks'] for dag in dags if 'dag' in dag):
    for name, task in tasks.items():
      if task.get('triggerPolicy', {}).get('condition'):
        raise ConfigError(f'{path}: task "{name}" has a condition, which is not emulated. Run the file on a cluster.')


@contextlib.contextmanager
def _new_run(root: pathlib.Path) -> Iterator[pathlib.Path]:
  """Yields the folder of a new run, and keeps others out of `root` meanwhile: all runs there have one pod."""
  try:
    root.mkdir(parents=True, exist_ok=True)
    lock = (root / 'lock').open('w')
  except OSError as error:
    raise ConfigError(f'--root {root}: cannot be written: {error.strerror}.') from error
  with lock:
    try:
      fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
      raise ConfigError(f'--root {root}: another run is under way there. Give this one a folder of its own.') from error
    if (root / POD).exists():  # left by a run that was killed
      shutil.rmtree(root / POD)
    folder = next(run for run in (root / f'run-{number}' for number in itertools.count(1)) if not run.exists())
    folder.mkdir()
    yield folder
