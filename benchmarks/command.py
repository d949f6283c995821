"""The command line of a benchmark that prints a table, and the table."""

import argparse
import statistics
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any


def main(doc: str, run: Callable[[Path, argparse.Namespace], str], data: str = '', **defaults: Any) -> None:
  """The command of a benchmark: runs it in a folder of its own and prints the table that it returns.

  Args:
    doc: of the module; tells what its options are.
    run: does the work, given the folder and the options.
    data: what the folder holds that must be named first; empty if none need be.
    defaults: {option: default, which also says of what kind it is}.
  """
  parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
  if data:
    parser.add_argument('data', type=Path, help=data)
  for name, default in defaults.items():
    parser.add_argument(f'--{name.replace("_", "-")}', type=type(default), default=default, help=f'default {default}')
  parser.add_argument('--output', type=Path, help='also write the table here')
  options = parser.parse_args()
  with tempfile.TemporaryDirectory() as folder:
    found = run(Path(folder), options)
  print(found)
  if options.output:
    options.output.write_text(found)


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[str]:
  """Lines of a Markdown table."""
  below = (f'| {" | ".join(str(cell) for cell in row)} |' for row in rows)
  return [f'| {" | ".join(columns)} |', f'|{"---|" * len(columns)}', *below]


def spread(values: Sequence[float], digits: int = 3) -> str:
  """Mean, least and most of several seeds."""
  mean, least, most = (f'{value:.{digits}f}' for value in (statistics.mean(values), min(values), max(values)))
  return f'{mean} ({least} to {most})'
