"""`detection-pipeline check-data`: what is wrong with a data set, before training."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Iterator, Mapping
from typing import Any, TextIO

from cli.shared import label_search, quiet
from detection.base.errors import ConfigError

HELP = 'what is wrong with a data set, before training'
ORDER = 20
_FOLD_STEPS = 500
_SAMPLE = 20_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
  parser.add_argument('directory', metavar='DIR')
  parser.add_argument('--json', metavar='FILE', help='write the whole report')
  parser.add_argument('--csv', metavar='FILE', help='write every usable box as a table row')
  parser.add_argument('--suspects', metavar='DIR', help='look for wrong labels; write suspects.json and a page there')
  parser.add_argument('--model', metavar='MODEL', help='with --suspects: a trained model, or weights of Keras')
  parser.add_argument(
    '--folds',
    type=int,
    default=0,
    metavar='K',
    help='with --suspects: fine-tune K detectors from the model, each judges images it was not trained on',
  )
  parser.add_argument(
    '--sample',
    type=int,
    metavar='N',
    help=f'with --suspects: judge so many images, if there are more; {_SAMPLE} by default',
  )
  parser.add_argument(
    '--steps', type=int, metavar='N', help=f'with --folds: training steps of each detector; {_FOLD_STEPS} by default'
  )


def run(args: argparse.Namespace) -> int:
  if bool(args.suspects) != bool(args.model):
    raise ConfigError('--suspects and --model: expected both, received one. Features come from the model.')
  if args.folds < 0 or args.folds == 1 or (args.folds and not args.suspects):
    raise ConfigError('--folds: expected 2 or more beside --suspects, or no --folds.')
  if args.steps is not None and (not args.folds or args.steps < 1):
    raise ConfigError('--steps: expected 1 or more beside --folds, or no --steps.')
  if args.sample is not None and (not args.suspects or args.sample < 1):
    raise ConfigError('--sample: expected 1 or more beside --suspects, or no --sample.')
  status = check(args.directory, json_file=args.json, csv_file=args.csv)
  if args.suspects:
    with quiet.third_party():
      judges = label_search.Judges(args.model, args.folds, args.steps or _FOLD_STEPS, most=args.sample or _SAMPLE)
      label_search.find_suspects(args.directory, judges, args.suspects)
  return status


def check(
  directory: str,
  *,
  json_file: str | None = None,
  csv_file: str | None = None,
  settings: Mapping[str, Any] | None = None,
) -> int:
  """Checks a data folder and prints what is found.

  Args:
    directory: the data folder.
    json_file: where to write the whole report, or None.
    csv_file: where to write every usable box as a row of the table that the csv format reads, or None.
    settings: keys of IngestSettings; a key that is left out has its default.

  Returns:
    The exit status: 0 if ingestion would accept the data, 1 if not.

  Raises:
    DataError: if there is nothing to check.
    ConfigError: if a setting is wrong or a file cannot be written.
  """
  _say(f'{directory}: listing files')  # before the imports, which take longer than a small folder
  from components.voc_example_gen import check_data as checking
  from components.voc_example_gen.formats import csv_table
  from components.voc_example_gen.report import summary
  from components.voc_example_gen.settings import IngestSettings
  from detection.base.settings import parse_settings

  chosen = parse_settings(IngestSettings, dict(settings or {}), 'data')
  with _appearing_whole(csv_file) as table:
    report, verdict = checking.run(directory, chosen, _say, csv_table.Writer(table) if table else None)
  with _appearing_whole(json_file) as file:
    if file:
      file.write(summary.as_json(report))
  if verdict:
    _say(f'detection-pipeline check-data: {verdict}', sys.stderr)
    return 1
  return 0


def _say(line: str, out: TextIO | None = None) -> None:
  # A name may be no valid text, or hold codes that a terminal would obey.
  print(''.join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in line), file=out, flush=True)


@contextlib.contextmanager
def _appearing_whole(path: str | None) -> Iterator[TextIO | None]:
  """A text file that takes its name only if the block ends without an error; None for no path."""
  if not path:
    yield None
    return
  from detection.base import files

  try:
    os.stat(os.path.dirname(path) or '.')  # files makes missing folders, and here one is a mistyped name
    with (
      files.whole_path(path) as beside,
      open(beside, 'x', encoding='utf-8', errors='surrogateescape', newline='') as file,
    ):
      yield file
  except OSError as error:
    raise ConfigError(f'{path}: cannot be written: {error.strerror}. Name a file in a folder you may write.') from error
