"""Batches from drawn examples; the model gives its preprocessing alone."""

import numpy as np
import pytest
import tensorflow as tf

from detection.base import files, local_copies
from detection.base.errors import DataError
from detection.odapi.config import config_io
from detection.odapi.model import building, inputs
from detection.odapi.model import cache as cache_module
from detection.odapi.model.balance import Balance
from detection.odapi.model.fields import InputDataFields
from detection.record_scan import FileScan

pytestmark = pytest.mark.slow
SOURCE_ID = InputDataFields.source_id


@pytest.fixture(scope='module')
def read(finished_run):
  """(config, model): nothing random in the config's input but what a test sets."""
  folder = finished_run.artifact('ConfigPatcher', 'pipeline_config')
  config = config_io.parse((folder / 'pipeline.config').read_text())
  del config.train_config.data_augmentation_options[:]
  return config, building.build_model(config)


def epochs(read, options, shuffle=False, augmentation=()):
  """[(source ids, images)] in batches of 4: every image twice or more."""
  config = config_io.parse(config_io.dump(read[0]))
  config.train_input_reader.shuffle = shuffle
  for step in augmentation:
    getattr(config.train_config.data_augmentation_options.add(), step).SetInParent()
  count = inputs.count_records(inputs.record_files(config.train_input_reader))
  batches = inputs.train_batches(config, read[1], options, 4).take(count // 2 + 1)
  return [(features[SOURCE_ID].numpy().tolist(), features['image'].numpy()) for features, _ in batches]


@pytest.mark.parametrize('cache', ['memory', 'disk'])
@pytest.mark.parametrize('fits', [True, False])
def test_cached_images_are_those_decoded_for_every_step(read, tmp_path, monkeypatch, cache, fits):
  plain = epochs(read, inputs.InputOptions('none'))
  monkeypatch.setattr(cache_module, 'FRACTION', 0.25 * fits)
  cached = epochs(read, inputs.InputOptions(cache, str(tmp_path)))
  assert [ids for ids, _ in cached] == [ids for ids, _ in plain]
  furthest = max(np.abs(a - b).max() for (_, a), (_, b) in zip(cached, plain, strict=True))
  # Where there is no room for them as they are, they are rounded to whole grey values; the model sees -1 to 1.
  assert furthest == 0 if fits else 1e-3 < furthest <= 0.5 / 127.5 + 1e-5
  assert bool(list(tmp_path.iterdir())) == (cache == 'disk')


def test_augmentation_comes_after_the_cache(read):
  batches = epochs(read, inputs.InputOptions('memory'), augmentation=['random_horizontal_flip'])
  seen = {}
  for ids, images in batches:
    for name, image in zip(ids, images, strict=True):
      seen.setdefault(name, []).append(image)
  assert any(not np.array_equal(first, other) for first, *others in seen.values() for other in others)


def test_equal_seeds_give_equal_batches_and_others_others(read):
  options = [inputs.InputOptions('memory', seed=seed) for seed in (1, 1, 2)]
  first, again, other = ([ids for ids, _ in epochs(read, each, shuffle=True)] for each in options)
  assert first == again != other


@pytest.mark.parametrize('fits', [True, False])
def test_with_a_balance_images_are_shown_more_often_and_objects_weigh_more(read, monkeypatch, fits):
  monkeypatch.setattr(cache_module, 'FRACTION', 0.25 * fits)
  config = config_io.parse(config_io.dump(read[0]))
  config.train_input_reader.shuffle = False
  options = inputs.InputOptions('memory', balance=Balance((2.0, 2.0, 2.0), (3.0, 3.0, 3.0)))
  batch = next(iter(inputs.train_batches(config, read[1], options, 4)))
  ids = batch[0][SOURCE_ID].numpy().tolist()
  assert ids[0] == ids[1] != ids[2] == ids[3]
  weights = batch[1][InputDataFields.groundtruth_weights].numpy()
  assert set(weights[weights > 0]) == {3.0}


def test_no_examples_are_refused_by_the_name_of_their_file(read, tmp_path):
  with tf.io.TFRecordWriter(str(tmp_path / 'empty')):
    pass
  config = config_io.parse(config_io.dump(read[0]))
  for paths, expected in ((['empty'], 'empty: no examples'), (['none-*'], 'no such TFRecord file')):
    config.train_input_reader.tf_record_input_reader.input_path[:] = [str(tmp_path / path) for path in paths]
    with pytest.raises(DataError, match=expected):
      inputs.train_batches(config, read[1], inputs.InputOptions(), 4)


@pytest.mark.parametrize(
  ('records', 'expected'),
  [
    pytest.param([5, 0, 3, 4, 1], [['0', '2', '4'], ['1', '3']], id='enough files'),
    pytest.param([5, 0, 3], [[], []], id='a worker would have no record'),
    pytest.param([5], [[], []], id='fewer files than workers'),
  ],
)
def test_each_worker_reads_files_of_its_own_if_there_are_enough(records, expected):
  scans = {str(number): FileScan('', count, 0, {}, []) for number, count in enumerate(records)}
  contexts = [tf.distribute.InputContext(2, worker, 2) for worker in range(2)]
  assert [inputs.files_of_worker(list(scans), scans, context) for context in contexts] == expected


@pytest.mark.parametrize('files_before', [1, 40])
def test_files_that_have_to_be_copied_are_when_their_turn_comes(tmp_path, monkeypatch, files_before):
  paths = [str(tmp_path / f'{number:02}') for number in range(files_before)]
  for path in paths:
    with tf.io.TFRecordWriter(path) as writer:
      writer.write(path.encode())
  copied = []
  monkeypatch.setattr(files, 'tensorflow_opens', lambda uri: False)
  monkeypatch.setattr(local_copies, 'readable', lambda path: copied.append(path) or path)
  reader = config_io.parse('train_input_reader { num_readers: 2 }').train_input_reader
  first = next(iter(inputs._records(paths, reader, seed=0)))
  assert first.numpy().decode() in copied
  assert len(copied) < 10
  assert sorted(record.numpy().decode() for record in inputs._dataset(paths)) == paths
