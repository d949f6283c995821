"""The shared page: escaping, numbers, embedded pictures."""

import base64
import io
import pathlib

import jinja2
import matplotlib.figure
import PIL.Image
import pytest

from detection.report import page

BASE = pathlib.Path(page.__file__).with_name('base.html')


def test_what_users_wrote_is_escaped():
  html = page.render(BASE, title='<script>alert(1)</script>')
  assert '<script>' not in html
  assert '&lt;script&gt;' in html


def test_a_name_that_is_not_given_is_an_error():
  with pytest.raises(jinja2.UndefinedError):
    page.render(BASE)


@pytest.mark.parametrize(
  ('value', 'text'), [(0.4567, '45.7'), (1, '100.0'), (0, '0.0'), (None, '–'), (float('nan'), '–'), (-1, '–')]
)
def test_percent(value, text):
  assert page.percent(value) == text


def figure():
  chart = matplotlib.figure.Figure()
  chart.subplots().plot([1, 2, 3])
  return chart


def test_equal_figures_give_equal_text():
  assert page.figure_uri(figure()) == page.figure_uri(figure())
  assert page.figure_uri(figure()).startswith('data:image/svg+xml;base64,')


def test_an_image_is_shrunk_and_embedded():
  uri = page.image_uri(PIL.Image.new('RGBA', (1000, 500)), longest=200)
  kind, content = uri.split(',')
  assert kind == 'data:image/jpeg;base64'
  assert PIL.Image.open(io.BytesIO(base64.b64decode(content))).size == (200, 100)
