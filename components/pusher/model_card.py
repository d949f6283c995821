"""model_card.md: describes a pushed model, from the evaluation's metrics.json.

Headings follow Mitchell et al., Model Cards for Model Reporting, FAT* 2019, as far as a pipeline can know.
"""

from collections.abc import Mapping
from typing import Any

FILE_NAME = 'model_card.md'
_SHOWN = ('AP', 'AP50', 'AP75', 'AR100', 'precision', 'recall', 'F1')


def render(metrics: Mapping[str, Any], labels: Mapping[str, int]) -> str:
  """The card as Markdown.

  Args:
    metrics: the content of metrics.json.
    labels: {class name: id}.
  """
  lines = ['# Object detector', '', f'Verdict: {metrics["verdict"]["reason"]}', '', '## Model details', '']
  lines += [f'- {_plain(name)}: {_plain(value)}' for name, value in metrics['facts'].items()]
  lines += ['', '## Classes', '', ', '.join(f'{number} {_plain(name)}' for name, number in labels.items()), '']
  model = metrics['model']
  if model:
    lines += ['## Metrics', '', f'On {model["images"]} images with {model["objects"]} objects.', '']
    lines += ['| | ' + ' | '.join(_SHOWN) + ' | best confidence |', '|---' * (len(_SHOWN) + 2) + '|']
    lines.append(_row('all', model['metrics'], ''))
    lines += [_row(row['name'], row['metrics'], f'{row["best"]["score"]:.2f}') for row in model['per_class']]
    lines += ['', _interval(model['intervals']['AP'])]
  return '\n'.join(lines) + '\n'


def _row(name: str, metrics: Mapping[str, float | None], confidence: str) -> str:
  cells = ['–' if metrics[metric] is None else f'{metrics[metric]:.3f}' for metric in _SHOWN]
  return '| ' + ' | '.join([_plain(name), *cells, confidence]) + ' |'


def _interval(interval: Mapping[str, float | None]) -> str:
  if interval['low'] is None:
    return ''
  return f'95 % interval of AP over the choice of images: {interval["low"]:.3f} to {interval["high"]:.3f}.'


def _plain(text: object) -> str:
  """The text on one line, escaped so that it cannot break the table or become markup."""
  return ' '.join(str(text).split()).replace('|', '\\|').replace('<', '&lt;')
