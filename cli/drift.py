"""`detection-pipeline drift`: do new images look like those that a model was made for?"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cli.shared import quiet
from detection.base.errors import ConfigError

if TYPE_CHECKING:
  from detection.drift.comparison import Comparison
  from detection.drift.sample import Sample

HELP = 'tell whether new images differ from those a model was made for'
ORDER = 125

PAGE, JSON = 'drift.html', 'drift.json'
DRIFTED = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
  parser.add_argument('model', metavar='MODEL', help='a push destination, a version or a model folder')
  parser.add_argument('sources', metavar='IMAGE_OR_DIR', nargs='+', help='the new images; also globs')
  parser.add_argument('--reference', metavar='DIR', help='images to compare with; by default what was pushed of them')
  parser.add_argument('--output', metavar='DIR', help=f'write {PAGE} and {JSON} there')
  parser.add_argument('--save-reference', metavar='FILE.npz', help='keep what was computed of the reference')
  parser.add_argument('--false-alarms', type=float, default=0.01, metavar='P', help='their rate, where nothing changed')
  parser.add_argument('--min-score', type=float, default=0.5, metavar='S', help='count objects from this score up')
  parser.add_argument('--backbone', metavar='MODEL', help="features from elsewhere; by default the detector's own")
  parser.add_argument('--sample', type=int, default=1000, metavar='N', help='of more images on a side, so many')


def run(args: argparse.Namespace) -> int:
  """Compares, prints, and writes a page.

  Returns:
    0 if no drift was seen; 3 if the images differ.

  Raises:
    UserError: if the model or the images cannot be read, there are too few, or a number makes no sense.
  """
  _check(args)
  with quiet.third_party():
    from detection.base import files
    from detection.crops import load_backbone, seen_images
    from detection.drift import comparison, page, sample
    from detection.inference.detector import Detector

    comparison.check_false_alarms(args.false_alarms)
    detector = Detector(args.model)
    backbone = load_backbone.load(args.backbone or args.model)
    reference = args.reference or _pushed(detector.path)
    kept = _kept(reference)
    min_score = kept.min_score if kept else args.min_score
    if kept is None:
      kept = sample.of_seen(seen_images.see(_images([reference], args.sample), detector, backbone), min_score)
    if args.save_reference:
      sample.write(args.save_reference, kept)
    seen = seen_images.see(_images(args.sources, args.sample), detector, backbone)
    found = comparison.compare(kept, sample.of_seen(seen, min_score), args.false_alarms)
    print('\n'.join(summary(found, len(seen))))
    if args.output:
      files.write_text(files.join(args.output, PAGE), page.render(found, seen, min_score, 'Drift'))
      files.write_text(files.join(args.output, JSON), as_json(found, seen.paths))
      print(f'see {files.join(args.output, PAGE)}')
  if seen.left_out:
    print(f'detection-pipeline drift: left out: {len(seen.left_out)}; each is named above.', file=sys.stderr)
  return DRIFTED if found.drifted else 0


def summary(found: Comparison, count: int) -> list[str]:
  """Lines for the screen."""
  lines = [f'{count} new images against {found.reference} of the reference:']
  for name, value in found.p_values.items():
    means = found.means.get(name)
    told = f', mean {means[1]:.2f} against {means[0]:.2f}' if means else ''
    lines.append(f'  {name}: p {value:.4f}{told}{" (differs)" if name in found.drifted else ""}')
  verdict = f'drift: {", ".join(found.drifted)}' if found.drifted else 'no drift seen'
  return [*lines, f'{verdict}; false alarms: at most {found.false_alarms:.2%} of such comparisons']


def as_json(found: Comparison, paths: Sequence[str]) -> str:
  """The content of drift.json; images by foreignness, the most foreign first."""
  order = found.foreignness.argsort(kind='stable')[::-1].tolist()
  content = {
    'drifted': found.drifted,
    'false_alarms': found.false_alarms,
    'p_values': found.p_values,
    'means': found.means,
    'images': [{'path': paths[index], 'foreignness': round(float(found.foreignness[index]), 3)} for index in order],
  }
  return json.dumps(content, indent=2) + '\n'


def _check(args: argparse.Namespace) -> None:
  if not 0 <= args.min_score <= 1:
    raise ConfigError(f'--min-score: expected a number from 0 to 1, received {args.min_score}.')
  if args.sample < 1:
    raise ConfigError(f'--sample: expected 1 or more, received {args.sample}.')


def _pushed(model: str) -> str:
  """The reference that was pushed with a model. model: the folder of its SavedModel."""
  from detection import model_folder
  from detection.base import files

  path = files.join(model, model_folder.EXPORTS, model_folder.DRIFT_REFERENCE)
  if not files.exists(path):
    raise ConfigError(f'--reference: none was pushed with {model}. Name images, or set export.drift_reference.')
  return path


def _kept(reference: str) -> Sample | None:
  """The reference that was saved before; None if images are named."""
  from detection.drift import sample

  return sample.read(reference) if reference.endswith(sample.SUFFIX) else None


def _images(names: Sequence[str], most: int) -> list[str]:
  """The images that are named, a sample if there are more; videos are none."""
  from detection.inference import sources

  paths = [path for path in sources.find(names) if not sources.is_video(path)]
  return sorted(random.Random(0).sample(paths, most)) if len(paths) > most else paths
