"""`detection-pipeline models`: the built-in base configs, as a table."""

import argparse

HELP = 'the built-in base configs, with size, speed and use'
ORDER = 30


def add_arguments(parser: argparse.ArgumentParser) -> None:
  """It has none."""


def run(args: argparse.Namespace) -> int:
  from detection.pipeline_config import builtin_bases

  print(builtin_bases.table())
  return 0
