"""`detection-pipeline serve-check`: does a TensorFlow Serving endpoint answer as the model does here?"""

import argparse
import re
import sys
from collections.abc import Iterator, Sequence

from cli.shared import quiet
from detection.base.errors import ConfigError, DataError

HELP = 'compare a TensorFlow Serving endpoint with the model here'
ORDER = 110

_URL = re.compile(r'https?://[^/]+(/.*)?/v1/models/[^/:]+(/(versions/\d+|labels/[^/:]+))?')


def add_arguments(parser: argparse.ArgumentParser) -> None:
  parser.add_argument('url', metavar='URL', help='http://HOST:8501/v1/models/NAME')
  parser.add_argument('model', metavar='MODEL', help='a push destination, a version or a model folder')
  parser.add_argument('sources', metavar='IMAGE_OR_DIR', nargs='+', help='also globs')
  parser.add_argument('--min-score', type=float, default=0.1, metavar='S', help='compare boxes from this score up')
  parser.add_argument('--batch-size', type=int, default=8, metavar='N', help='images a request')


def run(args: argparse.Namespace) -> int:
  """Sends images to the endpoint and compares its answers with those of the model here.

  Returns:
    0; 1 if an image could not be read, was named and left out.

  Raises:
    ConfigError: if the URL is none of a model, or there are no images.
    DataError: if the server cannot be reached, refuses, answers in another form, or finds other boxes; or if none of
      the images can be read.
  """
  _check_arguments(args)
  with quiet.third_party():
    from detection.inference import parity, sources, tf_serving
    from detection.inference.detector import Detector

    paths = sources.find(args.sources)
    local = Detector(args.model, args.batch_size)
    largest, images, boxes = 0.0, 0, 0
    for batch in _batches(paths, args.batch_size):
      answers = tf_serving.detect(args.url, list(batch.values()), local.labels)
      for path, there, here in zip(batch, answers, local.detect_encoded(list(batch.values())), strict=True):
        found = {'the model here': here, 'the server': there}
        difference = parity.difference(path, found, args.min_score, 'Is another version served?')
        largest = max(largest, difference)
        boxes += len(here.above(args.min_score))
      images += len(batch)
  if not images:
    raise DataError('none of the images can be read; each is named above.')
  print(f'{args.url}: {images} images, {boxes} boxes as here; the largest difference is {largest:.1g}')
  if images == len(paths):
    return 0
  print(f'detection-pipeline serve-check: left out: {len(paths) - images}; each is named above.', file=sys.stderr)
  return 1


def _batches(paths: Sequence[str], size: int) -> Iterator[dict[str, bytes]]:
  """{path: JPEG or PNG bytes} of so many images at a time; those that cannot be read are named and left out."""
  from detection.inference import images

  batch: dict[str, bytes] = {}
  for path in paths:
    try:
      batch[path] = images.encoded(path)
    except DataError as error:
      print(f'left out: {error}', file=sys.stderr)
    if len(batch) == size:
      yield batch
      batch = {}
  if batch:
    yield batch


def _check_arguments(args: argparse.Namespace) -> None:
  if not 0 <= args.min_score <= 1:
    raise ConfigError(f'--min-score: expected a number from 0 to 1, received {args.min_score}.')
  if args.batch_size < 1:
    raise ConfigError(f'--batch-size: expected 1 or more, received {args.batch_size}.')
  if not _URL.fullmatch(args.url):
    raise ConfigError(f'{args.url}: expected the URL of a model, such as http://localhost:8501/v1/models/detector.')
