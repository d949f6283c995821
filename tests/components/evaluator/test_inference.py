"""Detection and matching on Beam, with a real SavedModel."""

import apache_beam as beam
import pytest
import tensorflow as tf

from components.evaluator import inference
from components.evaluator.shards import shards_of
from detection.base.errors import DataError
from detection.metrics import scores
from detection.tiles.grid import Grid
from tests.support.colour_detector import CLASSES, example


def test_every_image_is_matched_once(colour_model, scenes, tmp_path):
  files = [str(path) for path in sorted((scenes / 'Split-eval').iterdir())]
  with beam.Pipeline() as pipeline:
    inference.evaluate(pipeline, files, inference.DetectAndMatch(str(colour_model), CLASSES, str(tmp_path)))
  results = inference.read_results(str(tmp_path))
  assert results.names.tolist() == [f'scene-{number:02d}.png' for number in range(12)]
  assert scores.score(results, CLASSES, 0.5).metrics['AP'] == pytest.approx(1.0)


def test_a_shard_of_many_images_gives_several_files(colour_model, scenes, tmp_path, monkeypatch):
  monkeypatch.setattr(inference, '_IMAGES_A_FILE', 1)
  step = inference.DetectAndMatch(str(colour_model), CLASSES, str(tmp_path), iou=0.7)
  files = [str(path) for path in (scenes / 'Split-eval').iterdir()]
  written = [list(step.process(shard)) for shard in shards_of(files)]
  assert max(map(len, written)) > 1
  portions = list(inference.matched(str(tmp_path)))
  assert [len(portion.results.names) for portion in portions] == [1] * 12
  assert {portion.assignment.iou for portion in portions} == {0.7}
  assert len(inference.read_results(str(tmp_path)).names) == 12


def test_a_label_map_with_other_ids_is_matched_by_class_name(colour_model, scenes, tmp_path):
  labels = {'blue': 1, 'red': 5}
  step = inference.DetectAndMatch(str(colour_model), labels, str(tmp_path))
  files = [str(path) for path in (scenes / 'Split-eval').iterdir()]
  for shard in shards_of(files):
    list(step.process(shard))
  results = inference.read_results(str(tmp_path))
  assert scores.score(results, labels, 0.5).metrics['AP'] == pytest.approx(1.0)


def test_names_that_share_an_id_are_matched_as_one_class(colour_model, scenes, tmp_path):
  step = inference.DetectAndMatch(str(colour_model), {'object': 1, 'red': 1, 'blue': 1}, str(tmp_path))
  for shard in shards_of([str(path) for path in (scenes / 'Split-eval').iterdir()]):
    list(step.process(shard))
  scored = scores.score(inference.read_results(str(tmp_path)), {'object': 1}, 0.5)
  assert scored.metrics['AP'] == pytest.approx(1.0)


def test_with_tiles_whole_images_are_matched(colour_model, scenes, tmp_path):
  step = inference.DetectAndMatch(str(colour_model), CLASSES, str(tmp_path), Grid(64, 0.5))
  for shard in shards_of([str(path) for path in (scenes / 'Split-eval').iterdir()]):
    list(step.process(shard))
  results = inference.read_results(str(tmp_path))
  assert len(results.names) == 12
  assert scores.score(results, CLASSES, 0.5).metrics['AP50'] == pytest.approx(1.0)


def test_an_image_that_the_model_cannot_decode_is_named(colour_model, tmp_path):
  broken = tf.train.Example.FromString(example('broken.png', []))
  broken.features.feature['image/encoded'].bytes_list.value[0] = b'not an image'
  with tf.io.TFRecordWriter(str(tmp_path / 'data')) as writer:
    writer.write(broken.SerializeToString())
  step = inference.DetectAndMatch(str(colour_model), CLASSES, str(tmp_path))
  with pytest.raises(DataError, match=r'could not read an image.*One of: broken\.png\.'):
    list(step.process(shards_of([str(tmp_path / 'data')])[0]))
