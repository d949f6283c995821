"""CropClassifier on real artifacts: the colour model finds, a classifier of mean colours names."""

import json

import numpy as np
import pytest
import tensorflow as tf
from tfx.types import channel, standard_artifacts

from components.artifacts import LabelMap
from components.crop_classifier import executor
from components.crop_classifier.component import CropClassifier
from detection import kept_scans, record_scan, records
from detection.base.errors import DataError
from detection.crops import load_backbone, refit
from detection.inference.detector import Detector
from detection.odapi import label_map
from detection.records import LabelledBox, LabelledImage
from tests.support import colour_crops
from tests.support.colour_crops import BLUE, RED
from tests.support.colour_detector import example

LABELS = {'apple': 1, 'plum': 2, 'pear': 3}


@pytest.fixture(scope='module', autouse=True)
def _mean_colour():
  with pytest.MonkeyPatch.context() as patch:
    patch.setattr(load_backbone, 'load', lambda source: colour_crops.mean_colour())
    yield


@pytest.fixture(scope='module')
def name(colour_model, tmp_path_factory):
  """Runs the component on images with things called as given; returns the model's folder.

  objects: of each image, [(colour, box)]. names: {colour: class name}.
  """

  def run(objects, names, limits=None, **settings):
    folder = tmp_path_factory.mktemp('named')
    artifacts = {'examples': standard_artifacts.Examples(), 'label_map': LabelMap()}
    for key, artifact in artifacts.items():
      artifact.uri = str(folder / key)
    artifacts['examples'].splits = ['train', 'eval']
    (folder / 'examples/Split-train').mkdir(parents=True)
    with tf.io.TFRecordWriter(str(folder / 'examples/Split-train/data_tfrecord-00000-of-00001')) as writer:
      for number, things in enumerate(objects):
        writer.write(renamed(example(f'{number}.png', things), names))
    (folder / 'label_map').mkdir()
    (folder / 'label_map/label_map.pbtxt').write_text(label_map.dump(LABELS))
    detector = None
    if 'detector' not in settings:
      detector = channel.Channel(type=standard_artifacts.Model)
      artifacts['detector'] = standard_artifacts.Model()
      artifacts['detector'].uri = str(colour_model)
    channels = channel.Channel(type=standard_artifacts.Examples), channel.Channel(type=LabelMap), detector
    made = CropClassifier(*channels, settings, **limits or {})
    model = standard_artifacts.Model()
    model.uri = str(folder / 'model')
    inputs = {key: [artifact] for key, artifact in artifacts.items()}
    executor.Executor().Do(inputs, {'model': [model]}, dict(made.exec_properties))
    return folder / 'model'

  return run


@pytest.fixture(scope='module')
def named(name):
  return name(scenes(), NAMES)


@pytest.fixture(scope='module')
def again(name, named):
  """A model whose detector is one of two stages itself, given by its path; with limits."""
  names = {'red': 'pear', 'blue': 'plum'}
  return name(scenes(), names, {'score_threshold': 0.5, 'max_detections': 1}, detector=str(named))


@pytest.fixture(scope='module')
def sure(name):
  """A model of which more is asked than its detector gives: its scores are 0.9."""
  return name(scenes(), NAMES, {'score_threshold': 0.95}, max_boxes=7)


def renamed(record, names):
  """The same tf.Example with other class names."""
  parsed = tf.train.Example.FromString(record)
  texts = parsed.features.feature['image/object/class/text'].bytes_list.value
  texts[:] = [names[text.decode()].encode() for text in texts]
  return parsed.SerializeToString()


def scenes(count=4):
  """Images with a red and a blue rectangle, each a little elsewhere."""
  places = [[tuple(side + 2 * number for side in box) for box in (RED, BLUE)] for number in range(count)]
  return [[('red', red), ('blue', blue)] for red, blue in places]


NAMES = {'red': 'apple', 'blue': 'plum'}


def test_what_the_detector_finds_is_named_by_the_train_splits_classes(named, draw):
  (found,) = Detector(str(named)).detect([draw([('red', RED), ('blue', BLUE)])])
  by_name = dict(zip(found.names, found.boxes, strict=True))
  assert np.allclose(by_name['apple'], np.array(RED) / (64, 96, 64, 96), atol=1e-6)
  assert np.allclose(by_name['plum'], np.array(BLUE) / (64, 96, 64, 96), atol=1e-6)
  assert label_map.parse((named / 'label_map.pbtxt').read_text()) == LABELS
  assert (named / 'pipeline.config').exists()
  facts = json.loads((named / 'classifier.json').read_text())
  assert (facts['objects'], facts['max_boxes']) == ({'apple': 4, 'plum': 4}, 20)


def test_a_detector_that_is_there_already_is_given_by_its_path_and_limits_hold(again, draw):
  detector = Detector(str(again))
  (found,) = detector.detect([draw([('red', RED)])])
  assert found.names == ('pear',)
  (found,) = detector.detect([draw([('red', RED), ('blue', BLUE)])])
  assert len(found) == 1


def test_limits_hold_for_the_score_that_the_classifier_leaves(sure, draw):
  (found,) = Detector(str(sure)).detect([draw([('red', RED), ('blue', BLUE)])])
  assert len(found) == 0, f'left are {found.scores}'


def test_as_many_boxes_of_an_image_are_named_as_asked_for(sure):
  boxes = tf.saved_model.load(str(sure / 'Format-Serving')).signatures['serving_default'].structured_outputs
  assert boxes['detection_boxes'].shape[1] == 7
  assert json.loads((sure / 'classifier.json').read_text())['max_boxes'] == 7


def test_one_class_in_the_train_split_is_one_line(name):
  with pytest.raises(DataError, match='two classes or more to tell apart, received one: "apple"'):
    name(scenes(), {'red': 'apple', 'blue': 'apple'})


def test_records_are_read_until_there_are_enough_of_each_class_if_it_is_known_how_many_there_are(tmp_path, monkeypatch):
  (tmp_path / 'Split-train').mkdir()
  path = tmp_path / 'Split-train/data'
  with path.open('wb') as file:
    writer = record_scan.Writer(file)
    for number, labels in enumerate([['a'], ['a', 'b'], ['a'], ['a', 'a', 'b']]):
      boxes = [LabelledBox(label, 0.25, 0.25, 0.75, 0.75) for label in labels]
      writer.write(records.serialize(LabelledImage(b'x', 'png', 4, 4, f'{number}.png', boxes)), f'{number}', 16, labels)
  fitted = refit.FittedClassifier(None, 'logistic', {}, 2, 0.0)
  read = []
  monkeypatch.setattr(refit, 'MOST_OF_CLASS', 1)
  monkeypatch.setattr(refit, 'fit', lambda detector, images, kind: read.extend(one.name for one in images) or fitted)
  executor._fit(None, [str(path)], 'logistic')
  assert len(read) == 4
  read.clear()
  kept_scans.write(str(tmp_path), {'Split-train/data': kept_scans.KeptScan(writer.size, writer.scan)})
  assert executor._fit(None, [str(path)], 'logistic').most_in_an_image == 3
  assert read == ['0.png', '1.png']
