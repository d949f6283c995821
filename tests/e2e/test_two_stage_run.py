"""A detector that finds and a classifier that names, through the whole pipeline: trained, then taken as it is.

Both start from the weights of a classification network, straight from a file of Keras.
"""

import json

import pytest

from cli import main
from detection.inference.detector import Detector
from detection.odapi import label_map
from detection.odapi.weights import targets
from detection.sample_data import draw
from tests.support import keras_networks
from tests.support.local_runs import cold_run, write_config

pytestmark = pytest.mark.slow


@pytest.fixture(scope='module')
def named_run(tmp_path_factory):
  """One cold run with `two_stage:`."""
  home = tmp_path_factory.mktemp('named')
  weights = str(home / 'network.h5')
  keras_networks.keras3_h5(keras_networks.with_top(targets.keras_network('MobileNetV2', 0.35), nested=True), weights)
  model = {'mode': 'classification', 'checkpoint': weights}
  return cold_run(home, two_stage={'backbone': weights}, data={'statistics': False}, model=model)


def test_the_detector_learns_one_class_and_what_is_pushed_knows_all(named_run):
  assert named_run.status == 0
  trained = named_run.artifact('ODAPITrainer', 'model')
  assert label_map.parse((trained / 'label_map.pbtxt').read_text()) == {'object': 1}
  assert 'num_classes: 1\n' in (trained / 'pipeline.config').read_text()
  pushed = named_run.pushed
  detector = Detector(str(pushed))
  assert sorted(detector.labels) == sorted(draw.CLASSES)
  (found,) = detector.detect([str(named_run.data / 'JPEGImages' / 'sample-0000.jpg')])
  # After four steps no feature tells the classes apart: which of them a box is called is chance.
  assert len(found) > 0
  assert set(found.names) <= set(detector.labels)
  evaluation = json.loads((named_run.artifact('MapEvaluator', 'evaluation') / 'metrics.json').read_text())
  assert [row['name'] for row in evaluation['model']['per_class']] == sorted(draw.CLASSES)
  assert evaluation['facts']['named by'].startswith('logistic classifier on ')
  page = (named_run.artifact('MapEvaluator', 'evaluation') / 'report.html').read_text()
  assert 'Measured while training the detector alone, of one class' in page


def test_every_variable_of_the_backbone_comes_from_the_file(named_run):
  report = json.loads((named_run.artifact('ODAPITrainer', 'model_run') / 'restore_report.json').read_text())
  assert report['checkpoint'] == str(named_run.home / 'network.h5')
  assert report['backbone'] == [260, 260]


def test_another_classifier_trains_no_detector_again(named_run, capsys):
  assert named_run.run('--set', 'two_stage.classifier=svm', '--set', 'evaluate.baseline=none') == 0
  said = capsys.readouterr().out
  assert 'ODAPITrainer: from the cache' in said
  assert 'CropClassifier: from the cache' not in said


def test_a_detector_that_is_pushed_already_needs_no_training(named_run, tmp_path, capsys):
  pushed = named_run.pushed
  statistics = {'statistics': False}
  config = write_config(tmp_path, named_run.data, two_stage={'detector': str(pushed)}, data=statistics)
  assert main.main(['run', str(config)]) == 0
  said = capsys.readouterr().out
  assert '] CropClassifier' in said
  assert 'ODAPITrainer' not in said
  assert 'TensorBoard' not in said
