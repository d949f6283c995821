"""`detection-pipeline label-next` with a detector of coloured rectangles."""

import json

import numpy as np
import PIL.Image
import pytest

from cli import main
from detection.crops import load_backbone
from tests.support import colour_crops

pytestmark = pytest.mark.slow
RED = ('red', (10, 10, 40, 50))


@pytest.fixture(autouse=True)
def _mean_colour(monkeypatch):
  monkeypatch.setattr(load_backbone, 'load', lambda source: colour_crops.mean_colour())


def label_next(*words):
  return main.main(['label-next', *map(str, words)])


def save(path, pixels):
  path.parent.mkdir(exist_ok=True)
  PIL.Image.fromarray(np.asarray(pixels, np.uint8)).save(path)


def test_the_image_unlike_the_labelled_is_chosen_and_its_boxes_proposed(colour_model, draw, tmp_path, capsys):
  for number in range(3):
    save(tmp_path / 'labelled' / f'{number}.png', draw([RED]))
    save(tmp_path / 'new' / f'{number}.png', draw([RED]))
  save(tmp_path / 'new' / 'odd.png', draw([('blue', (0, 0, 60, 90))]))
  out = tmp_path / 'out'
  status = label_next(
    colour_model, tmp_path / 'new', '--count', 2, '--output', out, '--labelled', tmp_path / 'labelled'
  )
  said = capsys.readouterr()
  assert status == 0
  assert said.out.splitlines()[0] == str(tmp_path / 'new' / 'odd.png')
  assert '2 of 4 images' in said.err
  rows = json.loads((out / 'label-next.json').read_text())
  assert [row['proposals'] for row in rows] == ['voc/odd.xml', 'voc/0.xml']
  assert '<name>blue</name>' in (out / 'voc' / 'odd.xml').read_text()
  assert (out / 'label-next.html').read_text().count('<figure>') == 2


def test_a_labelled_image_is_never_chosen_and_a_broken_one_is_named(colour_model, draw, tmp_path, capsys):
  for name in ('new', 'done'):
    save(tmp_path / name / 'a.png', draw([RED]))
  (tmp_path / 'new' / 'bad.png').write_bytes(b'')
  status = label_next(
    colour_model, tmp_path / 'new', tmp_path / 'done', '--count', 9, '--output', tmp_path / 'out',
    '--labelled', tmp_path / 'done',
  )  # fmt: skip
  said = capsys.readouterr()
  assert status == 1
  assert said.out.splitlines() == [str(tmp_path / 'new' / 'a.png')]
  assert 'left out: 1; each is named above' in said.err


def test_images_of_nothing_that_deceive_the_model_get_xml_without_objects(colour_model, draw, tmp_path, capsys):
  save(tmp_path / 'new' / 'a.png', draw([]))
  save(tmp_path / 'new' / 'b.png', draw([RED]))
  out = tmp_path / 'out'
  assert label_next(colour_model, tmp_path / 'new', '--empty', '--count', 5, '--output', out) == 0
  assert capsys.readouterr().out.splitlines() == [str(tmp_path / 'new' / 'b.png')]
  (path,) = (out / 'voc').iterdir()
  assert path.name == 'b.xml'
  assert '<filename>b.png</filename>' in path.read_text()
  assert '<object>' not in path.read_text()
  assert '1 boxes where nothing is' in (out / 'label-next.html').read_text()


def test_images_of_one_name_get_files_of_their_own(colour_model, draw, tmp_path):
  for name in ('a', 'b'):
    save(tmp_path / name / 'same.png', draw([RED]))
  assert label_next(colour_model, tmp_path / 'a', tmp_path / 'b', '--count', 2, '--output', tmp_path / 'out') == 0
  assert sorted(path.name for path in (tmp_path / 'out' / 'voc').iterdir()) == ['same-2.xml', 'same.xml']


@pytest.mark.parametrize(
  ('words', 'message'),
  [
    (['--count', '0', '--output', 'out'], '--count: expected 1 or more, received 0'),
    (['--count', '1', '--output', 'out', '--min-score', '2'], '--min-score: expected a number from 0 to 1'),
    (['--count', '1', '--output', 'here/file'], 'is a file'),
    (['--count', '1', '--output', 'here'], 'is not empty'),
    (['--count', '1', '--output', 'out', '--labelled', 'here'], 'all images are among the labelled ones'),
  ],
)
def test_what_makes_no_sense_is_one_line(words, message, tmp_path, monkeypatch, capsys):
  monkeypatch.chdir(tmp_path)
  (tmp_path / 'here').mkdir()
  (tmp_path / 'here' / 'file').touch()
  (tmp_path / 'here' / 'a.png').touch()
  assert label_next('model', 'here/a.png', *words) == 2
  assert message in capsys.readouterr().err
