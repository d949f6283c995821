"""DetectionPusher on real artifacts, its versions loaded as TensorFlow Serving would load them."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import threading

import pytest
from tfx.types import channel, standard_artifacts

from components.artifacts import ExportedModels
from components.pusher import component, executor, model_card, publish
from detection import model_folder
from detection.base.errors import ConfigError, DataError
from detection.inference.detector import Detector


def push(model, destination, blessed=1, evaluation=None, pushed_uri=None, keep_versions=0, exports=None):
  """Runs the executor; returns the pushed_model artifact."""
  artifacts = {'model': standard_artifacts.Model(), 'model_blessing': standard_artifacts.ModelBlessing()}
  artifacts['model'].uri = str(model)
  if blessed is not None:
    artifacts['model_blessing'].set_int_custom_property('blessed', blessed)
  if evaluation:
    artifacts['evaluation'] = standard_artifacts.ModelEvaluation()
    artifacts['evaluation'].uri = str(evaluation)
  if exports:
    artifacts['exports'] = ExportedModels()
    artifacts['exports'].uri = str(exports)
  pushed = standard_artifacts.PushedModel()
  pushed.uri = str(pushed_uri or pathlib.Path(destination).parent / 'pushed_model')
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
  assert publish.damaged(str(version)) == []
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


def test_a_model_card_tells_the_scores_of_every_class_and_nothing_breaks_its_table():
  scores = dict.fromkeys(('AP', 'AP50', 'AP75', 'AR100', 'precision', 'recall', 'F1'), 0.5) | {'AP75': None}
  model = {
    'images': 4,
    'objects': 5,
    'metrics': scores,
    'intervals': {'AP': {'low': 0.4, 'high': 0.6}},
    'per_class': [{'name': 'a|<b>\n', 'metrics': scores, 'best': {'score': 0.25}}],
  }
  card = model_card.render({'verdict': {'reason': 'good'}, 'facts': {}, 'model': model}, {'a|<b>\n': 1})
  assert '| a\\|&lt;b> | 0.500 | 0.500 | – | 0.500 | 0.500 | 0.500 | 0.500 | 0.25 |' in card
  assert '0.400 to 0.600' in card


def test_the_warm_up_requests_are_answered_by_the_model(colour_model, tmp_path):
  import tensorflow as tf
  from tensorflow_serving.apis import prediction_log_pb2

  version = assert_pushed(push(colour_model, tmp_path / 'serving'), tmp_path / 'serving')
  model = tf.saved_model.load(str(version))
  asked = []
  for record in tf.data.TFRecordDataset(str(version / model_folder.WARMUP_REQUESTS)).as_numpy_iterator():
    request = prediction_log_pb2.PredictionLog.FromString(record).predict_log.request
    tensors = {name: tf.constant(tf.make_ndarray(tensor)) for name, tensor in request.inputs.items()}
    answer = model.signatures[request.model_spec.signature_name](**tensors)
    assert answer['num_detections'].shape == [1]
    asked.append(request.model_spec.signature_name)
  assert asked == ['serving_default', 'image_bytes']


@pytest.fixture
def models(colour_model, tmp_path_factory):
  """Makes models that differ."""
  folder = tmp_path_factory.mktemp('models')

  def make(number):
    shutil.copytree(colour_model, folder / str(number))
    (folder / str(number) / 'pipeline.config').write_text(f'# {number}')
    return str(folder / str(number))

  return make


def test_versions_rise_even_when_the_clock_goes_back(models, tmp_path):
  for number, now in enumerate([1000.9, 1000.9, 400.0, 2000.0]):
    publish.publish(models(number), str(tmp_path), clock=lambda now=now: now)
  assert model_folder.versions(str(tmp_path)) == [1000, 1001, 1002, 2000]


def test_a_push_that_is_tried_again_finds_its_version(models, tmp_path):
  model = models(1)
  first, second = (publish.publish(model, str(tmp_path / 'serving')) for _ in range(2))
  assert (second.version, second.again) == (first.version, True)
  assert model_folder.versions(str(tmp_path / 'serving')) == [first.version]


def test_a_version_that_was_damaged_is_pushed_anew(models, tmp_path):
  model = models(1)
  first = publish.publish(model, str(tmp_path), clock=lambda: 5)
  (tmp_path / '5' / 'saved_model.pb').write_bytes(b'')
  assert publish.publish(model, str(tmp_path), clock=lambda: 5).version == first.version + 1


def test_pushers_at_the_same_time_get_versions_of_their_own(models, tmp_path):
  published = []

  def push_one(model):
    published.append(publish.publish(model, str(tmp_path), clock=lambda: 5))

  threads = [threading.Thread(target=push_one, args=(models(number),)) for number in range(8)]
  for thread in threads:
    thread.start()
  for thread in threads:
    thread.join()
  assert sorted(one.version for one in published) == model_folder.versions(str(tmp_path)) == list(range(5, 13))
  assert all(publish.damaged(one.folder) == [] for one in published)


def test_old_versions_are_removed_beyond_those_to_keep(models, tmp_path):
  for number in range(4):
    push(models(number), tmp_path / 'serving', keep_versions=2)
  kept = model_folder.versions(str(tmp_path / 'serving'))
  assert len(kept) == 2
  assert sorted(os.listdir(tmp_path / 'serving')) == sorted(map(str, kept))
  assert (tmp_path / 'serving' / str(kept[-1]) / 'pipeline.config').read_text() == '# 3'


def test_a_version_that_was_taken_back_is_not_served_and_its_number_not_given_again(models, tmp_path):
  for number in range(2):
    publish.publish(models(number), str(tmp_path), clock=lambda: 5)
  assert publish.withdraw(str(tmp_path)) == (6, 5)
  assert model_folder.find_saved_model(str(tmp_path)) == str(tmp_path / '5')
  assert publish.publish(models(2), str(tmp_path), clock=lambda: 5).version == 7


@pytest.mark.parametrize('count', [0, 1])
def test_the_only_version_is_not_taken_back(models, tmp_path, count):
  for number in range(count):
    publish.publish(models(number), str(tmp_path))
  with pytest.raises(ConfigError, match='Expected two or more'):
    publish.withdraw(str(tmp_path))


# Pushes 200 times, each time another model. Every other pusher kills itself at its first, second, third or fourth copy,
# with half of that file written.
_PUSHERS = """
import os, pathlib, signal, sys
from components.pusher import publish

model, destination = sys.argv[1:]
copy, copies = publish.files.copy, []


def copy_or_die(source, target, overwrite=False):
  copies.append(target)
  if len(copies) < dies_at:
    return copy(source, target, overwrite)
  content = pathlib.Path(source).read_bytes()
  pathlib.Path(target).write_bytes(content[:len(content) // 2])
  os.kill(os.getpid(), signal.SIGKILL)


for number in range(200):
  pathlib.Path(model, 'pipeline.config').write_text(f'# {number}')
  dies_at = 1 + number // 2 % 4
  pusher = os.fork()
  if not pusher:
    if number % 2:
      publish.files.copy = copy_or_die
    publish.publish(model, destination)
    os._exit(0)
  _, status = os.waitpid(pusher, 0)
  if os.waitstatus_to_exitcode(status) != (-signal.SIGKILL if number % 2 else 0):
    sys.exit(f'pusher {number} ended with {os.waitstatus_to_exitcode(status)}')
"""


@pytest.mark.slow
def test_a_server_never_sees_a_part_of_a_version_though_pushers_are_killed(models, tmp_path):
  destination = str(tmp_path / 'serving')
  root = pathlib.Path(publish.__file__).parents[2]
  command = [sys.executable, '-c', _PUSHERS, models(0), destination]
  with open(tmp_path / 'log', 'wb') as log:
    pushers = subprocess.Popen(command, cwd=root, stderr=log)
  checked, broken = set(), []
  while pushers.poll() is None:
    for version in set(model_folder.versions(destination)) - checked:
      broken += publish.damaged(f'{destination}/{version}')
      checked.add(version)
  assert pushers.returncode == 0, (tmp_path / 'log').read_text()[-2000:]
  assert len([name for name in os.listdir(destination) if name.startswith('.publishing-')]) == 100
  assert broken == []
  assert len(model_folder.versions(destination)) == 100
  assert all(publish.damaged(f'{destination}/{version}') == [] for version in model_folder.versions(destination))


def test_a_destination_that_is_a_file_is_refused_in_one_line(colour_model, tmp_path):
  (tmp_path / 'serving').write_text('not a folder')
  with pytest.raises(ConfigError, match=r'^push.destination: .*serving cannot be written: [^\n]*$'):
    push(colour_model, tmp_path / 'serving')
  assert (tmp_path / 'serving').read_text() == 'not a folder'


def test_a_copy_that_fails_leaves_nothing_where_others_read(colour_model, tmp_path, monkeypatch):
  copied = []

  def failing_copy(source, target, overwrite=False):
    copied.append(target)
    if len(copied) == 3:
      raise OSError('No space left on device')
    pathlib.Path(target).write_bytes(pathlib.Path(source).read_bytes())

  monkeypatch.setattr(publish.files, 'copy', failing_copy)
  with pytest.raises(ConfigError, match='No space left on device'):
    push(colour_model, tmp_path / 'serving')
  assert os.listdir(tmp_path / 'serving') == []


def test_a_copy_that_is_not_whole_is_caught(colour_model, tmp_path, monkeypatch):
  def cutting_copy(source, target, overwrite=False):
    pathlib.Path(target).write_bytes(pathlib.Path(source).read_bytes()[:-1])

  monkeypatch.setattr(publish.files, 'copy', cutting_copy)
  with pytest.raises(ConfigError, match='was not copied whole'):
    push(colour_model, tmp_path / 'serving')
  assert os.listdir(tmp_path / 'serving') == []


def test_damage_to_a_version_is_named(colour_model, tmp_path):
  version = pathlib.Path(publish.publish(str(colour_model), str(tmp_path)).folder)
  (version / 'label_map.pbtxt').write_text('changed')
  (version / 'pipeline.config').unlink()
  assert sorted(publish.damaged(str(version))) == ['label_map.pbtxt', 'pipeline.config']


@pytest.mark.parametrize('missing', ['label_map.pbtxt', 'pipeline.config', 'Format-Serving/saved_model.pb'])
def test_an_incomplete_model_is_refused_by_the_missing_file(tmp_path, missing):
  model = tmp_path / 'model'
  for name in ('label_map.pbtxt', 'pipeline.config', 'Format-Serving/saved_model.pb'):
    (model / name).parent.mkdir(parents=True, exist_ok=True)
    (model / name).touch()
  (model / missing).unlink()
  with pytest.raises(DataError, match=missing):
    publish.publish(str(model), str(tmp_path / 'serving'))
  assert not (tmp_path / 'serving').exists()


def test_an_empty_destination_is_refused_when_the_pipeline_is_built():
  with pytest.raises(ConfigError, match='push.destination'):
    component.DetectionPusher(
      model=channel.Channel(type=standard_artifacts.Model),
      model_blessing=channel.Channel(type=standard_artifacts.ModelBlessing),
      destination='',
    )
