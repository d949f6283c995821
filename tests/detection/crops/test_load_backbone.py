"""Backbones by the names that users give them. A detector's own: tests of the refit command."""

import numpy as np
import pytest
import tensorflow as tf

from detection.base.errors import ConfigError
from detection.crops import load_backbone
from detection.pipeline_config import builtin_bases
from tests.support import keras_networks, photographs


@pytest.mark.parametrize(
  ('source', 'message'),
  [
    ('{tmp}/nowhere', 'no such model'),
    ('{tmp}', 'no such model'),
    ('{tmp}/config', 'no checkpoint beside its pipeline.config'),
    ('MobileNetV9=weights.h5', 'no network of tf.keras.applications'),
  ],
)
def test_what_is_no_backbone_is_refused_in_one_line(tmp_path, source, message):
  (tmp_path / 'config').mkdir()
  (tmp_path / 'config' / 'pipeline.config').write_text(builtin_bases.text('ssd_mobilenet_v2_320'))
  with pytest.raises(ConfigError, match=message) as caught:
    load_backbone.load(source.format(tmp=tmp_path))
  assert '\n' not in str(caught.value)


def test_other_weights_at_the_same_path_have_another_fingerprint(tmp_path):
  weights, folder = tmp_path / 'weights.h5', tmp_path / 'model'
  folder.mkdir()
  (folder / 'ckpt-0.data-00000-of-00001').touch()
  found = []
  for content in (b'some', b'other', b'some'):
    weights.write_bytes(content)
    (folder / 'ckpt-0.index').write_bytes(content)
    found.append([load_backbone.fingerprint(source) for source in (f'MobileNetV2={weights}', str(folder))])
  assert found[0] == found[2]
  assert not set(found[0]) & set(found[1])
  with pytest.raises(ConfigError, match=r'nowhere.h5: no such file'):
    load_backbone.fingerprint('MobileNetV2=nowhere.h5')


@pytest.mark.slow
def test_a_weights_file_says_itself_which_network_it_is(tmp_path):
  path = str(tmp_path / 'net.h5')
  network = keras_networks.random_network('MobileNetV2', 0.35)
  keras_networks.keras3_h5(keras_networks.with_top(network, nested=True), path)
  crops = photographs.batch(96)
  found = load_backbone.load(path).embed(crops).numpy()
  expected = network(tf.keras.applications.mobilenet_v2.preprocess_input(crops.copy()), training=False)
  np.testing.assert_allclose(found, np.mean(expected, axis=(1, 2)), rtol=1e-4, atol=1e-4)
  assert load_backbone.fingerprint(path)
