"""Minutes until a CPU-sized base reaches an AP50 on the eval split of a data folder, from scratch or from weights.

    python -m benchmarks.time_to_accuracy DIR [--config configs/cpu.yaml] [--target 0.9] [--every 100] [--set KEY=VALUE]

Runs the whole pipeline as a user would, evaluating more often. Seconds are those of training, evaluations included, by
the clock and by the CPU; the first step is also given from the start of the command.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from benchmarks.command import table

STARTS = 'starting at step 0'
FIRST_STEP = 'first step after'
EVALUATED = re.compile(r'step (\d+): evaluated')


def main() -> None:
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument('data', type=Path, help='a folder that `detection-pipeline run` takes')
  parser.add_argument('--config', type=Path, default=Path('configs/cpu.yaml'))
  parser.add_argument('--target', type=float, default=0.9, help='AP50')
  parser.add_argument('--every', type=int, default=100, help='steps between evaluations')
  parser.add_argument('--set', action='append', default=[], metavar='KEY=VALUE', help='as detection-pipeline takes it')
  args = parser.parse_args()
  with tempfile.TemporaryDirectory() as folder:
    settings = [f'output_root={folder}', f'train.eval_every={args.every}', 'evaluate.thresholds.AP50=0', *args.set]
    first_step, cpu = run(args.config, args.data, settings)
    (history,) = Path(folder).glob('*/pipeline/ODAPITrainer/model_run/*/history.jsonl')
    rows = [json.loads(line) for line in history.read_text().splitlines()]
  print('\n'.join(report([{**row, 'cpu': cpu[row['step']]} for row in rows], args.target, first_step)))


def run(config: Path, data: Path, settings: list[str]) -> tuple[float, dict[int, float]]:
  """Runs the pipeline.

  Returns:
    The seconds until its first training step was taken; {step: CPU seconds of training} at each evaluation.
  """
  command = [sys.executable, '-m', 'cli.main', 'run', config, '--data', data]
  command += [part for each in settings for part in ('--set', each)]
  began, first_step, cpu_before, cpu = time.monotonic(), float('nan'), 0.0, {}
  with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
    for line in process.stdout:
      print(line, end='', file=sys.stderr)
      if line.startswith(STARTS):
        cpu_before = cpu_seconds(process.pid)
      if line.startswith(FIRST_STEP):
        first_step = time.monotonic() - began
      if evaluated := EVALUATED.match(line):
        cpu[int(evaluated[1])] = cpu_seconds(process.pid) - cpu_before
  if process.returncode:
    raise SystemExit(f'detection-pipeline run: exit status {process.returncode}')
  return first_step, cpu


def cpu_seconds(process: int) -> float:
  """That a process has used."""
  times = psutil.Process(process).cpu_times()
  return times.user + times.system


def report(rows: list[dict], target: float, first_step: float) -> list[str]:
  """Markdown lines: a row for each evaluation, and the answer."""
  lines = table(
    ('step', 'training, s', 'CPU s', 'AP50', 'AP'),
    (
      (row['step'], f'{row["seconds"]:.0f}', f'{row["cpu"]:.0f}', f'{row["AP50"]:.3f}', f'{row["AP"]:.3f}')
      for row in rows
    ),
  )
  reached = next((row for row in rows if row['AP50'] >= target), None)
  answer = 'never'
  if reached:
    answer = f'{reached["seconds"]:.0f} s of training, {reached["cpu"]:.0f} CPU seconds, step {reached["step"]}'
  return [*lines, '', f'first step {first_step:.0f} s after the start of the command; AP50 {target:.2f}: {answer}']


if __name__ == '__main__':
  main()
