"""The speed of training on both stacks, or under other flags, side by side (docs/stack.md).

    python -m benchmarks.stack_speed DIR --side legacy=.venv/bin/python \\
        --side current='python3 tools/debian13.py .venv/bin/python' [--size 160] [--rounds 8] [--train-loop legacy]

DIR is below the checkout, since a Debian 13 root sees nothing else of this host. A side is a command that runs Python;
`env NAME=VALUE` before it sets a flag. All sides train at once, each in a process of its own, and take their steps in
turn: while one computes, the others wait. So a busy machine is busy for all. Each round gives a ratio to the first
side; the table has the medians. --train-loop also runs the OD API's own loop on that side, once a round.
"""

import argparse
import contextlib
import json
import os
import shlex
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, TextIO

from benchmarks import command, train

STEPS = 10  # of one side, before it is the next one's turn


def main() -> None:
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument('folder', type=Path, metavar='DIR')
  parser.add_argument('--side', action='append', default=[], metavar='NAME=COMMAND')
  parser.add_argument('--size', type=int, choices=train.BASES, default=160, help='input, in pixels')
  parser.add_argument('--rounds', type=int, default=8, help=f'of {STEPS} steps')
  parser.add_argument('--bfloat16', nargs='*', default=[], metavar='NAME', help='sides with precision mixed_bfloat16')
  parser.add_argument('--imports', type=int, default=3, help='how often to import, for its seconds')
  parser.add_argument('--train-loop', metavar='NAME')
  parser.add_argument('--worker', metavar='PRECISION', help=argparse.SUPPRESS)
  args = parser.parse_args()
  folder = Path(os.path.relpath(args.folder))
  if args.worker:
    work(folder, args.size, args.worker)
    return
  commands = {name: shlex.split(rest) for name, _, rest in (side.partition('=') for side in args.side)}
  if not folder.exists():
    folder.mkdir(parents=True)
    examples = train.draw(folder)
    for size in train.BASES:
      train.write_config(size, examples, folder)
  sides = {}
  for name, python in commands.items():
    sides[name] = Side(python, folder, args.size, 'mixed_bfloat16' if name in args.bfloat16 else 'float32')
  peers = []
  for number in range(args.rounds):
    for side in sides.values():
      side.take_steps()
    if args.train_loop:
      peers.append(_train_loop(commands[args.train_loop], folder, args.size, number))
  facts = {name: side.end() for name, side in sides.items()}
  imports = import_seconds(commands, args.imports)
  print('\n'.join(table(args, {name: side.turns for name, side in sides.items()}, facts, imports, peers)))


class Side:
  """A training that takes steps when it is told to."""

  def __init__(self, python: Sequence[str], folder: Path, size: int, precision: str) -> None:
    """Starts it, and waits until it has taken its first steps."""
    module = ['-m', 'benchmarks.stack_speed', str(folder), '--size', str(size), '--worker', precision]
    self._began = time.time()
    self._process = subprocess.Popen([*python, *module], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    self._first = self._answer()
    self.turns: list[dict[str, float]] = []

  def take_steps(self) -> None:
    """Takes some steps, and notes what they took."""
    self._tell('steps\n')
    self.turns.append(self._answer())

  def end(self) -> dict[str, Any]:
    """Ends the training; returns what there is to know of it, in seconds since it was started."""
    self._tell('end\n')
    facts = self._answer()
    self._process.wait()
    return {**facts, **{name: value - self._began for name, value in self._first.items()}}

  def _tell(self, line: str) -> None:
    stream = _pipe(self._process.stdin)
    stream.write(line)
    stream.flush()

  def _answer(self) -> dict[str, Any]:
    for line in _pipe(self._process.stdout):
      if line.startswith('{'):
        return json.loads(line)
    raise SystemExit(f'{self._process.args}: ended with status {self._process.wait()}')


def _pipe(stream: IO[str] | None) -> IO[str]:
  if stream is None:
    raise RuntimeError('expected a process that was started with pipes, received one without')
  return stream


def work(folder: Path, size: int, precision: str) -> None:
  """Trains, some steps at a time, each time that a line comes in."""
  answers = sys.stdout
  with contextlib.redirect_stdout(sys.stderr):
    from detection.odapi import label_map
    from detection.odapi.config import config_io
    from detection.training import training
    from detection.training.parts import Task
    from detection.training.settings import TrainSettings

    config = config_io.parse((folder / f'{size}.config').read_text())
    config.train_config.num_steps = 10**6
    labels = label_map.parse(Path(config.train_input_reader.label_map_path).read_text())
    settings = TrainSettings(eval_every=0, precision=precision)
    kept = folder / f'{size}-{precision}-{time.time()}'
    training.train(Task(config, labels, settings), str(kept), extra_hooks=[paced(answers)])


def paced(answers: TextIO) -> Any:
  """A hook that stops the time of each step, and lets the training wait for its turn."""
  import resource

  from detection.training.hooks.hook import Hook, ImageIds
  from detection.training.state import TrainState

  def answer(**facts: float) -> None:
    print(json.dumps(facts), file=answers, flush=True)

  class Paced(Hook):
    seconds: list[float] = []
    before = first = 0.0
    used = resource.getrusage(resource.RUSAGE_SELF)

    def after_step(self, state: TrainState, image_ids: ImageIds) -> None:
      now = time.time()
      self.seconds.append(now - self.before)
      self.first = self.first or now
      if state.step % STEPS == 0:
        self.answer_and_wait(state.step, now)
        now = time.time()
      self.before = now

    def answer_and_wait(self, step: int, now: float) -> None:
      used = resource.getrusage(resource.RUSAGE_SELF)
      if step == STEPS:
        answer(first=self.first, tenth=now)
      else:
        cpu = used.ru_utime + used.ru_stime - self.used.ru_utime - self.used.ru_stime
        faults = used.ru_minflt - self.used.ru_minflt
        answer(step=statistics.median(self.seconds), cpu=cpu / STEPS, faults=faults / STEPS)
      if sys.stdin.readline() != 'steps\n':
        answer(peak=used.ru_maxrss / 1024, size=environment_size())
        os._exit(0)
      self.seconds.clear()
      self.used = resource.getrusage(resource.RUSAGE_SELF)

  return Paced()


def environment_size() -> float:
  """GB that the environment's files take."""
  paths = (path for path in Path(sys.prefix).rglob('*') if not path.is_symlink())
  return sum(path.stat().st_blocks * 512 for path in paths) / 1e9


def import_seconds(commands: dict[str, list[str]], turns: int) -> dict[str, float]:
  """{side: seconds that importing all of training takes}, medians of some turns."""
  code = 'import time; began = time.time(); import detection.training.training; print(time.time() - began)'
  times: dict[str, list[float]] = {name: [] for name in commands}
  for _ in range(turns):
    for name, python in commands.items():
      said = subprocess.run([*python, '-c', code], capture_output=True, text=True, check=True).stdout
      times[name].append(float(said.splitlines()[-1]))
  return {name: statistics.median(found or [float('nan')]) for name, found in times.items()}


def _train_loop(python: Sequence[str], folder: Path, size: int, number: int) -> dict[str, float]:
  return train.measure('theirs', folder / f'{size}.config', folder / f'{size}-loop-{number}-{time.time()}', python)


def table(
  args: argparse.Namespace,
  turns: dict[str, list[dict[str, float]]],
  facts: dict[str, dict],
  imports: dict[str, float],
  peers: list[dict],
) -> list[str]:
  """Markdown lines."""
  steps = {name: [turn['step'] for turn in found] for name, found in turns.items()}
  reference = next(iter(steps.values()))
  rows: list[list[Any]] = []
  for name, found in steps.items():
    cpu, faults = (statistics.median(turn[key] for turn in turns[name]) for key in ('cpu', 'faults'))
    own = facts[name]
    rows.append([name, *_step(found, reference), f'{1e3 * cpu:.0f}', f'{faults:.0f}', f'{own["first"]:.1f}'])
    rows[-1] += [f'{own["tenth"]:.1f}', f'{imports[name]:.1f}', f'{own["peak"]:.0f}', f'{own["size"]:.2f}']
  if peers:
    tenth, peak = (statistics.median(peer[key] for peer in peers) for key in ('tenth', 'peak'))
    step = _step([1 / peer['rate'] for peer in peers], reference)
    rows.append(['train_loop', *step, '', '', '', f'{tenth:.1f}', '', f'{peak:.0f}', ''])
  columns = ['side', 'ms a step', 'ratio: median (least to most)', 'CPU ms a step', 'page faults a step']
  columns += ['s to the first step', 's to the tenth', 's to import', 'peak memory, MB', 'environment, GB']
  base = train.BASES[args.size]
  return [f'{base}, batch {train.BATCH}, {args.rounds} rounds of {STEPS} steps', '', *command.table(columns, rows)]


def _step(found: Sequence[float], reference: Sequence[float]) -> list[str]:
  ratios = [a / b for a, b in zip(found, reference, strict=True)]
  ratio = f'{statistics.median(ratios):.3f} ({min(ratios):.2f} to {max(ratios):.2f})'
  return [f'{1e3 * statistics.median(found):.1f}', ratio]


if __name__ == '__main__':
  os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')
  main()
