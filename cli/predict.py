"""`detection-pipeline predict`: boxes drawn on images and videos, and predictions in files."""

from __future__ import annotations

import argparse
import pathlib
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cli.shared import quiet
from detection.base import suggest
from detection.base.errors import ConfigError, DataError

if TYPE_CHECKING:
  from detection.inference.annotate import Annotator
  from detection.tiles.grid import Grid

HELP = 'draw what a model finds in images, and write predictions.json'
ORDER = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
  parser.add_argument('sources', metavar='IMAGE_OR_DIR', nargs='+', help='also videos and globs')
  parser.add_argument('--model', required=True, metavar='MODEL', help='a destination, a version, .tflite or .onnx')
  parser.add_argument('--output', required=True, metavar='DIR')
  parser.add_argument('--min-score', type=float, default=0.5, metavar='S', help='draw boxes from this score up')
  parser.add_argument('--batch-size', type=int, default=8, metavar='N')
  parser.add_argument('--tile-size', type=int, metavar='PIXELS', help='cut images into tiles of this size, and merge')
  parser.add_argument('--tile-overlap', type=float, default=0.2, metavar='PART', help="of a tile's side")
  parser.add_argument('--classes', action='append', default=[], metavar='NAME', help='keep this one; may be repeated')
  parser.add_argument('--format', action='append', choices=('json', 'csv', 'voc'), help='may be repeated; json always')


def run(args: argparse.Namespace) -> int:
  """Writes annotated copies and predictions of everything that args.sources name to the folder args.output.

  Returns:
    0; 1 if an image or a part of a video could not be read, was named and left out.

  Raises:
    ConfigError: if there are no images, a source does not exist, or the folder holds what predict did not write.
    DataError: if the model cannot be loaded, or none of the images and videos can be read.
  """
  _check_numbers(args.min_score, args.batch_size)
  tiles = _tiles(args.tile_size, args.tile_overlap)
  with quiet.third_party():
    from detection.inference import annotate, prediction_files, sources
    from detection.inference.detector import Detector

    paths = sources.find(args.sources)
    targets = _targets(paths, pathlib.Path(args.output))
    detector = Detector(args.model, args.batch_size, tiles)
    _check_classes(args.classes, detector.labels)
    annotator = annotate.Annotator(detector, targets, args.min_score, args.classes)
    annotator.add_images([path for path in paths if not sources.is_video(path)])
    for path in paths:
      if sources.is_video(path):
        annotator.add_video(path)
    predicted = annotator.predicted
    if not predicted and annotator.left_out:
      raise DataError(_none_read(annotator.left_out))
    prediction_files.write(pathlib.Path(args.output), predicted, targets, args.format or [], args.min_score)
  drawn = sum(len(one.detections.above(args.min_score)) for one in predicted)
  print(f'{len(predicted)} images, {drawn} objects of score {args.min_score} or more: {args.output}')
  print(f'{len(predicted) / max(annotator.seconds, 1e-9):.1f} images/s; {_pace(annotator)}')
  if not annotator.left_out:
    return 0
  print(f'detection-pipeline predict: left out: {len(annotator.left_out)}; each is named above.', file=sys.stderr)
  return 1


def _pace(annotator: Annotator) -> str:
  """What each stage took, and which of them the others waited for."""
  from detection.inference.annotate import DETECTING

  seconds = annotator.stopwatch.seconds
  shown = ', '.join(f'{stage} {spent:.1f} s' for stage, spent in seconds.items())
  beside = sum(spent for stage, spent in seconds.items() if stage != DETECTING) / annotator.threads
  slowest = DETECTING if seconds.get(DETECTING, 0.0) >= beside else f'the others, on {annotator.threads} threads'
  return f'side by side: {shown}; slowest: {slowest}'


def _none_read(left_out: Sequence[str]) -> str:
  return left_out[0] if len(left_out) == 1 else f'{len(left_out)} files, none can be read. The first: {left_out[0]}'


def _check_numbers(min_score: float, batch_size: int) -> None:
  if not 0 <= min_score <= 1:
    raise ConfigError(f'--min-score: expected a number from 0 to 1, received {min_score}.')
  if batch_size < 1:
    raise ConfigError(f'--batch-size: expected 1 or more, received {batch_size}.')


def _tiles(size: int | None, overlap: float) -> Grid | None:
  from detection.tiles.grid import Grid

  if size is None:
    return None
  if size < 32:
    raise ConfigError(f'--tile-size: expected 32 or more, received {size}.')
  if not 0 <= overlap <= 0.9:
    raise ConfigError(f'--tile-overlap: expected a number from 0 to 0.9, received {overlap}.')
  return Grid(size, overlap)


def _check_classes(classes: Sequence[str], labels: Mapping[str, int]) -> None:
  for name in classes:
    if name not in labels:
      raise ConfigError(f'--classes: the model has no class "{name}"; {suggest.hint(name, labels)}.')


def _targets(paths: Sequence[str], output: pathlib.Path) -> dict[str, pathlib.Path]:
  """{image or video: the file of its annotated copy}: its own name, numbered where two are alike."""
  _check_output(output)
  from detection.inference import sources

  targets: dict[str, pathlib.Path] = {}
  taken: set[str] = set()
  for path in paths:
    stem, number = pathlib.Path(path).stem, 1
    name = stem
    while name in taken:
      number += 1
      name = f'{stem}-{number}'
    taken.add(name)
    targets[path] = output / (name + ('.mp4' if sources.is_video(path) else '.jpg'))
  overwritten = {target.resolve() for target in targets.values()} & {pathlib.Path(path).resolve() for path in paths}
  if overwritten:
    raise ConfigError(f'--output: {sorted(overwritten)[0]} is one of the images. Give another folder.')
  return targets


def _check_output(output: pathlib.Path) -> None:
  """The folder is new, empty, or one that predict wrote before."""
  from detection.inference.prediction_files import JSON_FILE

  if output.exists() and not output.is_dir():
    raise ConfigError(f'--output: {output} is a file. Give a folder.')
  if output.is_dir() and any(output.iterdir()) and not (output / JSON_FILE).exists():
    # What predict wrote may be replaced; what it did not write may be someone's only copy.
    raise ConfigError(f'--output: {output} holds files that are not predictions. Give a new folder.')
