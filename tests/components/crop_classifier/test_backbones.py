"""Backbones by the names that users give them: what is none is one line."""

import pytest

from components.config_patcher import catalogue
from components.crop_classifier import backbones
from components.errors import ConfigError


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
  (tmp_path / 'config' / 'pipeline.config').write_text(catalogue.text('ssd_mobilenet_v2_320'))
  with pytest.raises(ConfigError, match=message) as caught:
    backbones.load(source.format(tmp=tmp_path))
  assert '\n' not in str(caught.value)
