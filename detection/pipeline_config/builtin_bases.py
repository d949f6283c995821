"""The built-in bases and the facts in their head comments. Standard library only, so that listing them is quick."""

import dataclasses
import pathlib
import textwrap

FOLDER = pathlib.Path(__file__).with_name('base_configs')
SUFFIX = '.config'


@dataclasses.dataclass(frozen=True)
class Entry:
  """One built-in base, as its head comment describes it.

  name: what model.base takes.
  use: when to choose it.
  family: SSD, EfficientDet, Faster R-CNN or CenterNet.
  input: width x height in pixels.
  parameters: trainable ones that detection uses, counted on the built model with 90 classes.
  mAP: COCO mAP as published, or that none is.
  speed: milliseconds an image as published, or that none is.
  source: of these facts.
  """

  name: str
  use: str
  family: str
  input: str
  parameters: str
  mAP: str  # noqa: N815  the metric's name
  speed: str
  source: str


def names() -> list[str]:
  """What model.base takes, in the order of the alphabet."""
  return sorted(path.stem for path in FOLDER.glob(f'*{SUFFIX}'))


def text(name: str) -> str:
  """The pipeline.config of a built-in base."""
  return (FOLDER / f'{name}{SUFFIX}').read_text(encoding='utf-8')


def entries() -> list[Entry]:
  """All built-in bases, by family, the smaller first."""
  found = [Entry(name, **_facts(text(name))) for name in names()]
  return sorted(found, key=lambda entry: (entry.family, int(entry.parameters.replace(',', '')), entry.input))


def table() -> str:
  """All built-in bases as plain text, one line of figures and one of use each."""
  header = ('name', 'family', 'input', 'parameters', 'COCO mAP', 'speed')
  rows = [(e.name, e.family, e.input, e.parameters, e.mAP, e.speed) for e in entries()]
  widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header))]
  lines = [_line(header, widths), _line(tuple('-' * width for width in widths), widths)]
  for row, entry in zip(rows, entries(), strict=True):
    lines += [_line(row, widths), f'    {entry.use}']
  note = (
    'Parameters: counted on the built model with 90 classes. mAP and speed: as published in the TF2 detection model '
    'zoo, COCO 2017 val; "-" where nothing is published. A zoo archive, its folder, or your own pipeline.config can '
    'stand in place of a name.'
  )
  return '\n'.join([*lines, '', *textwrap.wrap(note, 110)])


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
  return '  '.join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _facts(config: str) -> dict[str, str]:
  """The `# key: value` lines of the head; a line that begins with more than one blank goes on with the value before."""
  facts: dict[str, str] = {}
  wanted = {field.name for field in dataclasses.fields(Entry)} - {'name'}
  key = ''
  for line in config.splitlines():
    if not line.startswith('#') or line == '#':
      break
    head, colon, value = line[2:].partition(': ')
    if colon and head in wanted:
      key = head
      facts[key] = value
    else:
      facts[key] += f' {line[2:].strip()}'
  return facts
