"""`detection-pipeline compare`: evaluations side by side, as a table and as a page with charts."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cli.shared import quiet
from detection.base import files
from detection.base.errors import ConfigError, DataError
from detection.report import palette

if TYPE_CHECKING:
  from matplotlib.figure import Figure

HELP = 'show evaluations side by side'
ORDER = 80

SHOWN = ('AP', 'AP50', 'AP75', 'AP_small', 'AP_medium', 'AP_large', 'AR100', 'F1')


def add_arguments(parser: argparse.ArgumentParser) -> None:
  parser.add_argument('runs', metavar='RUN', nargs='+', help='an evaluation, a pushed version or a pipeline folder')
  parser.add_argument('--output', metavar='FILE', help='write a page with charts, a new .html file')


def run(args: argparse.Namespace) -> int:
  with quiet.third_party():
    compare(args.runs, args.output)
  return 0


@dataclasses.dataclass(frozen=True)
class Run:
  """One evaluation: a short name, the path of its metrics.json, and what that holds."""

  name: str
  path: str
  content: Mapping[str, Any]

  @property
  def model(self) -> Mapping[str, Any]:
    return self.content['model']

  def class_ap(self) -> dict[str, float | None]:
    """{class: AP}"""
    return {row['name']: row['metrics']['AP'] for row in self.model['per_class']}


def compare(sources: Sequence[str], output: str | None = None) -> None:
  """Prints a table and, given `output`, writes a page with charts.

  Args:
    sources: two or more of: a metrics.json, an evaluation, a pushed version, a pipeline's folder (its newest
      evaluation is taken).
    output: a new .html file.

  Raises:
    ConfigError: if there are fewer than two, one has no metrics.json, or `output` cannot be used.
    DataError: if a metrics.json cannot be read, or its model was not measured.
  """
  if len(sources) < 2:
    raise ConfigError(f'expected two runs or more to compare, received {len(sources)}.')
  if output and not output.endswith('.html'):
    raise ConfigError(f'--output: expected a file ending in .html, received {output}.')
  if output and os.path.exists(output):
    raise ConfigError(f'--output: {output} exists. Give a new file.')
  runs = read(sources)
  print(table(runs))
  for line in differences(runs):
    print(f'note: {line}')
  if output:
    files.write_text(output, html(runs))
    print(f'page: {output}')


def read(sources: Sequence[str]) -> list[Run]:
  """Finds and reads every evaluation; each is named by the part of its path in which it differs from the others."""
  paths = [find(source) for source in sources]
  names = _short_names([os.path.abspath(source) for source in sources])
  return [Run(name, path, _load(path)) for name, path in zip(names, paths, strict=True)]


def find(source: str) -> str:
  """The path of the metrics.json that `source` means.

  Raises:
    ConfigError: if there is none.
  """
  from detection.model_folder import METRICS

  folder = pathlib.Path(source)
  if folder.is_file():
    return str(folder)
  if (folder / METRICS).is_file():
    return str(folder / METRICS)
  found = [path for path in folder.rglob(METRICS) if path.parent.parent.name == 'evaluation']
  if not found:
    raise ConfigError(f'{source}: no {METRICS}. Expected an evaluation, a pushed version or a pipeline folder.')
  return str(max(found, key=lambda path: path.stat().st_mtime))


def table(runs: Sequence[Run]) -> str:
  """Metrics and classes by run, in points of a hundred; the best of a row has a star."""
  rows = [['', *(run.name for run in runs)]]
  rows += [[name, *_starred([run.model['metrics'][name] for run in runs])] for name in SHOWN]
  for name in _classes(runs):
    rows.append([f'AP {name}', *_starred([run.class_ap().get(name) for run in runs])])
  rows.append(['images', *(str(run.model['images']) for run in runs)])
  rows.append(['blessed', *('yes' if run.content['verdict']['blessed'] else 'no' for run in runs)])
  widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
  lines = []
  for row in rows:
    cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
    lines.append('  '.join(cells).rstrip())
  return '\n'.join(lines)


def differences(runs: Sequence[Run]) -> list[str]:
  """Reasons why the numbers may not be comparable; empty if there is none."""
  notes = []
  counts = {(run.model['images'], run.model['objects']) for run in runs}
  if len(counts) > 1:
    notes.append('the runs were measured on different images: counts of images or objects differ.')
  fingerprints = {run.content['facts'].get('data fingerprint') for run in runs}
  if len(fingerprints) > 1:
    notes.append('the data changed between the runs: their fingerprints differ.')
  if len({run.model['iou'] for run in runs}) > 1:
    notes.append('F1 was taken at different IoU.')
  return notes


def html(runs: Sequence[Run]) -> str:
  """Metrics, classes and facts of the runs as a page with charts."""
  from detection.report import page

  rows = [(name, [run.model['metrics'][name] for run in runs]) for name in SHOWN]
  classes = [(name, [run.class_ap().get(name) for run in runs]) for name in _classes(runs)]
  facts = list(dict.fromkeys(fact for run in runs for fact in run.content['facts']))
  return page.render(
    pathlib.Path(__file__).with_name('compare.html'),
    title=f'{len(runs)} runs side by side',
    runs=runs,
    rows=rows,
    classes=classes,
    notes=differences(runs),
    facts=[(fact, [run.content['facts'].get(fact, '–') for run in runs]) for fact in facts],
    charts=[page.figure_uri(_intervals(runs)), page.figure_uri(_bars(runs, rows))],
  )


def _intervals(runs: Sequence[Run]) -> Figure:
  from matplotlib.figure import Figure

  chart = Figure(figsize=(6.4, 1.6 + 0.4 * len(runs)), layout='constrained')
  axis = chart.subplots()
  for row, run in enumerate(runs):
    value, interval = run.model['metrics']['AP'], run.model['intervals']['AP']
    if value is not None and interval['low'] is not None:
      colour = palette.series_colour(row)
      axis.plot([interval['low'], interval['high']], [row, row], color=colour, linewidth=3)
      axis.plot(value, row, 'o', color=colour)
  axis.set_yticks(range(len(runs)), [_plain(run.name) for run in runs])
  axis.set(title='AP and its 95 % interval', xlim=(0, 1), ylim=(len(runs) - 0.5, -0.5))
  axis.grid(alpha=0.25)
  return chart


def _bars(runs: Sequence[Run], rows: Sequence[tuple[str, list]]) -> Figure:
  from matplotlib.figure import Figure

  chart = Figure(figsize=(7.5, 4), layout='constrained')
  axis = chart.subplots()
  width = 0.8 / len(runs)
  for number, run in enumerate(runs):
    heights = [values[number] or 0 for _, values in rows]
    offsets = [group + (number - (len(runs) - 1) / 2) * width for group in range(len(rows))]
    axis.bar(offsets, heights, width * 0.92, color=palette.series_colour(number), label=_plain(run.name))
  axis.set_xticks(range(len(rows)), [name for name, _ in rows], fontsize=8)
  axis.set(title='Metrics', ylim=(0, 1.02))
  axis.grid(alpha=0.25, axis='y')
  axis.set_axisbelow(True)
  axis.legend(fontsize=8)
  return chart


def _load(path: str) -> Mapping[str, Any]:
  try:
    content = json.loads(files.read_text(path))
  except ValueError as error:
    raise DataError(f'{path}: not JSON: {error}.') from error
  if not isinstance(content, dict) or not {'model', 'verdict', 'facts'} <= content.keys():
    raise DataError(f'{path}: not an evaluation. Expected what MapEvaluator wrote.')
  if content['model'] is None:
    raise DataError(f'{path}: the model was not measured: {content["verdict"]["reason"]}')
  return content


def _short_names(paths: Sequence[str]) -> list[str]:
  """The end of each path, from where the paths differ; with a number where two ends are equal."""
  parts = [pathlib.Path(path).parts for path in paths]
  common = len(os.path.commonprefix(parts))
  names = ['/'.join(part[common:]) or part[-1] for part in parts]
  return [f'{name} ({index})' if names.count(name) > 1 else name for index, name in enumerate(names, start=1)]


def _classes(runs: Sequence[Run]) -> list[str]:
  return list(dict.fromkeys(name for run in runs for name in run.class_ap()))


def _starred(values: Sequence[float | None]) -> list[str]:
  """The values in points of a hundred, a star behind the best."""
  from detection.report import page

  best = max((value for value in values if value is not None), default=None)
  return [page.percent(value) + ('*' if value is not None and value == best else ' ') for value in values]


def _plain(name: str) -> str:
  """The name with no dollar sign that matplotlib would read as mathematics."""
  return name.replace('$', r'\$')
