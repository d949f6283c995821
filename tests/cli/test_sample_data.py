"""The drawn sample data: reproducible, labelled right, and careful with folders that are not its own."""

import sys

import numpy as np
import pytest
from PIL import Image

from components.voc_example_gen.formats import voc
from detection.base.errors import ConfigError
from detection.sample_data import draw


def content(folder):
  return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob('*')) if p.is_file()}


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
    annotation = voc.parse(path.read_bytes())
    assert Image.open(tmp_path / 'a/JPEGImages' / annotation.filename).size == (annotation.width, annotation.height)
    assert 1 <= len(annotation.objects) <= 3
    for item in annotation.objects:
      labels.add(item.label)
      assert 0 <= item.xmin < item.xmax <= annotation.width
      assert 0 <= item.ymin < item.ymax <= annotation.height
      assert item.xmax - item.xmin >= 0.15 * min(annotation.width, annotation.height)
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
  import subprocess

  code = 'import sys; from detection.sample_data import draw as sample_data; sys.exit("tensorflow" in sys.modules)'
  assert subprocess.run([sys.executable, '-c', code]).returncode == 0


@pytest.mark.parametrize('domain', ['night', 'fog', 'wall'])
def test_another_domain_looks_different_and_is_drawn_the_same_twice(tmp_path, domain):
  for name, look in (('plain', 'plain'), ('a', domain), ('b', domain)):
    draw.write(str(tmp_path / name), images=4, seed=3, domain=look)
  assert content(tmp_path / 'a') == content(tmp_path / 'b')
  assert 'domain' in (tmp_path / 'a' / draw.MARK).read_text()
  plain, other = (
    np.asarray(Image.open(tmp_path / name / 'JPEGImages/sample-0000.jpg'), float) for name in ('plain', 'a')
  )
  assert np.abs(plain - other).mean() > 20


@pytest.mark.parametrize('domain', ['night', 'fog'])
def test_haze_light_and_noise_leave_every_label_as_it_was(tmp_path, domain):
  for look in ('plain', domain):
    draw.write(str(tmp_path / look), images=4, seed=3, domain=look)
  plain, other = (content(tmp_path / look / 'Annotations') for look in ('plain', domain))
  assert plain == other


def test_an_unknown_domain_is_refused_naming_those_there_are(tmp_path):
  with pytest.raises(ConfigError, match=r'--domain: expected one of plain, night, fog, wall, received "mars"'):
    draw.write(str(tmp_path / 'a'), images=1, domain='mars')
  assert not (tmp_path / 'a').exists()
