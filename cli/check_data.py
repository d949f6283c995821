"""The check-data command: settings, files and exit status around components.voc_example_gen.check_data."""

import contextlib
import os
import sys
import uuid
from collections.abc import Iterator, Mapping
from typing import Any, TextIO

from components.voc_example_gen import check_data as checking
from components.voc_example_gen.formats import csv_table
from components.voc_example_gen.report import summary
from components.voc_example_gen.settings import IngestSettings
from detection.base.errors import ConfigError
from detection.base.settings import parse_settings


def run(
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
    csv_file: where to write every usable box as a row of the table that flat_csv reads, or None.
    settings: keys of IngestSettings; what is left out has its default.

  Returns:
    0 if ingestion would accept the data, 1 if not.

  Raises:
    DataError: if there is nothing to check.
    ConfigError: if a setting is wrong or a file cannot be written.
  """
  chosen = parse_settings(IngestSettings, dict(settings or {}), 'data')
  with _appearing_whole(csv_file) as table:
    found, verdict = checking.run(directory, chosen, _say, csv_table.Writer(table) if table else None)
  with _appearing_whole(json_file) as file:
    if file:
      file.write(summary.as_json(found))
  if verdict:
    _say(f'detection-pipeline check-data: {verdict}', sys.stderr)
    return 1
  return 0


def _say(line: str, out: TextIO | None = None) -> None:
  # Names may be no valid text, or hold what a terminal would obey.
  print(''.join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in line), file=out, flush=True)


@contextlib.contextmanager
def _appearing_whole(path: str | None) -> Iterator[TextIO | None]:
  """A text file that takes its name only if the block ends without an error; None for no path.

  Not detection.base.files: that imports TensorFlow, and this command answers within a second.
  """
  if not path:
    yield None
    return
  beside = f'{path}.partial-{uuid.uuid4().hex[:8]}'
  try:
    with open(beside, 'x', encoding='utf-8', errors='surrogateescape', newline='') as file:
      yield file
    os.replace(beside, path)
  except OSError as error:
    raise ConfigError(f'{path}: cannot be written: {error.strerror}. Name a file in a folder you may write.') from error
  finally:
    if os.path.exists(beside):
      os.remove(beside)
