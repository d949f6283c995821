"""The arguments of commands that take a run config: the file, and what the command line puts on top of it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
  from pipeline.config import RunConfig


def add_arguments(parser: argparse.ArgumentParser) -> None:
  """Adds CONFIG, --data and --set."""
  parser.add_argument('config', metavar='CONFIG', help='a run config, as in configs/')
  parser.add_argument('--data', metavar='DIR', help='takes the place of data.root')
  parser.add_argument('--set', metavar='KEY.PATH=VALUE', action='append', default=[], help='any value of the config')


def load(args: argparse.Namespace) -> RunConfig:
  """Reads the run config that the arguments name.

  Raises:
    ConfigError: if it cannot be read, or any value in it is wrong.
  """
  from pipeline import config

  return config.load(args.config, args.data, args.set)
