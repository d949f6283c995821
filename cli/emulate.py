"""`detection-pipeline emulate`: a compiled file, run without a cluster, each container's command in a process."""

import argparse

HELP = 'run a compiled file without a cluster, task by task'
ORDER = 60


def add_arguments(parser: argparse.ArgumentParser) -> None:
  parser.add_argument('file', metavar='FILE')
  parser.add_argument('--root', required=True, metavar='DIR', help='where artifacts, logs and state go')
  parser.add_argument('--oss', action='store_true', help='as the open-source driver and launcher do')
  parser.add_argument('--without-mlmd', action='store_true', help='as --oss, in the release that drops MLMD')
  parser.add_argument('--pipeline-root', metavar='URI', help='with --oss, in place of the one in the file')
  parser.add_argument('--no-cache', action='store_true', help='run what KFP would take from an earlier run')
  parser.add_argument('--param', metavar='NAME=VALUE', action='append', default=[], help="a run's parameter")


def run(args: argparse.Namespace) -> int:
  from kubeflow.emulator import emulate

  options = emulate.Options(
    args.oss or args.without_mlmd, args.without_mlmd, args.pipeline_root, use_cache=not args.no_cache
  )
  return 0 if emulate.emulate(args.file, args.root, args.param, options) else 1
