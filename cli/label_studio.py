"""`detection-pipeline label-studio`: a model that labels images inside Label Studio, as its ML backend."""

from __future__ import annotations

import argparse
import os

from cli.shared import quiet
from detection.base.errors import ConfigError

HELP = 'serve a model to Label Studio, which then proposes its boxes'
ORDER = 116

TOKEN = 'LABEL_STUDIO_API_KEY'


def add_arguments(parser: argparse.ArgumentParser) -> None:
  parser.add_argument('model', metavar='MODEL', help='a push destination, a version, .tflite or .onnx')
  parser.add_argument('--host', default='127.0.0.1', help='where to listen; 0.0.0.0 for other machines')
  parser.add_argument('--port', type=int, default=9090)
  parser.add_argument('--min-score', type=float, default=0.3, metavar='S', help='propose boxes from this score up')
  parser.add_argument('--server', default='', metavar='URL', help=f"Label Studio's, for uploads; its token: ${TOKEN}")
  parser.add_argument('--images', default='', metavar='DIR', help='the root of its local storage')
  parser.add_argument('--allow', action='append', default=[], metavar='URL', help='also images below it; repeatable')


def run(args: argparse.Namespace) -> int:
  """Serves until it is interrupted.

  Raises:
    UserError: if the model cannot be loaded, a value makes no sense, or the port is taken.
  """
  _check(args)
  with quiet.third_party():
    from detection.base.progress import write_line
    from detection.inference.detector import Detector
    from detection.labelling_tools.fetch import Sources
    from detection.labelling_tools.label_studio import Backend
    from detection.labelling_tools.server import Server

    sources = Sources(args.server.rstrip('/'), os.environ.get(TOKEN, ''), args.images, args.allow)
    backend = Backend(Detector(args.model), sources.fetch, args.min_score, write_line)
    try:
      server = Server(backend, args.host, args.port)
    except OSError as error:
      raise ConfigError(f'--port: cannot listen on {args.host}:{args.port}: {error.strerror}.') from error
    with server:
      write_line(f'{server.url}: connect it in a project by Settings, Model. Ctrl-C ends it.')
      server.serve_forever()
  return 0


def _check(args: argparse.Namespace) -> None:
  if not 0 <= args.min_score <= 1:
    raise ConfigError(f'--min-score: expected a number from 0 to 1, received {args.min_score}.')
  if not 0 <= args.port <= 65535:
    raise ConfigError(f'--port: expected a number from 0 to 65535, received {args.port}.')
  for option, urls in (('--server', filter(None, [args.server])), ('--allow', args.allow)):
    for url in urls:
      if not url.startswith(('http://', 'https://')):
        raise ConfigError(f'{option}: expected a URL with http:// or https://, received "{url}".')
  if args.images and not os.path.isdir(args.images):
    raise ConfigError(f'--images: {args.images}: no such folder.')
