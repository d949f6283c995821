"""Self-contained HTML pages of one style, for reports and search results.

A page's template extends `base.html` of this folder. It lies beside the module that fills it:

    html = page.render(pathlib.Path(__file__).with_name('report.html'), title='...', chart=page.figure_uri(figure))
"""

import base64
import io
import math
import pathlib
import typing

import jinja2

from detection.report import palette

if typing.TYPE_CHECKING:
  import matplotlib.figure
  import PIL.Image

_HERE = pathlib.Path(__file__).parent


def render(template: pathlib.Path, **context: object) -> str:
  """Renders the file `template`, with every value escaped.

  Raises:
    jinja2.UndefinedError: if the template uses a name that `context` does not give.
  """
  environment = jinja2.Environment(
    loader=jinja2.FileSystemLoader([_HERE, template.parent]),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
  )
  environment.globals['palette'] = palette
  environment.filters['percent'] = percent
  environment.filters['number'] = number
  return environment.get_template(template.name).render(**context)


def percent(value: float | None) -> str:
  """0.4567 as `45.7`, in percent without the sign; a dash for None, NaN and COCO's -1, where nothing was measured."""
  return '–' if value is None or not value >= 0 else f'{100 * value:.1f}'


def number(value: float | None, digits: int = 3) -> str:
  """The number with `digits` decimals; a dash for None and NaN."""
  return '–' if value is None or math.isnan(value) else f'{value:.{digits}f}'


def figure_uri(figure: 'matplotlib.figure.Figure') -> str:
  """A matplotlib figure as an SVG data URI, for <img src>. Equal figures give equal text."""
  import matplotlib

  buffer = io.BytesIO()
  with matplotlib.rc_context({'svg.hashsalt': 'page', 'svg.fonttype': 'path'}):
    figure.savefig(buffer, format='svg', bbox_inches='tight', metadata={'Date': None})
  return _data_uri('image/svg+xml', buffer.getvalue())


def image_uri(image: 'PIL.Image.Image', longest: int = 720, quality: int = 82) -> str:
  """A Pillow image as a JPEG data URI, shrunk to `longest` pixels on its longer side."""
  small = image.convert('RGB')
  small.thumbnail((longest, longest))
  buffer = io.BytesIO()
  small.save(buffer, 'JPEG', quality=quality)
  return _data_uri('image/jpeg', buffer.getvalue())


def _data_uri(kind: str, content: bytes) -> str:
  return f'data:{kind};base64,{base64.b64encode(content).decode("ascii")}'
