"""`detection-pipeline refit`: on the finished run's model, and on a detector of coloured rectangles."""

import json
import shutil

import PIL.Image
import pytest

from cli import main, refit
from detection.base.errors import ConfigError, DataError
from detection.crops import load_backbone
from detection.inference.detector import Detector
from detection.sample_data.draw import CLASSES
from tests.support import colour_crops, voc_maker
from tests.support.colour_crops import BLUE, RED

pytestmark = pytest.mark.slow


@pytest.fixture(scope='module')
def model(finished_run):
  return str(finished_run.artifact('ODAPITrainer', 'model'))


@pytest.fixture(scope='module')
def refitted(finished_run, model, tmp_path_factory):
  """The folder of a model that refit made of the finished run's."""
  output = tmp_path_factory.mktemp('refitted') / 'model'
  assert main.main(['refit', '--model', model, '--data', str(finished_run.data), '--output', str(output)]) == 0
  return output


def test_refit_names_the_classes_of_the_data(refitted, finished_run):
  detector = Detector(str(refitted))
  assert list(detector.labels) == sorted(CLASSES)
  (found,) = detector.detect([str(finished_run.data / 'JPEGImages' / 'sample-0000.jpg')])
  assert set(found.names) <= set(CLASSES)
  facts = json.loads((refitted / 'classifier.json').read_text())
  assert set(facts['objects']) == set(CLASSES)
  assert facts['cross_validated_accuracy'] > 0.4
  assert (refitted / 'pipeline.config').exists()


@pytest.fixture
def _mean_colour(monkeypatch):
  monkeypatch.setattr(load_backbone, 'load', lambda source: colour_crops.mean_colour())


def write(folder, draw, red, blue, count=4):
  """A VOC folder of images with a red and a blue rectangle, called as given."""
  files = {}
  for number in range(count):
    boxes = {colour: tuple(side + 2 * number for side in box) for colour, box in (('red', RED), ('blue', BLUE))}
    files[f'{number}.png'] = voc_maker.encode(PIL.Image.fromarray(draw(list(boxes.items()))), 'PNG')
    corners = {colour: (box[1], box[0], box[3], box[2]) for colour, box in boxes.items()}
    things = [voc_maker.thing(red, corners['red']), voc_maker.thing(blue, corners['blue'])]
    files[f'{number}.xml'] = voc_maker.voc(*things, size=(96, 64), filename=f'{number}.png')
  return str(voc_maker.write(folder, files))


def named(model, draw):
  """{class name: id} of what a model finds in a new image."""
  (found,) = Detector(str(model)).detect([draw([('red', RED), ('blue', BLUE)])])
  return dict(zip(found.names, found.classes.tolist(), strict=True))


@pytest.mark.usefixtures('_mean_colour')
def test_a_class_is_added_to_what_refit_made_and_ids_stay(colour_model, draw, tmp_path, monkeypatch, capsys):
  refit.refit(str(colour_model), write(tmp_path / 'few', draw, 'apple', 'plum'), str(tmp_path / 'first'))
  assert named(tmp_path / 'first', draw) == {'apple': 1, 'plum': 2}
  facts = json.loads((tmp_path / 'first' / 'classifier.json').read_text())
  assert facts == {
    'objects': {'apple': 4, 'plum': 4},
    'kind': 'logistic',
    'cross_validated_accuracy': 1.0,
    'max_boxes': 20,
  }
  assert (tmp_path / 'first' / 'pipeline.config').read_text() == (colour_model / 'pipeline.config').read_text()

  monkeypatch.setattr(load_backbone, 'load', None)  # the first one's is taken over
  refit.refit(str(tmp_path / 'first'), write(tmp_path / 'more', draw, 'cherry', 'plum'), str(tmp_path / 'second'))
  assert named(tmp_path / 'second', draw) == {'cherry': 3, 'plum': 2}
  assert Detector(str(tmp_path / 'second')).labels == {'apple': 1, 'plum': 2, 'cherry': 3}
  assert capsys.readouterr().out.count('fitted in') == 2


@pytest.mark.usefixtures('_mean_colour')
def test_an_image_that_cannot_be_used_is_named_and_the_others_are_fitted(colour_model, draw, tmp_path, capsys):
  data = write(tmp_path / 'few', draw, 'apple', 'plum', count=5)
  (broken,) = (tmp_path / 'few').rglob('2.png')
  broken.write_bytes(b'not an image')
  head = refit.refit(str(colour_model), data, str(tmp_path / 'out'))
  assert list(head.names) == ['apple', 'plum']
  assert '\nleft out: 2.png: image_' in '\n' + capsys.readouterr().err


@pytest.mark.usefixtures('_mean_colour')
def test_one_class_is_one_line_and_leaves_nothing(colour_model, draw, tmp_path):
  with pytest.raises(DataError, match='two classes or more to tell apart, received one: "fruit"'):
    refit.refit(str(colour_model), write(tmp_path / 'few', draw, 'fruit', 'fruit'), str(tmp_path / 'out'))
  assert not (tmp_path / 'out').exists()


def test_a_folder_that_exists_is_never_written_to(colour_model, tmp_path):
  with pytest.raises(ConfigError, match='Name a new folder'):
    refit.refit(str(colour_model), 'unread', str(tmp_path))


@pytest.mark.usefixtures('_mean_colour')
def test_a_detector_without_its_config_is_refused(colour_model, draw, tmp_path):
  bare = tmp_path / 'bare'
  shutil.copytree(colour_model, bare)
  (bare / 'pipeline.config').unlink()
  with pytest.raises(DataError, match=r'no pipeline.config in it or in the folder above'):
    refit.refit(str(bare), write(tmp_path / 'few', draw, 'apple', 'plum'), str(tmp_path / 'out'))
  assert [path.name for path in tmp_path.iterdir() if 'out' in path.name] == []
