"""Time and peak memory of StatisticsGen as the number of records grows.

    python -m benchmarks.statistics_memory DIRECTORY [--records 100000 1000000] [--workers 1 2]

The records are those of training_start.py, hard links to one file. Each row is a process of its own, with the options
that pipeline/pipeline.py gives. One worker is a thread of that process; several are processes of Beam beside it.
"""

import argparse
import os
import resource
import subprocess
import sys
import time
from pathlib import Path


def measure(root: Path, workers: int) -> str:
  """The row of a table: seconds, and peak memory before the work, of this process, and of the largest worker."""
  import tempfile

  from tensorflow_data_validation import StatsOptions
  from tfx.components.statistics_gen.executor import Executor
  from tfx.dsl.components.base import base_beam_executor
  from tfx.types import artifact_utils, standard_artifacts

  from pipeline.config import BeamConfig

  parallel = ['--direct_running_mode=multi_processing', f'--direct_num_workers={workers}'] if workers > 1 else []
  examples, statistics = standard_artifacts.Examples(), standard_artifacts.ExampleStatistics()
  examples.uri, examples.split_names = str(root), artifact_utils.encode_split_names(['train', 'eval'])
  options = StatsOptions(use_sketch_based_topk_uniques=True).to_json()
  with tempfile.TemporaryDirectory() as folder:
    statistics.uri = folder
    context = base_beam_executor.BaseBeamExecutor.Context(
      beam_pipeline_args=BeamConfig(args=parallel).pipeline_args, tmp_dir=folder, unique_id='1'
    )
    before, started = _peak(resource.RUSAGE_SELF), time.perf_counter()
    properties = {'stats_options_json': options, 'exclude_splits': '[]'}
    Executor(context).Do({'examples': [examples]}, {'statistics': [statistics]}, properties)
    seconds = time.perf_counter() - started
  peaks = [before, _peak(resource.RUSAGE_SELF), _peak(resource.RUSAGE_CHILDREN) if workers > 1 else 0]
  return f'| {seconds:.1f} | {" | ".join(f"{peak:.0f}" for peak in peaks)} |'


def _peak(who: int) -> float:
  """MiB."""
  return resource.getrusage(who).ru_maxrss / 2**10


def main() -> None:
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument('directory', type=Path)
  parser.add_argument('--records', type=int, nargs='+', default=[100_000, 1_000_000])
  parser.add_argument('--workers', type=int, nargs='+', default=[1])
  parser.add_argument('--here', type=Path, help=argparse.SUPPRESS)
  arguments = parser.parse_args()
  if arguments.here:
    print(measure(arguments.here, arguments.workers[0]))
    return
  from benchmarks import training_start

  print('| records | workers | s | MiB before | MiB | largest worker, MiB |\n|---|---|---|---|---|---|', flush=True)
  for records in arguments.records:
    root = (arguments.directory / str(records)).absolute()
    training_start.write(root, records)
    for workers in arguments.workers:
      command = [sys.executable, '-m', 'benchmarks.statistics_memory', str(root), '--here', str(root)]
      done = subprocess.run(
        [*command, '--workers', str(workers)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
        env={**os.environ, 'PATH': os.pathsep.join((os.path.dirname(sys.executable), os.environ['PATH']))},
      )
      print(f'| {records} | {workers} {done.stdout.splitlines()[-1]}', flush=True)


if __name__ == '__main__':
  main()
