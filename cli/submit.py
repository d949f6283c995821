"""`detection-pipeline submit`: starts a run of a compiled file on a KFP server, and follows it to its end."""

import argparse

HELP = 'start a run of a compiled file on a KFP server, and follow it'
ORDER = 70


def add_arguments(parser: argparse.ArgumentParser) -> None:
  parser.add_argument('file', metavar='FILE')
  parser.add_argument('--endpoint', required=True, metavar='URL')
  parser.add_argument('--param', metavar='NAME=VALUE', action='append', default=[], help="a run's parameter")
  parser.add_argument('--pipeline-root', metavar='URI', help='in place of the one in the file')
  parser.add_argument('--experiment', metavar='NAME')
  parser.add_argument('--run-name', metavar='NAME')
  parser.add_argument('--namespace', metavar='NAME', help='of a multi-user installation')
  parser.add_argument('--token-file', metavar='FILE', help='a bearer token')
  parser.add_argument('--no-wait', action='store_true', help='return when the run has started')


def run(args: argparse.Namespace) -> int:
  from kubeflow import submit

  server = submit.Server(args.endpoint, submit.read_token(args.token_file), args.namespace)
  options = submit.Options(args.pipeline_root, args.experiment, args.run_name, wait=not args.no_wait)
  return 0 if submit.submit(args.file, server, args.param, options) else 1
