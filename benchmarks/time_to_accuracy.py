"""Minutes until a CPU-sized base, trained from scratch on a data folder, reaches an AP50 on its eval split.

    python -m benchmarks.time_to_accuracy DIR [--config configs/cpu.yaml] [--target 0.9] [--every 100]

Runs the whole pipeline as a user would, evaluating more often. Seconds are those of training, evaluations included;
the first step is also given from the start of the command.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FIRST_STEP = 'first step after'


def main() -> None:
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument('data', type=Path, help='a folder that `detection-pipeline run` takes')
  parser.add_argument('--config', type=Path, default=Path('configs/cpu.yaml'))
  parser.add_argument('--target', type=float, default=0.9, help='AP50')
  parser.add_argument('--every', type=int, default=100, help='steps between evaluations')
  args = parser.parse_args()
  with tempfile.TemporaryDirectory() as folder:
    first_step = run(args.config, args.data, args.every, Path(folder))
    (history,) = Path(folder).glob('*/pipeline/ODAPITrainer/model_run/*/history.jsonl')
    rows = [json.loads(line) for line in history.read_text().splitlines()]
  print('\n'.join(report(rows, args.target, first_step)))


def run(config: Path, data: Path, every: int, output: Path) -> float:
  """Runs the pipeline; returns the seconds until its first training step was taken."""
  program = Path(sys.executable).with_name('detection-pipeline')
  settings = [f'output_root={output}', f'train.eval_every={every}', 'evaluate.thresholds.AP50=0']
  command = [program, 'run', config, '--data', data, *(part for each in settings for part in ('--set', each))]
  began, first_step = time.monotonic(), float('nan')
  with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
    for line in process.stdout:
      print(line, end='', file=sys.stderr)
      if line.startswith(FIRST_STEP):
        first_step = time.monotonic() - began
  if process.returncode:
    raise SystemExit(f'{program.name}: exit status {process.returncode}')
  return first_step


def report(rows: list[dict], target: float, first_step: float) -> list[str]:
  """Markdown lines: a row for each evaluation, and the answer."""
  lines = ['| step | training, s | AP50 | AP |', '|---|---|---|---|']
  lines += [f'| {row["step"]} | {row["seconds"]:.0f} | {row["AP50"]:.3f} | {row["AP"]:.3f} |' for row in rows]
  reached = next((row for row in rows if row['AP50'] >= target), None)
  answer = f'{reached["seconds"] / 60:.1f} minutes of training, step {reached["step"]}' if reached else 'never'
  return [*lines, '', f'first step {first_step:.0f} s after the start of the command; AP50 {target:.2f}: {answer}']


if __name__ == '__main__':
  main()
