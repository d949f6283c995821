"""What is counted in record files, and the factors that follow."""

import dataclasses

import pytest

from detection import record_scan, records
from detection.odapi import label_map
from detection.odapi.config.config_io import Config
from detection.record_scan import FileScan
from detection.records import LabelledBox, LabelledImage
from detection.training import class_balance
from detection.training.settings import BalanceSettings


@pytest.fixture
def config(tmp_path):
  """Eight images with a cat, one of them with three dogs too, and one with nothing in it."""

  def box(name):
    return LabelledBox(name, 0.0, 0.0, 0.5, 0.5)

  path = tmp_path / 'records'
  with path.open('wb') as file:
    for number, names in enumerate([['cat']] * 7 + [['cat', 'dog', 'dog', 'dog'], []]):
      image = LabelledImage(b'image', 'png', 4, 6, f'{number}.png', [box(name) for name in names])
      records.write(file, records.serialize(image))
  (tmp_path / 'label_map.pbtxt').write_text(label_map.dump({'cat': 1, 'dog': 2, 'owl': 3}))
  config = Config()
  config.model.ssd.num_classes = 3
  config.train_input_reader.label_map_path = str(tmp_path / 'label_map.pbtxt')
  config.train_input_reader.tf_record_input_reader.input_path.append(str(path))
  return config


def test_factors_follow_from_images_and_weights_from_objects(config, capsys):
  balance = class_balance.of(config, BalanceSettings(repeat_threshold=0.5, object_weights=1.0), {})
  assert balance.repeats == (1.0, pytest.approx((0.5 * 9) ** 0.5), 1.0)
  # With the power 1 each class has half of the weight of all 11 objects; a class without objects is left as it is.
  assert balance.weights == pytest.approx((11 / 2 / 8, 11 / 2 / 3, 1.0))
  assert 'train.balance: images and objects of cat x1.00, weight 0.69; dog x2.12' in capsys.readouterr().out


def test_what_is_known_of_files_is_not_counted_again(config, monkeypatch):
  (path,) = config.train_input_reader.tf_record_input_reader.input_path
  known = FileScan('', 100, 0, {}, [], {'cat': 80, 'dog': 4}, 1, {'cat': 80, 'dog': 4})
  monkeypatch.setattr(record_scan, 'scan_file', None)
  balance = class_balance.of(config, BalanceSettings(repeat_threshold=0.16), {path: known})
  assert balance.repeats == pytest.approx((1.0, 2.0, 1.0))
  assert balance.weights == (1.0, 1.0, 1.0)


def test_files_that_were_written_before_images_were_counted_are_read(config):
  (path,) = config.train_input_reader.tf_record_input_reader.input_path
  old = dataclasses.replace(record_scan.scan_file(path), images={})
  assert class_balance.of(config, BalanceSettings(repeat_threshold=1.0), {path: old}).repeats[1] == 3.0


def test_names_that_share_an_id_are_one_class(config, tmp_path):
  (tmp_path / 'label_map.pbtxt').write_text(label_map.dump({'cat': 1, 'dog': 1}))
  config.model.ssd.num_classes = 1
  assert class_balance.of(config, BalanceSettings(repeat_threshold=1.0), {}).repeats == (1.0,)


@pytest.mark.parametrize(('threshold', 'expected'), [(0.0, [1, 1, 1]), (0.001, [1, 1, 1]), (0.25, [1, 5, 1])])
def test_repeat_factors(threshold, expected):
  assert class_balance.repeat_factors([60, 1, 0], 100, threshold) == expected


def test_weights_keep_their_mean():
  weights = class_balance.object_weights([400, 4], 0.5)
  assert weights[1] / weights[0] == pytest.approx(10)
  assert weights[0] * 400 + weights[1] * 4 == pytest.approx(404)
