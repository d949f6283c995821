"""The report, opened in a browser."""

import base64
import io
import json
import re
import shutil
import subprocess

import PIL.Image
import pytest

from components.evaluator import report, verdict
from components.evaluator.result import EvaluationResult
from tests.support.evaluations import encoded, result_of, scored, scored_one

CHROMIUM = shutil.which('chromium') or shutil.which('chromium-browser') or shutil.which('google-chrome')


def page_of(model, baseline=None):
  return report.page(result_of(model, baseline), encoded)


@pytest.fixture(scope='module')
def html():
  """One page for the tests that only look."""
  return page_of(scored())


def test_names_that_users_chose_are_shown_and_not_run(html):
  assert '<b>red</b>' not in html
  assert '&lt;b&gt;red&lt;/b&gt;' in html
  assert '/models/&lt;1&gt;' in html


def test_the_page_needs_nothing_from_elsewhere(html):
  outside = [link for link in re.findall(r'(?:src|href)="([^"]*)"', html) if not link.startswith('data:')]
  assert outside == []


@pytest.mark.slow
def test_a_model_that_finds_nothing_has_a_page_too():
  html = page_of(scored(blind=True), scored())
  assert 'Not blessed' in html
  assert '<h2>Best images</h2>' not in html


@pytest.mark.slow
def test_a_single_image_without_objects_has_a_page_too(make):
  assert 'could not be measured' in page_of(scored_one(make.image(1)))


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason='no Chromium: apt-get install chromium')
@pytest.mark.parametrize('width', [1280, 400])
def test_the_browser_draws_every_image_and_reports_no_error(tmp_path, width):
  html = page_of(scored(), scored(blind=True))
  # What the page itself measures once everything is loaded is written into its title, which --dump-dom prints.
  probe = """<script>
  const errors = [];
  window.addEventListener('error', e => errors.push(String(e.message || e.target.src).slice(0, 80)), true);
  window.addEventListener('load', () => { document.title = JSON.stringify({errors, images: document.images.length,
    drawn: [...document.images].filter(i => i.complete && i.naturalWidth > 1 && i.clientWidth > 1).length,
    overflow: document.documentElement.scrollWidth - window.innerWidth}); });</script>"""
  path = tmp_path / 'report.html'
  path.write_text(html.replace('<head>', '<head>' + probe, 1))
  done = subprocess.run(
    [CHROMIUM, '--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--dump-dom']
    + [
      '--enable-logging=stderr',
      f'--user-data-dir={tmp_path / "profile"}',
      f'--window-size={width},900',
      f'file://{path}',
    ],
    capture_output=True,
    text=True,
    timeout=120,
    check=True,
  )
  found = json.loads(re.search(r'<title>(.*?)</title>', done.stdout, re.S).group(1).replace('&quot;', '"'))
  assert found['errors'] == []
  assert found['images'] == found['drawn'] == html.count('<img ')
  assert found['images'] > 10
  assert found['overflow'] <= 0
  assert 'CONSOLE' not in done.stderr, done.stderr


def test_pictures_on_the_page_are_jpegs_with_boxes(html):
  pictures = re.findall(r'data:image/jpeg;base64,([^"]+)', html)
  assert len(pictures) > 1
  image = PIL.Image.open(io.BytesIO(base64.b64decode(pictures[0])))
  assert len(set(image.getdata())) > 100


def test_a_model_that_could_not_be_run_has_a_page_that_says_why():
  html = report.page(EvaluationResult(verdict.refused('The exported model does not serve: it is <broken>')))
  assert 'does not serve: it is &lt;broken&gt;' in html
  assert '<img' not in html
