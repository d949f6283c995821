"""What is to be measured, from input artifacts and settings."""

import json

import pytest
from tfx.types import standard_artifacts

from components.artifacts import ExportedModels, LabelMap
from components.evaluator import request
from detection.base.errors import ConfigError, DataError
from detection.odapi import label_map
from detection.tiles.grid import Grid

PROPERTIES = {
  'thresholds': '{}',
  'min_improvement': 0.0,
  'split': 'eval',
  'iou': 0.5,
  'slice_pattern': '',
  'baseline_destination': '',
}


@pytest.fixture
def inputs(colour_model, scenes):
  """Model, examples with the split eval, and label map."""
  artifacts = {'model': standard_artifacts.Model(), 'examples': standard_artifacts.Examples(), 'label_map': LabelMap()}
  artifacts['model'].uri = artifacts['label_map'].uri = str(colour_model)
  artifacts['examples'].uri = str(scenes)
  artifacts['examples'].splits = ['eval']
  return {name: [artifact] for name, artifact in artifacts.items()}


def test_what_is_left_out_is_empty(inputs, colour_model):
  asked = request.read(inputs, PROPERTIES)
  assert asked.saved_model == str(colour_model / 'Format-Serving')
  assert asked.labels == {'red': 1, 'blue': 2}
  assert len(asked.examples) == 2
  assert (asked.baseline, asked.baseline_model, asked.model_run, asked.fingerprint) == (None, '', '', '')
  assert (asked.exports, asked.train_examples, asked.tiles) == ([], [], None)


def test_tiles_come_as_the_component_writes_them(inputs):
  assert request.read(inputs, {**PROPERTIES, 'tiles': '{"size": 320, "overlap": 0.5}'}).tiles == Grid(320, 0.5)


def test_names_that_share_an_id_are_reported_as_one_class(inputs, tmp_path):
  (tmp_path / 'label_map.pbtxt').write_text(label_map.dump({'object': 1, 'red': 1, 'blue': 1}))
  inputs['label_map'][0].uri = str(tmp_path)
  asked = request.read(inputs, PROPERTIES)
  assert asked.class_ids == {'object': 1, 'red': 1, 'blue': 1}
  assert asked.labels == {'object': 1}
  with pytest.raises(ConfigError, match='AP/red.*no class "red"'):
    request.read(inputs, {**PROPERTIES, 'thresholds': json.dumps({'AP/red': 0.5})})


def test_the_files_made_from_the_model_are_in_the_order_of_their_names(inputs, tmp_path):
  exports = ExportedModels()
  exports.uri = str(tmp_path)
  for name in ('model.onnx', 'int8.tflite', 'drift_reference.npz'):
    (tmp_path / name).touch()
  asked = request.read({**inputs, 'exports': [exports]}, PROPERTIES)
  assert asked.exports == [str(tmp_path / 'int8.tflite'), str(tmp_path / 'model.onnx')]


def test_the_training_split_is_counted_if_there_is_one(inputs, scenes, tmp_path):
  (tmp_path / 'Split-train').mkdir()
  (tmp_path / 'Split-eval').symlink_to(scenes / 'Split-eval')
  (tmp_path / 'Split-train' / 'data_tfrecord-00000-of-00001').touch()
  inputs['examples'][0].uri = str(tmp_path)
  inputs['examples'][0].splits = ['train', 'eval']
  asked = request.read(inputs, PROPERTIES)
  assert asked.train_examples == [str(tmp_path / 'Split-train' / 'data_tfrecord-00000-of-00001')]


def test_a_baseline_artifact_goes_before_what_was_pushed(inputs, half_blind_model, colour_model, tmp_path):
  (tmp_path / '5').symlink_to(colour_model / 'Format-Serving')
  baseline = standard_artifacts.Model()
  baseline.uri = str(half_blind_model)
  properties = {**PROPERTIES, 'baseline_destination': str(tmp_path)}
  assert request.read(inputs, properties).baseline_model == str(tmp_path / '5')
  asked = request.read({**inputs, 'baseline': [baseline]}, properties)
  assert (asked.baseline, asked.baseline_model) == (baseline, str(half_blind_model / 'Format-Serving'))


@pytest.mark.parametrize('destination', ['absent', 'empty'])
def test_where_nothing_was_pushed_there_is_no_baseline(inputs, tmp_path, destination):
  (tmp_path / 'empty').mkdir()
  asked = request.read(inputs, {**PROPERTIES, 'baseline_destination': str(tmp_path / destination)})
  assert asked.baseline_model == ''


def test_a_split_without_files_is_refused(inputs, tmp_path):
  (tmp_path / 'Split-eval').mkdir()
  inputs['examples'][0].uri = str(tmp_path)
  with pytest.raises(DataError, match='the split "eval" has no files'):
    request.read(inputs, PROPERTIES)


def test_a_threshold_on_a_class_that_is_not_there_is_refused(inputs):
  with pytest.raises(ConfigError, match='AP/green.*no class "green"'):
    request.read(inputs, {**PROPERTIES, 'thresholds': json.dumps({'AP/green': 0.5})})
