"""`detection-pipeline compile`: the pipeline as a file for Kubeflow Pipelines."""

import argparse

from cli.shared import quiet, run_config

HELP = 'compile the pipeline for Kubeflow Pipelines'
ORDER = 50


def add_arguments(parser: argparse.ArgumentParser) -> None:
  run_config.add_arguments(parser)
  parser.add_argument('--target', choices=['kfp', 'kfp-v1'], default='kfp', help='KFP 2, or Argo for KFP v1')
  parser.add_argument('--output', required=True, metavar='FILE')


def run(args: argparse.Namespace) -> int:
  config = run_config.load(args)
  with quiet.third_party():
    from kubeflow.compiler import targets

    targets.compile_config(config, args.target, args.output)
  print(f'{args.output}: compiled for {args.target}')
  return 0
