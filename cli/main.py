"""The `detection-pipeline` command: what can be asked, and which function answers.

Only the standard library is imported here; each command imports what it needs when it runs, so that --help and usage
errors answer at once. Exit status: 0 done; 1 failed; 2 bad usage or config; 3 ran to the end, not blessed.
"""

import argparse
import os
import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
  """Runs one command; a user's mistake is one line on stderr, a bug keeps its traceback."""
  args = _parser().parse_args(argv)
  from detection.base.errors import UserError

  try:
    return args.command(args)
  except UserError as error:
    print(f'detection-pipeline {args.name}: {error}', file=sys.stderr)
    return error.exit_status
  except BrokenPipeError:
    # Whoever reads has enough, as in `... | head`. What is left in the buffer goes nowhere.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
  except KeyboardInterrupt:
    print(f'detection-pipeline {args.name}: interrupted', file=sys.stderr)
    return 130


def _parser() -> argparse.ArgumentParser:
  parser = argparse.ArgumentParser(prog='detection-pipeline', description='labelImg folder in, served detector out.')
  commands = parser.add_subparsers(dest='name', metavar='COMMAND', required=True)
  _add_data_commands(commands)
  _add_run_commands(commands)
  _add_model_commands(commands)
  return parser


def _add_data_commands(commands: argparse._SubParsersAction) -> None:
  """Data, and the bases there are."""
  command = commands.add_parser('sample-data', help='draw a small labelled VOC data set')
  command.add_argument('directory', metavar='DIR')
  command.add_argument('--images', type=int, default=200, metavar='N')
  command.add_argument('--seed', type=int, default=0, metavar='S')
  command.add_argument('--domain', default='plain', metavar='NAME', help='another look: night, fog or wall')
  command.set_defaults(command=_sample_data)

  command = commands.add_parser('check-data', help='what is wrong with a data set, before training')
  command.add_argument('directory', metavar='DIR')
  command.add_argument('--json', metavar='FILE', help='write the whole report')
  command.add_argument('--csv', metavar='FILE', help='write every usable box as a table row')
  command.add_argument('--suspects', metavar='DIR', help='look for wrong labels; write suspects.json and a page there')
  command.add_argument('--model', metavar='MODEL', help='with --suspects: a trained model, or NETWORK=WEIGHTS of Keras')
  command.set_defaults(command=_check_data)

  command = commands.add_parser('models', help='the built-in base configs, with size, speed and use')
  command.set_defaults(command=_models)


def _add_run_commands(commands: argparse._SubParsersAction) -> None:
  """Whole runs: here, on Kubeflow, and what they left."""
  command = commands.add_parser('run', help='run the whole pipeline on this machine')
  _add_config(command)
  command.set_defaults(command=_run)

  command = commands.add_parser('compile', help='compile the pipeline for Kubeflow Pipelines')
  _add_config(command)
  command.add_argument('--target', choices=['kfp', 'kfp-v1'], default='kfp', help='KFP 2, or Argo for KFP v1')
  command.add_argument('--output', required=True, metavar='FILE')
  command.set_defaults(command=_compile)

  command = commands.add_parser('emulate', help='run a compiled file without a cluster, task by task')
  command.add_argument('file', metavar='FILE')
  command.add_argument('--root', required=True, metavar='DIR', help='where artifacts, logs and state go')
  command.add_argument('--oss', action='store_true', help='as the open-source driver and launcher do')
  command.add_argument('--pipeline-root', metavar='URI', help='with --oss, in place of the one in the file')
  command.add_argument('--no-cache', action='store_true', help='run what KFP would take from an earlier run')
  command.add_argument('--param', metavar='NAME=VALUE', action='append', default=[], help="a run's parameter")
  command.set_defaults(command=_emulate)

  command = commands.add_parser('submit', help='start a run of a compiled file on a KFP server, and follow it')
  command.add_argument('file', metavar='FILE')
  command.add_argument('--endpoint', required=True, metavar='URL')
  command.add_argument('--param', metavar='NAME=VALUE', action='append', default=[], help="a run's parameter")
  command.add_argument('--pipeline-root', metavar='URI', help='in place of the one in the file')
  command.add_argument('--experiment', metavar='NAME')
  command.add_argument('--run-name', metavar='NAME')
  command.add_argument('--namespace', metavar='NAME', help='of a multi-user installation')
  command.add_argument('--token-file', metavar='FILE', help='a bearer token')
  command.add_argument('--no-wait', action='store_true', help='return when the run has started')
  command.set_defaults(command=_submit)

  command = commands.add_parser('compare', help='show evaluations side by side')
  command.add_argument('runs', metavar='RUN', nargs='+', help='an evaluation, a pushed version or a pipeline folder')
  command.add_argument('--output', metavar='FILE', help='write a page with charts, a new .html file')
  command.set_defaults(command=_compare)

  command = commands.add_parser('tensorboard', help='show what a run has logged, while it trains and after')
  command.add_argument('run', metavar='RUN', help='<output_root>/<name>')
  command.add_argument('--port', type=int, default=6006)
  command.set_defaults(command=_tensorboard)


def _add_model_commands(commands: argparse._SubParsersAction) -> None:
  """What is done with a model."""
  command = commands.add_parser('predict', help='draw what a model finds in images, and write predictions.json')
  command.add_argument('sources', metavar='IMAGE_OR_DIR', nargs='+', help='also videos and globs')
  command.add_argument('--model', required=True, metavar='MODEL', help='a destination, a version, .tflite or .onnx')
  command.add_argument('--output', required=True, metavar='DIR')
  command.add_argument('--min-score', type=float, default=0.5, metavar='S', help='draw boxes from this score up')
  command.add_argument('--batch-size', type=int, default=8, metavar='N')
  command.add_argument('--classes', action='append', default=[], metavar='NAME', help='keep this one; may be repeated')
  command.add_argument('--format', action='append', choices=('json', 'csv', 'voc'), help='may be repeated; json always')
  command.set_defaults(command=_predict)

  command = commands.add_parser('serve-check', help='compare a TensorFlow Serving endpoint with the model here')
  command.add_argument('url', metavar='URL', help='http://HOST:8501/v1/models/NAME')
  command.add_argument('model', metavar='MODEL', help='a push destination, a version or a model folder')
  command.add_argument('sources', metavar='IMAGE_OR_DIR', nargs='+', help='also globs')
  command.add_argument('--min-score', type=float, default=0.1, metavar='S', help='compare boxes from this score up')
  command.add_argument('--batch-size', type=int, default=8, metavar='N', help='images a request')
  command.set_defaults(command=_serve_check)

  command = commands.add_parser('rollback', help='take back the newest pushed version')
  command.add_argument('destination', metavar='DEST', help='the folder of versions')
  command.set_defaults(command=_rollback)

  command = commands.add_parser('refit', help="name a detector's boxes by a classifier fitted to a few labelled images")
  command.add_argument('--model', required=True, metavar='DIR', help='the detector, or what refit made before')
  command.add_argument('--data', required=True, metavar='DIR', help='labelled images')
  command.add_argument('--output', required=True, metavar='DIR', help='a new model folder')
  command.add_argument('--backbone', metavar='MODEL', help='a trained model, or NETWORK=WEIGHTS of Keras')
  command.add_argument('--classifier', choices=('logistic', 'svm'), default='logistic')
  command.add_argument('--max-boxes', type=int, metavar='N', help='boxes of an image that are named')
  command.set_defaults(command=_refit)


def _models(_: argparse.Namespace) -> int:
  from detection.pipeline_config import builtin_bases

  print(builtin_bases.table())
  return 0


def _add_config(command: argparse.ArgumentParser) -> None:
  command.add_argument('config', metavar='CONFIG', help='a run config, as in configs/')
  command.add_argument('--data', metavar='DIR', help='takes the place of data.root')
  command.add_argument('--set', metavar='KEY.PATH=VALUE', action='append', default=[], help='any value of the config')


def _run(args: argparse.Namespace) -> int:
  from pipeline import config, local_runner

  return local_runner.run(config.load(args.config, args.data, args.set))


def _compile(args: argparse.Namespace) -> int:
  from kubeflow import quiet
  from pipeline import config

  loaded = config.load(args.config, args.data, args.set)
  with quiet.third_party():
    from kubeflow.compiler import targets

    targets.compile_config(loaded, args.target, args.output)
  print(f'{args.output}: compiled for {args.target}')
  return 0


def _emulate(args: argparse.Namespace) -> int:
  from kubeflow.emulator import emulate

  done = emulate.emulate(args.file, args.root, args.oss, args.param, args.pipeline_root, use_cache=not args.no_cache)
  return 0 if done else 1


def _submit(args: argparse.Namespace) -> int:
  from kubeflow import submit

  server = submit.Server(args.endpoint, submit.read_token(args.token_file), args.namespace)
  options = {'pipeline_root': args.pipeline_root, 'experiment': args.experiment, 'run_name': args.run_name}
  return 0 if submit.submit(args.file, server, args.param, wait=not args.no_wait, **options) else 1


def _check_data(args: argparse.Namespace) -> int:
  from cli import check_data
  from detection.base.errors import ConfigError

  if bool(args.suspects) != bool(args.model):
    raise ConfigError('--suspects and --model: expected both, received one. Features come from the model.')
  status = check_data.run(args.directory, json_file=args.json, csv_file=args.csv)
  if args.suspects:
    _quiet()
    from cli import suspects

    suspects.run(args.directory, model=args.model, output=args.suspects)
  return status


def _refit(args: argparse.Namespace) -> int:
  _quiet()
  from cli import refit

  options = {'backbone': args.backbone, 'kind': args.classifier, 'max_boxes': args.max_boxes}
  refit.run(args.model, args.data, args.output, **options)
  return 0


def _sample_data(args: argparse.Namespace) -> int:
  from detection.sample_data import draw

  draw.write(args.directory, images=args.images, seed=args.seed, domain=args.domain)
  return 0


def _predict(args: argparse.Namespace) -> int:
  _quiet()
  from cli import predict

  options = predict.Options(args.min_score, args.batch_size, tuple(args.classes), tuple(args.format or ['json']))
  predict.run(args.model, args.output, args.sources, options)
  return 0


def _serve_check(args: argparse.Namespace) -> int:
  _quiet()
  from cli import serve_check

  serve_check.run(args.url, args.model, args.sources, serve_check.Options(args.min_score, args.batch_size))
  return 0


def _rollback(args: argparse.Namespace) -> int:
  _quiet()
  from components.pusher import publish

  withdrawn, current = publish.withdraw(args.destination)
  print(f'{args.destination}: version {withdrawn} taken back; {current} is the highest now')
  return 0


def _compare(args: argparse.Namespace) -> int:
  _quiet()
  from cli import compare

  compare.run(args.runs, args.output)
  return 0


def _quiet() -> None:
  """Keeps TensorFlow's greetings and third-party warnings off the screen. Called before what brings them."""
  import os
  import warnings

  os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
  warnings.filterwarnings('ignore')


def _tensorboard(args: argparse.Namespace) -> int:
  from cli import tensorboard

  return tensorboard.run(args.run, args.port)


if __name__ == '__main__':
  sys.exit(main())
