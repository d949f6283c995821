"""The `detection-pipeline` command. Each command is a file of this folder, with its flags and what it does.

The file check_data.py is the command check-data. It has:

    HELP = 'one line'
    ORDER = 20                          # its place in --help; without one it comes last
    def add_arguments(parser): ...
    def run(args) -> int: ...           # returns the exit status

Such a file imports at its top only what loads at once; TensorFlow, TFX and NumPy are imported inside functions. So
--help and usage errors answer in under a second.

Exit status: 0 done; 1 failed; 2 bad usage or config; 3 ran to the end, not blessed.
"""

import argparse
import gc
import importlib
import os
import pathlib
import pkgutil
import sys
from collections.abc import Sequence
from typing import Protocol, cast

from detection.base.errors import UserError

_LAST = 1000
# Importing TensorFlow and TFX makes a million objects that stay. Looking for garbage among them at the usual 700 new
# objects takes a fifth of the time.
_GARBAGE = (50_000, 20, 50)


class Command(Protocol):
  """What a command's module has."""

  HELP: str

  def add_arguments(self, parser: argparse.ArgumentParser) -> None: ...

  def run(self, args: argparse.Namespace) -> int: ...


def main(argv: Sequence[str] | None = None) -> int:
  """Runs one command; a user's mistake is one line on stderr, a bug keeps its traceback."""
  gc.set_threshold(*_GARBAGE)
  found = commands()
  args = _parser(found).parse_args(argv)
  try:
    return found[args.command].run(args)
  except UserError as error:
    print(f'detection-pipeline {args.command}: {error}', file=sys.stderr)
    return error.exit_status
  except BrokenPipeError:
    # The reader has enough, as in `... | head`. What is left in the buffer goes nowhere.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
  except KeyboardInterrupt:
    print(f'detection-pipeline {args.command}: interrupted', file=sys.stderr)
    return 130


def commands() -> dict[str, Command]:
  """{name: module} of every command, in the order of --help."""
  folder = str(pathlib.Path(__file__).parent)
  names = [module.name for module in pkgutil.iter_modules([folder]) if not module.ispkg and module.name != 'main']
  modules = {name.replace('_', '-'): importlib.import_module(f'cli.{name}') for name in names}
  ordered = sorted(modules.items(), key=lambda item: (getattr(item[1], 'ORDER', _LAST), item[0]))
  return {name: cast(Command, module) for name, module in ordered}


def _parser(found: dict[str, Command]) -> argparse.ArgumentParser:
  parser = argparse.ArgumentParser(prog='detection-pipeline', description='labelImg folder in, served detector out.')
  subparsers = parser.add_subparsers(dest='command', metavar='COMMAND', required=True)
  for name, command in found.items():
    command.add_arguments(subparsers.add_parser(name, help=command.HELP))
  return parser


if __name__ == '__main__':
  sys.exit(main())
