"""The built-in bases: base_configs/NAME.yaml says what a base is for, how large and how quick it is.

The config itself is a whole pipeline.config beside it, base_configs/NAME.config, or follows from another base:

    from: ssd_mobilenet_v2_fpnlite_320
    overrides: {model.ssd.image_resizer.fixed_shape_resizer: {height: 640, width: 640}}

A new YAML file in that folder is a new base. Listing them needs no TensorFlow, so that the command `models` is quick.
"""

import pathlib
import textwrap
from collections.abc import Mapping
from typing import Any

import yaml
from pydantic import v1 as pydantic

from detection.base.settings import Settings, parse_settings

FOLDER = pathlib.Path(__file__).with_name('base_configs')
_NOT_PUBLISHED = '-'


class BuiltinBase(Settings):
  """One built-in base, as its YAML file describes it.

  name: what model.base takes; the file's name.
  use: when to choose it.
  family: for people: SSD, EfficientDet, Faster R-CNN or CenterNet.
  input: width x height in pixels.
  parameters: trainable ones that detection uses, counted on the built model with 90 classes.
  mAP: COCO mAP in percent as published, None if none is.
  speed_ms: milliseconds an image as published, None if none is.
  source: where these facts are from.
  starts_from: the base whose config this one changes (`from` in the file); None for one with a config of its own.
  overrides: what it changes there, {dotted path in pipeline.config: value}.
  imagenet: the network and depth multiplier whose published weights fit its backbone; None if none do.
  """

  name: str
  use: str
  family: str
  input: str
  parameters: pydantic.PositiveInt
  mAP: float | None  # noqa: N815  the metric's name
  speed_ms: int | None
  source: str
  starts_from: str | None = pydantic.Field(None, alias='from')
  overrides: Mapping[str, Any] = {}
  imagenet: str | None = None


def names() -> list[str]:
  """What model.base takes, in the order of the alphabet."""
  return sorted(path.stem for path in FOLDER.glob('*.yaml'))


def get(name: str) -> BuiltinBase:
  """The built-in base of this name, one of `names()`."""
  path = FOLDER / f'{name}.yaml'
  facts = yaml.safe_load(path.read_text(encoding='utf-8'))
  return parse_settings(BuiltinBase, {'name': name, **facts}, path.name)


def entries() -> list[BuiltinBase]:
  """All built-in bases, by family, the smaller first."""
  return sorted(map(get, names()), key=lambda base: (base.family, base.parameters, base.input))


def text(name: str) -> str:
  """The pipeline.config of a built-in base, in text form."""
  base = get(name)
  if base.starts_from is None:
    return (FOLDER / f'{name}.config').read_text(encoding='utf-8')
  from detection.odapi.config import config_io, config_path  # here, as the OD API's protos take a second

  config = config_io.parse(text(base.starts_from), base.starts_from)
  config_path.apply(config, base.overrides, f'{name}.yaml')
  return config_io.dump(config)


def table() -> str:
  """All built-in bases as plain text, one line of figures and one of use each."""
  header = ('name', 'family', 'input', 'parameters', 'COCO mAP', 'speed')
  bases = entries()
  rows = [_row(base) for base in bases]
  widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header))]
  lines = [_line(header, widths), _line(tuple('-' * width for width in widths), widths)]
  for row, base in zip(rows, bases, strict=True):
    lines += [_line(row, widths), f'    {base.use}']
    if base.imagenet:
      lines.append(f'    model.checkpoint: imagenet takes the weights of {base.imagenet}')
  note = (
    'Parameters: counted on the built model with 90 classes. mAP and speed: as published in the TF2 detection model '
    'zoo, COCO 2017 val; "-" where nothing is published. A zoo archive, its folder, or your own pipeline.config can '
    'stand in place of a name. Weights of other people for model.mode: classification: docs/models.md.'
  )
  return '\n'.join([*lines, '', *textwrap.wrap(note, 110)])


def _row(base: BuiltinBase) -> tuple[str, ...]:
  precision = _NOT_PUBLISHED if base.mAP is None else f'{base.mAP:.1f}'
  speed = _NOT_PUBLISHED if base.speed_ms is None else f'{base.speed_ms} ms'
  return base.name, base.family, base.input, f'{base.parameters:,}', precision, speed


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
  return '  '.join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
