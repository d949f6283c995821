"""The memory that ConfigPatcher estimates for training, against the peak of real training steps on the CPU.

    python -m benchmarks.memory_estimate [NAME:BATCH ...]

Each config is trained for two steps in a process of its own; the peak is that process's largest resident size.
"""

import resource
import subprocess
import sys
import tempfile
from pathlib import Path

DEFAULT = (
  'ssd_mobilenet_v2_fpnlite_320:16',
  'efficientdet_d0_512:2',
  'faster_rcnn_resnet50_v1_640:1',
  'centernet_resnet50_v2_512:2',
)
STEPS = 2


def main() -> None:
  if sys.argv[1:2] == ['--measure']:
    print(measure(*sys.argv[2:]))
    return
  print('| base | batch | estimate, GiB | peak, GiB | estimate / peak |\n|---|---|---|---|---|', flush=True)
  for item in sys.argv[1:] or DEFAULT:
    command = [sys.executable, '-m', 'benchmarks.memory_estimate', '--measure', *item.split(':')]
    print(subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip(), flush=True)


def measure(name: str, batch: str) -> str:
  """Trains a built-in base; returns its row of the table."""
  from benchmarks import drawn_shapes
  from detection.odapi import label_map
  from detection.odapi.config import config_io
  from detection.odapi.model import engine, inputs
  from detection.pipeline_config import builtin_bases, memory, patch

  with tempfile.TemporaryDirectory() as folder:
    labels = Path(folder) / 'label_map.pbtxt'
    labels.write_text(label_map.dump(drawn_shapes.LABELS))
    records = drawn_shapes.write(Path(folder) / 'examples', 2 * int(batch), seed=0)
    request = patch.Request(len(drawn_shapes.LABELS), str(labels), records, records, STEPS, int(batch))
    config = patch.patch(config_io.parse(builtin_bases.text(name)), request)
    built = engine.Engine(config)
    batches = built.batches(inputs.InputOptions(cache='none'))
    for _ in range(STEPS):
      built.train_step(batches)
  peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
  estimate = memory.estimate(config)
  return f'| {name} | {batch} | {estimate:.2f} | {peak:.2f} | {estimate / peak:.2f} |'


if __name__ == '__main__':
  main()
