"""The drawn sample data: reproducible, labelled right, and careful with folders that are not its own."""

import subprocess
import sys

import pytest
from defusedxml import ElementTree
from PIL import Image

from detection.base.errors import ConfigError
from detection.sample_data import draw
from tests.support.folders import content


def test_equal_seeds_draw_equal_data(tmp_path):
  for name, seed in (('a', 1), ('b', 1), ('c', 2)):
    draw.write(str(tmp_path / name), images=3, seed=seed)
  a, b, c = (content(tmp_path / name) for name in 'abc')
  assert a == b
  assert a['JPEGImages/sample-0000.jpg'] != c['JPEGImages/sample-0000.jpg']
  assert len(a) == 7


def test_every_box_lies_around_something_drawn(tmp_path):
  draw.write(str(tmp_path / 'a'), images=30)
  labels = set()
  for path in sorted((tmp_path / 'a/Annotations').iterdir()):
    annotation = ElementTree.fromstring(path.read_bytes())
    width, height = (int(annotation.findtext(f'size/{side}')) for side in ('width', 'height'))
    assert Image.open(tmp_path / 'a/JPEGImages' / annotation.findtext('filename')).size == (width, height)
    assert 1 <= len(annotation.findall('object')) <= 3
    for thing in annotation.iterfind('object'):
      labels.add(thing.findtext('name'))
      xmin, ymin, xmax, ymax = (int(corner.text) for corner in thing.find('bndbox'))
      assert 0 <= xmin < xmax <= width
      assert 0 <= ymin < ymax <= height
      assert xmax - xmin >= 0.15 * min(width, height)
  assert labels == set(draw.CLASSES)


def test_its_own_unchanged_folder_is_replaced(tmp_path):
  draw.write(str(tmp_path / 'a'), images=3)
  draw.write(str(tmp_path / 'a'), images=2)
  assert len(content(tmp_path / 'a')) == 5
  assert [path.name for path in tmp_path.iterdir()] == ['a']


@pytest.mark.parametrize('change', ['foreign file', 'own file edited', 'own file added'])
def test_a_users_file_is_never_lost(tmp_path, change):
  folder = tmp_path / 'a'
  if change == 'foreign file':
    folder.mkdir()
    (folder / 'thesis.txt').write_text('mine')
  else:
    draw.write(str(folder), images=2)
    name = 'sample-0000.xml' if change == 'own file edited' else 'mine.xml'
    (folder / 'Annotations' / name).write_text('mine')
  before = content(folder)
  with pytest.raises(ConfigError, match='name another folder'):
    draw.write(str(folder), images=2)
  assert content(folder) == before


def test_too_few_images_is_refused(tmp_path):
  with pytest.raises(ConfigError, match='--images'):
    draw.write(str(tmp_path / 'a'), images=0)
  assert not (tmp_path / 'a').exists()


def test_drawing_needs_no_tensorflow():
  code = 'import sys; from detection.sample_data import draw; sys.exit("tensorflow" in sys.modules)'
  assert subprocess.run([sys.executable, '-c', code]).returncode == 0


def test_an_unknown_domain_is_refused_naming_those_there_are(tmp_path):
  with pytest.raises(ConfigError, match=r'--domain: expected one of plain, night, fog, wall, received "mars"'):
    draw.write(str(tmp_path / 'a'), images=1, domain='mars')
  assert not (tmp_path / 'a').exists()
