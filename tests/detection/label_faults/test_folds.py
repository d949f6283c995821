"""Each image is judged by a detector that was trained on the others. The training itself is not made here."""

import types

import pytest

from detection import records
from detection.base.errors import ConfigError, DataError
from detection.label_faults import folds
from detection.odapi import label_map
from detection.odapi.config import config_io
from detection.pipeline_config import builtin_bases
from detection.pipeline_config.base import Base
from tests.support.colour_detector import example

RED = (8, 8, 40, 40)


@pytest.fixture
def serialized():
  return [example(f'{number}.png', [('red' if number else 'blue', RED)]) for number in range(7)]


def names(paths):
  return [records.parse(record).name for record in records.read(paths)]


def test_images_are_dealt_in_turn(serialized, tmp_path):
  dealt = folds.deal(serialized, 3, str(tmp_path))
  assert [names([path]) for path in dealt.paths] == [
    ['0.png', '3.png', '6.png'],
    ['1.png', '4.png'],
    ['2.png', '5.png'],
  ]
  assert dealt.labels == {'blue': 1, 'red': 2}


def test_more_folds_than_images_are_refused(serialized, tmp_path):
  with pytest.raises(DataError, match='as many folds as images, received 8 for 7'):
    folds.deal(serialized, 8, str(tmp_path))


def test_every_image_is_judged_once_by_a_detector_that_was_not_trained_on_it(serialized, tmp_path, monkeypatch):
  trainings = []

  def train(config, labels, work, seed):
    trainings.append(config)
    nothing = types.SimpleNamespace(above=lambda score: ())
    return types.SimpleNamespace(batch_size=2, labels=labels, detect_encoded=lambda batch: [nothing] * len(batch))

  (tmp_path / 'ckpt-0.index').touch()
  (tmp_path / 'ckpt-0.data-00000-of-00001').touch()
  start = Base('base', builtin_bases.text('ssd_mobilenet_v2_fpnlite_cpu_160'), str(tmp_path))
  monkeypatch.setattr(folds, '_train', train)
  dealt = folds.deal(serialized, 3, str(tmp_path))
  judged = [image.name for image in folds.judge_unseen(dealt, start, 40, str(tmp_path))]
  assert sorted(judged) == [f'{number}.png' for number in range(7)]
  for config, path in zip(trainings, dealt.paths, strict=True):
    trained_on = names(list(config.train_input_reader.tf_record_input_reader.input_path))
    assert sorted(trained_on + names([path])) == sorted(judged)
    assert config.train_config.num_steps == 40
    assert config.train_config.fine_tune_checkpoint_type == 'detection'
    assert config.model.ssd.num_classes == 2
    assert label_map.parse((tmp_path / 'label_map.pbtxt').read_text()) == dealt.labels


def test_a_model_without_a_checkpoint_is_refused(tmp_path):
  (tmp_path / 'pipeline.config').write_text(config_io.dump(config_io.parse(builtin_bases.text('efficientdet_cpu_192'))))
  with pytest.raises(ConfigError, match='no checkpoint beside its pipeline.config'):
    folds.read_start(str(tmp_path))
