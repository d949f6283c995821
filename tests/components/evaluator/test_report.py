"""The report, opened in a browser."""

import base64
import io
import json
import re
import shutil
import subprocess

import numpy as np
import PIL.Image
import pytest

from components.evaluator import document, evaluation, report, verdict
from detection.detections import Detections
from detection.metrics import bootstrap, names
from detection.metrics.matching import GroundTruth
from detection.metrics.results import Image, merge, of_image

CHROMIUM = shutil.which('chromium') or shutil.which('chromium-browser') or shutil.which('google-chrome')
LABELS = {'<b>red</b>': 1, '_$cost$': 2, 'never there': 3}


def scored(make, blind=False):
  images = make.crowded(12, classes=2, detections=0 if blind else 12)
  results = merge(of_image(image, found) for image, found in images)
  settings = evaluation.Settings(slice_pattern='0([0-9])[.]jpg')
  return evaluation.score(results, LABELS, settings, bootstrap.draws(12, len(results.scores)))


def encoded(names):
  buffer = io.BytesIO()
  PIL.Image.new('RGB', (320, 240), (90, 110, 90)).save(buffer, 'JPEG')
  return dict.fromkeys(names, buffer.getvalue())


def page_of(make, measured=None, before=None):
  judged = verdict.judge(measured.metrics, measured.per_class(), verdict.Bounds({'AP50': 0.5}))
  history = [{'step': step, 'AP': step / 400, 'AP50': step / 300, 'train/Loss/total_loss': 1.0} for step in (100, 200)]
  background = report.Background(
    {'model': '/models/<1>', 'baseline': ''}, {'architecture': 'ssd'}, history, {'<b>red</b>': 3}
  )
  return report.page(judged, background, measured, before, encoded)


@pytest.fixture(scope='module')
def html(make):
  """One page for the tests that only look."""
  return page_of(make, scored(make))


def test_names_that_users_chose_are_shown_and_not_run(html):
  assert '<b>red</b>' not in html
  assert '&lt;b&gt;red&lt;/b&gt;' in html
  assert '/models/&lt;1&gt;' in html


def test_the_page_needs_nothing_from_elsewhere(html):
  outside = [link for link in re.findall(r'(?:src|href)="([^"]*)"', html) if not link.startswith('data:')]
  assert outside == []


@pytest.mark.slow
def test_a_model_that_finds_nothing_has_a_page_too(make):
  html = page_of(make, scored(make, blind=True), scored(make))
  assert 'Not blessed' in html
  assert '<h2>Best images</h2>' not in html


@pytest.mark.slow
def test_a_single_image_without_objects_has_a_page_too(make):
  nothing = GroundTruth(np.zeros((0, 4)), np.zeros(0, np.int64), np.zeros(0, bool), np.zeros(0, bool))
  found = Detections(np.zeros((0, 4)), np.zeros(0, np.int64), np.zeros(0))
  results = merge([of_image(Image('a.jpg', 10, 10, nothing), found)])
  measured = evaluation.score(results, {'red': 1}, evaluation.Settings(), bootstrap.draws(1, 0))
  assert 'could not be measured' in page_of(make, measured)


def test_metrics_json_holds_every_number_it_documents(make):
  measured, before = scored(make), scored(make, blind=True)
  judged = verdict.judge(measured.metrics, measured.per_class(), verdict.Bounds({'AP50': 0.5}))
  content = json.loads(json.dumps(document.build(measured, before, judged, {'model': 'm'}, {}), allow_nan=False))
  documented = re.findall(r'^ {0,2}(\w+(?:, \w+)*)   *\S', document.__doc__, flags=re.M)
  fields = {name for line in documented for name in line.split(', ')}
  assert set(content) | set(content['model']) == fields
  assert set(content['model']['metrics']) == set(names.ALL)
  assert content['model']['per_class'][2]['metrics']['AP'] is None
  assert content['difference']['AP']['low'] > 0


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason='no Chromium: apt-get install chromium')
@pytest.mark.parametrize('width', [1280, 400])
def test_the_browser_draws_every_image_and_reports_no_error(make, tmp_path, width):
  html = page_of(make, scored(make), scored(make, blind=True))
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
