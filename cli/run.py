"""`detection-pipeline run`: the whole pipeline on this machine."""

import argparse

from cli.shared import run_config

HELP = 'run the whole pipeline on this machine'
ORDER = 40


def add_arguments(parser: argparse.ArgumentParser) -> None:
  run_config.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
  from pipeline import local_runner

  return local_runner.run(run_config.load(args))
