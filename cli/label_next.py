"""`detection-pipeline label-next`: which unlabelled images a model would learn most from."""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import pathlib
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cli.shared import quiet
from detection.base.errors import ConfigError

if TYPE_CHECKING:
  from detection.crops.seen_images import SeenImages
  from detection.label_next.choice import Chosen

HELP = 'choose the unlabelled images that are worth labelling next, and propose their boxes'
ORDER = 115

PAGE, JSON = 'label-next.html', 'label-next.json'


def add_arguments(parser: argparse.ArgumentParser) -> None:
  parser.add_argument('model', metavar='MODEL', help='a push destination, a version or a model folder')
  parser.add_argument('sources', metavar='IMAGE_OR_DIR', nargs='+', help='the unlabelled images; also globs')
  parser.add_argument('--count', type=int, required=True, metavar='N', help='how many to choose')
  parser.add_argument('--output', required=True, metavar='DIR', help=f'gets {PAGE}, {JSON} and voc/*.xml')
  parser.add_argument('--labelled', metavar='DIR', help='images that are labelled; those unlike them are preferred')
  parser.add_argument(
    '--empty', action='store_true', help='the images hold nothing: choose those that deceive the model'
  )
  parser.add_argument('--min-score', type=float, default=0.3, metavar='S', help='propose boxes from this score up')
  parser.add_argument('--backbone', metavar='MODEL', help="features from elsewhere; by default the detector's own")


def run(args: argparse.Namespace) -> int:
  """Looks at the images, chooses, prints the paths of the chosen ones and writes page and proposals.

  Returns:
    0; 1 if an image could not be read, was named and left out.

  Raises:
    UserError: if the model or the images cannot be read, the output folder is in use, or a number makes no sense.
  """
  _check(args)
  with quiet.third_party():
    from detection.base.errors import DataError
    from detection.crops import load_backbone, seen_images
    from detection.inference.detector import Detector
    from detection.label_next import choice, hard_negatives

    paths = _images(args.sources, args.labelled)
    detector = Detector(args.model)
    backbone = load_backbone.load(args.backbone or args.model)
    labelled = seen_images.see(_below(args.labelled), detector, backbone) if args.labelled else None
    seen = seen_images.see(paths, detector, backbone, mirror=not args.empty)
    if not len(seen):
      raise DataError('none of the images can be read; each is named above.')
    if args.empty:
      chosen = hard_negatives.choose(seen, args.count, args.min_score)
    else:
      chosen = choice.choose(seen, args.count, labelled.features if labelled else None)
    write(pathlib.Path(args.output), seen, chosen, args.min_score, args.empty)
  print('\n'.join(seen.paths[one.index] for one in chosen))
  print(f'{len(chosen)} of {len(seen)} images; see {pathlib.Path(args.output) / PAGE}', file=sys.stderr)
  left_out = [*seen.left_out, *(labelled.left_out if labelled else [])]
  if not left_out:
    return 0
  print(f'detection-pipeline label-next: left out: {len(left_out)}; each is named above.', file=sys.stderr)
  return 1


def write(
  folder: pathlib.Path, seen: SeenImages, chosen: Sequence[Chosen], min_score: float, hold_nothing: bool = False
) -> None:
  """Writes the page, the list and the proposals as VOC XML, one file for each chosen image.

  hold_nothing: the XML names no object.
  """
  from detection.inference import predictions
  from detection.inference.prediction_files import VOC_FOLDER, write_whole
  from detection.inference.predictions import Predicted
  from detection.label_next import page

  rows = []
  for number, (one, name) in enumerate(zip(chosen, _xml_names(seen, chosen), strict=True), start=1):
    path, found = seen.paths[one.index], seen.detections[one.index]
    predicted = Predicted(number, path, seen.sizes[one.index], found)
    write_whole(folder / VOC_FOLDER / name, predictions.voc_xml(predicted, math.inf if hold_nothing else min_score))
    rows.append({'path': path, 'proposals': f'{VOC_FOLDER}/{name}', **dataclasses.asdict(one)})
    del rows[-1]['index']
  write_whole(folder / PAGE, page.render(seen, chosen, min_score, 'Label next', hold_nothing).encode())
  # The list marks the folder as ours: it comes last.
  write_whole(folder / JSON, (json.dumps(rows, indent=2) + '\n').encode())


def _xml_names(seen: SeenImages, chosen: Sequence[Chosen]) -> list[str]:
  """Names of the XML files: those of the images, numbered where two are alike."""
  taken: set[str] = set()
  names = []
  for one in chosen:
    stem, number = pathlib.Path(seen.paths[one.index]).stem, 1
    name = stem
    while name in taken:
      number += 1
      name = f'{stem}-{number}'
    taken.add(name)
    names.append(f'{name}.xml')
  return names


def _images(names: Sequence[str], labelled: str | None) -> list[str]:
  """The images to choose from: none of those that are labelled."""
  known = {pathlib.Path(path).resolve() for path in _below(labelled)} if labelled else set()
  from detection.inference import sources

  paths = [path for path in sources.find(names) if not sources.is_video(path)]
  paths = [path for path in paths if pathlib.Path(path).resolve() not in known]
  if not paths:
    raise ConfigError(f'{", ".join(names)}: all images are among the labelled ones. Expected others.')
  return paths


def _below(folder: str) -> list[str]:
  from detection.inference import sources

  return [path for path in sources.find([folder]) if not sources.is_video(path)]


def _check(args: argparse.Namespace) -> None:
  if args.count < 1:
    raise ConfigError(f'--count: expected 1 or more, received {args.count}.')
  if not 0 <= args.min_score <= 1:
    raise ConfigError(f'--min-score: expected a number from 0 to 1, received {args.min_score}.')
  output = pathlib.Path(args.output)
  if output.exists() and not output.is_dir():
    raise ConfigError(f'--output: {output} is a file. Give a folder.')
  # Proposals that were corrected are someone's work.
  if output.is_dir() and any(output.iterdir()):
    raise ConfigError(f'--output: {output} is not empty. Give a new folder.')
