"""A user's mistake is one line that names the file or field, with the documented status; never a traceback."""

import pytest

from cli import main
from detection.sample_data import draw
from tests.support.local_runs import write_config


@pytest.fixture
def data(tmp_path):
  draw.write(str(tmp_path / 'data'), images=6, seed=2)
  return tmp_path / 'data'


def only_images(data):
  for path in (data / 'Annotations').iterdir():
    path.unlink()


def only_annotations(data):
  for path in (data / 'JPEGImages').iterdir():
    path.unlink()


def without_objects(data):
  for path in (data / 'Annotations').iterdir():
    path.write_text(path.read_text().split('<object>')[0] + '</annotation>')


def one_xml_without_image(data):
  next((data / 'JPEGImages').iterdir()).unlink()


@pytest.mark.parametrize(
  ('spoil', 'expected'),
  [
    pytest.param(only_images, 'no annotations', id='images without XML'),
    pytest.param(only_annotations, 'image', id='XML without images'),
    pytest.param(without_objects, 'object', id='no objects at all'),
    pytest.param(one_xml_without_image, 'max_bad_fraction', id='an XML without its image'),
  ],
)
def test_data_that_cannot_be_trained_on(tmp_path, data, capsys, spoil, expected):
  spoil(data)
  assert main.main(['run', str(write_config(tmp_path, data))]) == 1
  assert_one_line(capsys, expected)


def test_an_empty_target_folder_ends_the_run_before_training(tmp_path, data, capsys):
  (tmp_path / 'empty').mkdir()
  assert main.main(['run', str(write_config(tmp_path, data, adapt={'target': str(tmp_path / 'empty')}))]) == 1
  assert_one_line(capsys, f'{tmp_path / "empty"}: no images')
  assert not list(tmp_path.glob('tiny/pipeline/training/*'))


@pytest.mark.parametrize(
  ('sections', 'expected'),
  [
    pytest.param({'data': {'root': ''}}, 'data.root', id='no data folder named'),
    pytest.param({'data': {'rooot': 'x'}}, 'data.root', id='unknown key, nearest named'),
    pytest.param({'train': {'batch_size': 0}}, 'train.batch_size', id='impossible value'),
    pytest.param({'model': {'base': 'ssd_mobilenet_v2_fpnlite_cpu_16'}}, 'cpu_160', id='no such base, nearest named'),
    pytest.param({'model': {'base': 'no/such/pipeline.config'}}, 'no/such/pipeline.config', id='no such base file'),
    pytest.param(
      {'model': {'mode': 'fine_tune', 'checkpoint': 'no/such/ckpt-0'}}, 'no/such/ckpt-0', id='dead checkpoint path'
    ),
    pytest.param(
      {'model': {'overrides': {'train_config.batchsize': 3}}},
      'train_config.batch_size',
      id='no such field, nearest named',
    ),
    pytest.param({'train': {'augment': ['horizontal_flp']}}, 'nearest: "horizontal_flip"', id='no such augmentation'),
    pytest.param(
      {'train': {'optimizer': 'adam'}, 'model': {'overrides': {'optimizer': 'sgd'}}},
      'train.optimizer and model.overrides.optimizer are both set',
      id='a short form twice',
    ),
    pytest.param({'adapt': {'weight': 1}}, 'adapt.target: missing', id='a domain to adapt to without images'),
    pytest.param({'adapt': {'target': ''}}, 'adapt.target', id='an empty name of the target folder'),
    pytest.param({'adapt': {'target': 'x', 'weight': -1}}, 'adapt.weight', id='a negative weight'),
    pytest.param({'evaluate': {'thresholds': {'AP51': 0.5}}}, 'AP5', id='no such metric'),
    pytest.param({'push': {'destination': '/proc/nowhere'}}, 'push.destination', id='unwritable destination'),
  ],
)
def test_a_config_that_cannot_run(tmp_path, data, capsys, sections, expected):
  assert main.main(['run', str(write_config(tmp_path, data, **sections))]) == 2
  assert_one_line(capsys, expected)
  assert not list(tmp_path.glob('tiny/serving/*'))


def test_a_config_that_is_not_yaml(tmp_path, capsys):
  path = tmp_path / 'run.yaml'
  path.write_text('name: [unclosed')
  assert main.main(['run', str(path)]) == 2
  assert_one_line(capsys, 'run.yaml')


def test_a_config_that_is_not_there(tmp_path, capsys):
  assert main.main(['run', str(tmp_path / 'missing.yaml')]) == 2
  assert_one_line(capsys, 'missing.yaml')


def assert_one_line(capsys, expected):
  said = capsys.readouterr().err
  assert 'Traceback' not in said
  assert len(said.strip().splitlines()) == 1, said
  assert expected in said
