"""Archives of Keras that are damaged, or want something executed. Whole ones: test_keras_h5.py."""

import json
import pickle
import zipfile

import pytest

from detection.base.errors import ConfigError
from detection.odapi.weights import read
from tests.support import keras_networks


class Bomb:
  def __reduce__(self):
    return (exec, ('raise SystemExit("executed")',))


def archive(path, **members):
  with zipfile.ZipFile(path, 'w') as file:
    for name, content in members.items():
      file.writestr(name.replace('__', '.'), content)
  return str(path)


def test_a_pickle_is_never_unpickled(tmp_path):
  bomb = pickle.dumps(Bomb())
  path = archive(tmp_path / 'net.keras', config__json='{}', model__weights__h5=bomb)
  with pytest.raises(ConfigError, match=r'net\.keras: not a whole HDF5 file of Keras'):
    read.read(path)
  (tmp_path / 'pickle.keras').write_bytes(bomb)
  with pytest.raises(ConfigError, match=r'pickle\.keras: neither an HDF5 file nor a \.keras archive'):
    read.read(str(tmp_path / 'pickle.keras'))


def test_a_lambda_layer_is_never_built(tmp_path):
  model = keras_networks.with_top(keras_networks.random_network('MobileNetV2', 0.35), nested=True)
  whole = tmp_path / 'whole.keras'
  keras_networks.keras3_archive(model, whole)
  with zipfile.ZipFile(whole) as file:
    config, weights = json.loads(file.read('config.json')), file.read('model.weights.h5')
  code = pickle.dumps(Bomb()).decode('latin-1')
  config['config']['layers'].append(
    {'class_name': 'Lambda', 'config': {'name': 'evil', 'function': [code, None, None]}}
  )
  path = archive(tmp_path / 'net.keras', config__json=json.dumps(config), model__weights__h5=weights)
  assert len([layer for layer in read.read(path).layers if layer.name == 'Conv1']) == 1


@pytest.mark.parametrize(
  ('members', 'message'),
  [
    ({'config__json': '{}'}, r'no model\.weights\.h5 in it'),
    ({'model__weights__h5': b''}, r'no config\.json in it'),
    ({'config__json': 'no', 'model__weights__h5': b''}, 'is not JSON'),
    ({'config__json': '[]', 'model__weights__h5': b''}, 'not that of a Keras model'),
  ],
)
def test_what_is_no_archive_of_keras_is_refused(members, message, tmp_path):
  with pytest.raises(ConfigError, match=message):
    read.read(archive(tmp_path / 'net.keras', **members))


def test_a_truncated_archive_is_refused(tmp_path):
  path = archive(tmp_path / 'net.keras', config__json='{}' * 500)
  (tmp_path / 'net.keras').write_bytes((tmp_path / 'net.keras').read_bytes()[:200])
  with pytest.raises(ConfigError, match='not a whole .keras archive'):
    read.read(path)
