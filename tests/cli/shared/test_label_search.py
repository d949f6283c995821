"""The search for wrong labels, by a detector of red and blue rectangles; features are mean colours."""

import json

import pytest

from cli.shared import label_search
from cli.shared.label_search import Judges
from detection.base.errors import ConfigError, DataError
from detection.crops import load_backbone
from detection.label_faults.ranking import KINDS
from detection.pipeline_config import builtin_bases
from tests.support import colour_crops, voc_maker
from tests.support.colour_detector import picture, png
from tests.support.voc_maker import thing, voc

WIDTH, HEIGHT = SIZE = 96, 64


@pytest.fixture(autouse=True)
def backbone(monkeypatch):
  monkeypatch.setattr(load_backbone, 'load', lambda model: colour_crops.mean_colour())


def write(root, names=('red', 'blue')):
  """Eight images with a red and a blue rectangle and a label for each, named by `names`; all but four are right.

  2: red has no label. 3: a third label on background. 4: red's label is badly placed. 5: red alone, without a label.
  """
  for number in range(8):
    red = 4 + number, 4 + number, 28 + number, 28 + number  # ymin, xmin, ymax, xmax
    blue = 20, 60, 50, 90 - number
    boxes = [(names[0], red), (names[1], blue)]
    drawn = [('red', red), ('blue', blue)]
    if number == 2:
      boxes = boxes[1:]
    elif number == 3:
      boxes.append((names[0], (48, 10, 62, 40)))
    elif number == 4:
      boxes[0] = (names[0], (red[0], red[1] + 8, red[2], red[3] + 8))
    elif number == 5:
      boxes, drawn = [], drawn[:1]
    things = [thing(name, (xmin, ymin, xmax, ymax)) for name, (ymin, xmin, ymax, xmax) in boxes]
    stem = f'{number}'
    files = {
      f'JPEGImages/{stem}.png': png(picture(drawn, SIZE)),
      f'Annotations/{stem}.xml': voc(*things, size=SIZE, filename=f'{stem}.png'),
    }
    voc_maker.write(root, files)
  return str(root)


def test_a_detector_finds_missing_superfluous_and_badly_placed_boxes(tmp_path, colour_model, capsys):
  label_search.find_suspects(write(tmp_path / 'data'), Judges(str(colour_model)), str(tmp_path / 'out'))
  content = json.loads((tmp_path / 'out' / 'suspects.json').read_text())
  found = {kind: {fault['image'] for fault in content['detector'][kind]} for kind in KINDS}
  assert found == {
    'missing': {'JPEGImages/2.png', 'JPEGImages/5.png'},
    'superfluous': {'JPEGImages/3.png'},
    'misplaced': {'JPEGImages/4.png'},
  }
  page = (tmp_path / 'out' / 'suspects.html').read_text()
  assert page.count('<figure>') == 4 + len(content['suspects'])
  out = capsys.readouterr().out
  assert 'missing: 2 places' in out
  assert 'The model may have been trained on these images' in out


def test_one_class_is_enough_for_the_faults_that_a_detector_finds(tmp_path, colour_model, capsys):
  data = write(tmp_path / 'data', names=('red', 'red'))
  label_search.find_suspects(data, Judges(str(colour_model)), str(tmp_path / 'out'))
  assert 'suspects' not in json.loads((tmp_path / 'out' / 'suspects.json').read_text())
  assert 'Swapped classes were not looked for: ' in capsys.readouterr().out


@pytest.mark.parametrize(
  ('model', 'names', 'reason'),
  [
    pytest.param('colour', ('cat', 'dog'), 'knows none of the classes', id='a detector of other classes'),
    pytest.param('nowhere', ('red', 'blue'), 'no SavedModel', id='no detector'),
  ],
)
def test_swapped_classes_need_no_detector(tmp_path, colour_model, capsys, model, names, reason):
  path = str(colour_model) if model == 'colour' else str(tmp_path / model)
  label_search.find_suspects(write(tmp_path / 'data', names), Judges(path), str(tmp_path / 'out'))
  content = json.loads((tmp_path / 'out' / 'suspects.json').read_text())
  assert 'suspects' in content
  assert 'detector' not in content
  assert 'Missing, superfluous and badly placed boxes were not looked for: ' in (out := capsys.readouterr().out)
  assert reason in out


def test_where_neither_can_be_looked_for_nothing_is_written(tmp_path, colour_model):
  with pytest.raises(DataError, match='two classes or more to tell apart, received one: "cat"'):
    label_search.find_suspects(
      write(tmp_path / 'data', ('cat', 'cat')), Judges(str(colour_model)), str(tmp_path / 'out')
    )
  assert not (tmp_path / 'out').exists()


def test_folds_need_a_model_that_can_be_trained(tmp_path):
  (tmp_path / 'pipeline.config').write_text(builtin_bases.text('ssd_mobilenet_v2_fpnlite_cpu_160'))
  with pytest.raises(ConfigError, match='--folds: .*no checkpoint'):
    label_search.find_suspects(write(tmp_path / 'data'), Judges(str(tmp_path), folds=3), str(tmp_path / 'out'))


def test_a_sample_is_judged_and_the_report_says_so(tmp_path, colour_model):
  label_search.find_suspects(write(tmp_path / 'data'), Judges(str(colour_model), most=6), str(tmp_path / 'out'))
  assert '6 of 8 images were judged, a sample.' in json.loads((tmp_path / 'out/suspects.json').read_text())['notes']
