"""DetectionPusher on real artifacts, its versions loaded as TensorFlow Serving would load them."""

import json
import os
import pathlib

import pytest
from tfx.types import standard_artifacts

from components.artifacts import ExportedModels
from components.pusher import checksums, executor
from detection import model_folder
from detection.inference.detector import Detector


def push(model, destination, blessed=1, keep_versions=0, **beside):
  """Runs the executor; beside: folders of the inputs `evaluation` and `exports`. Returns the pushed_model artifact."""
  artifacts = {'model': standard_artifacts.Model(), 'model_blessing': standard_artifacts.ModelBlessing()}
  artifacts['model'].uri = str(model)
  if blessed is not None:
    artifacts['model_blessing'].set_int_custom_property('blessed', blessed)
  for name, folder in beside.items():
    artifacts[name] = {'evaluation': standard_artifacts.ModelEvaluation, 'exports': ExportedModels}[name]()
    artifacts[name].uri = str(folder)
  pushed = standard_artifacts.PushedModel()
  pushed.uri = str(pathlib.Path(destination).parent / 'pushed_model')
  executor.Executor().Do(
    {name: [artifact] for name, artifact in artifacts.items()},
    {'pushed_model': [pushed]},
    {'destination': str(destination), 'keep_versions': keep_versions},
  )
  return pushed


def assert_pushed(pushed, destination):
  version = pathlib.Path(pushed.get_string_custom_property('pushed_destination'))
  assert pushed.get_int_custom_property('pushed') == 1
  assert version == pathlib.Path(destination) / pushed.get_string_custom_property('pushed_version')
  assert checksums.damaged(str(version)) == []
  for name in ('saved_model.pb', 'label_map.pbtxt', 'pipeline.config', 'assets.extra/label_map.pbtxt'):
    assert (version / name).is_file(), name
  assert json.loads((pathlib.Path(pushed.uri) / 'pushed.json').read_text())['destination'] == str(version)
  return version


def test_a_blessed_model_is_published_and_can_be_loaded_from_there(colour_model, draw, tmp_path):
  version = assert_pushed(push(colour_model, tmp_path / 'serving'), tmp_path / 'serving')
  (found,) = Detector(str(tmp_path / 'serving')).detect([draw([('red', (0, 0, 10, 10))])], min_score=0.5)
  assert found.names == ('red',)
  assert sorted(os.listdir(tmp_path / 'serving')) == [version.name]


@pytest.mark.parametrize('blessed', [0, None])
def test_nothing_is_pushed_that_is_not_blessed(colour_model, tmp_path, blessed):
  pushed = push(colour_model, tmp_path / 'serving', blessed=blessed)
  assert pushed.get_int_custom_property('pushed') == 0
  assert not pushed.has_custom_property('pushed_destination')
  assert os.listdir(tmp_path) == []


def test_metrics_and_a_model_card_go_with_the_model(colour_model, tmp_path):
  evaluation = tmp_path / 'evaluation'
  evaluation.mkdir()
  metrics = {'verdict': {'reason': 'AP50 0.900 reaches 0.5.'}, 'facts': {'steps': '100'}, 'model': None}
  (evaluation / 'metrics.json').write_text(json.dumps(metrics))
  version = assert_pushed(push(colour_model, tmp_path / 'serving', evaluation=evaluation), tmp_path / 'serving')
  assert json.loads((version / 'metrics.json').read_text()) == metrics
  card = (version / 'model_card.md').read_text()
  assert 'AP50 0.900 reaches 0.5.' in card
  assert '- steps: 100' in card
  assert '1 red, 2 blue' in card


def test_exported_files_go_with_the_model(colour_model, tmp_path):
  (tmp_path / 'made').mkdir()
  (tmp_path / 'made' / 'int8.tflite').write_bytes(b'a network')
  version = assert_pushed(push(colour_model, tmp_path / 'serving', exports=tmp_path / 'made'), tmp_path / 'serving')
  assert (version / 'exports' / 'int8.tflite').read_bytes() == b'a network'
  assert 'exports/int8.tflite' in json.loads((version / 'checksums.json').read_text())


def test_old_versions_are_removed_beyond_those_to_keep(models, tmp_path):
  for number in range(4):
    push(models(number), tmp_path / 'serving', keep_versions=2)
  kept = model_folder.versions(str(tmp_path / 'serving'))
  assert len(kept) == 2
  assert sorted(os.listdir(tmp_path / 'serving')) == sorted(map(str, kept))
  assert (tmp_path / 'serving' / str(kept[-1]) / 'pipeline.config').read_text() == '# 3'
