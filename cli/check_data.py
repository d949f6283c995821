"""`detection-pipeline check-data`: what is wrong with a data set, before training."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, TextIO

from cli.shared import quiet
from detection.base.errors import ConfigError

if TYPE_CHECKING:
  from detection.crops import suspects

HELP = 'what is wrong with a data set, before training'
ORDER = 20

SUSPECTS_JSON, SUSPECTS_PAGE = 'suspects.json', 'suspects.html'


def add_arguments(parser: argparse.ArgumentParser) -> None:
  parser.add_argument('directory', metavar='DIR')
  parser.add_argument('--json', metavar='FILE', help='write the whole report')
  parser.add_argument('--csv', metavar='FILE', help='write every usable box as a table row')
  parser.add_argument('--suspects', metavar='DIR', help='look for wrong labels; write suspects.json and a page there')
  parser.add_argument('--model', metavar='MODEL', help='with --suspects: a trained model, or NETWORK=WEIGHTS of Keras')


def run(args: argparse.Namespace) -> int:
  if bool(args.suspects) != bool(args.model):
    raise ConfigError('--suspects and --model: expected both, received one. Features come from the model.')
  status = check(args.directory, json_file=args.json, csv_file=args.csv)
  if args.suspects:
    with quiet.third_party():
      find_suspects(args.directory, model=args.model, output=args.suspects)
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


def find_suspects(directory: str, *, model: str, output: str, kind: str = 'logistic') -> suspects.SuspectReport:
  """Writes suspects.json and suspects.html to the folder `output`, and prints the surest suspects.

  The data folder is read twice: once to judge it, once for the pictures on the page.

  Args:
    directory: the data folder.
    model: where the features come from, see detection/crops/load_backbone.py.
    output: a folder.
    kind: of classifier, 'logistic' or 'svm'.

  Raises:
    UserError: if the data or the model cannot be read, or there are fewer than two classes.
  """
  from components.voc_example_gen import labelled_images
  from components.voc_example_gen.settings import IngestSettings
  from detection.base import files
  from detection.crops import load_backbone, suspects, suspects_page
  from detection.crops.embedded_objects import embed

  settings = IngestSettings()
  objects = embed(labelled_images.read(directory, settings), load_backbone.load(model))
  report = suspects.find(objects, kind)
  shown = {suspect.image for suspect in report.suspects[: suspects_page.MAX_SHOWN]}
  encoded = {image.name: image.encoded for image in labelled_images.read(directory, settings) if image.name in shown}
  title = f'Suspect labels: {os.path.basename(os.path.normpath(directory))}'
  files.write_text(files.join(output, SUSPECTS_JSON), suspects.as_json(report))
  files.write_text(files.join(output, SUSPECTS_PAGE), suspects_page.render(report, title, encoded))
  print('\n'.join([*suspects.summary(report), f'see {files.join(output, SUSPECTS_PAGE)}']), flush=True)
  return report


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
