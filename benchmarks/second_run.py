"""What a second run on unchanged images takes until VocExampleGen answers from the cache, and what all of it takes.

    python -m benchmarks.second_run DIRECTORY [--images 10000] [--rounds 2]

DIRECTORY gets the images of benchmarks.ingest_scale, some thousand drawn ones of 4 kB, and the runs. The first run
trains one step; its time is not told. Then `run` is called again, in a process of its own, with a clock in it.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

from benchmarks import ingest_scale

_RUN = """
import json, sys, time
import psutil
begun = psutil.Process().create_time()
now = lambda: (time.time() - begun, time.process_time())
at = {}  # {phase: [(wall, CPU) when it begins, when it ends]}

from cli import main
from tfx.orchestration import metadata
from tfx.orchestration.local import local_dag_runner
from tfx.orchestration.portable import launcher
from components.voc_example_gen import driver, listing
from pipeline import outcome, pipeline
at['imports'] = [(0, 0), now()]

def timed(owner, name, phase, only=lambda *args: True):
  function = getattr(owner, name)
  def call(*args, **kwargs):
    if not only(*args):
      return function(*args, **kwargs)
    begins = now()
    try:
      return function(*args, **kwargs)
    finally:
      at[phase] = [begins, now()]
  setattr(owner, name, call)

is_ingestion = lambda launched, *args: launched._pipeline_node.node_info.id == 'VocExampleGen'
timed(launcher.Launcher, 'launch', 'step', is_ingestion)
timed(driver.Driver, 'run', 'driver')
timed(listing, 'state_of', 'fingerprint')
status = main.main(['run', *sys.argv[1:]])
at['before it'] = [at['imports'][1], at['step'][0]]
at['run'] = [(0, 0), now()]
print(json.dumps(at), flush=True)
"""
_PHASES = {
  'imports': 'TensorFlow, TFX and so on',
  'before it': 'building the pipeline',
  'step': 'VocExampleGen, to its answer from the cache',
  'driver': 'of this, its driver',
  'fingerprint': 'of this, the fingerprint',
  'run': 'the whole run, all steps from the cache',
}
_CONFIG = """
name: again
output_root: {root}
data: {{root: {data}, format: voc, split: {{method: hash, eval_fraction: 0.01}}}}
model: {{base: ssd_mobilenet_v2_fpnlite_cpu_160}}
train: {{num_steps: 1, batch_size: 1, eval_every: 1}}
evaluate: {{thresholds: {{AP50: 0.0}}}}
"""


def run(config: Path) -> dict:
  """Runs the pipeline in a process of its own. Returns what was printed last."""
  command = [sys.executable, '-c', _RUN, str(config)]
  done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[1])
  if done.returncode:
    raise RuntimeError(f'{config}: exit status {done.returncode}: {done.stderr[-2000:]}')
  return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument('directory', type=Path)
  parser.add_argument('--images', type=int, default=10_000)
  parser.add_argument('--rounds', type=int, default=2)
  arguments = parser.parse_args()
  directory = arguments.directory.absolute()
  data = directory / str(arguments.images)
  ingest_scale.write(data, arguments.images)
  config = directory / f'again-{arguments.images}.yaml'
  config.write_text(_CONFIG.format(root=directory / f'runs-{arguments.images}', data=data))
  run(config)
  print('| phase | seconds | CPU seconds |\n|---|---|---|', flush=True)
  rounds = [run(config) for _ in range(arguments.rounds)]
  for phase, what in _PHASES.items():
    spent = [[after - before for before, after in zip(*found[phase], strict=True)] for found in rounds]
    wall, cpu = (
      ' to '.join(f'{one:.2f}' for one in sorted({min(some), max(some)})) for some in zip(*spent, strict=True)
    )
    print(f'| {what} | {wall} | {cpu} |', flush=True)


if __name__ == '__main__':
  main()
