"""Where a config starts from: a built-in name, a file, or a download."""

import pytest

from detection.base.errors import ConfigError
from detection.odapi.config import config_io
from detection.pipeline_config import builtin_bases
from detection.pipeline_config.base import read_base


def test_a_built_in_base_goes_by_its_name():
  base = read_base('efficientdet_d1_640')

  assert (base.name, base.checkpoint) == ('efficientdet_d1_640', '')
  assert config_io.parse(base.text).model.ssd.feature_extractor.type == 'ssd_efficientnet-b1_bifpn_keras'


def test_a_name_like_none_is_refused_with_the_nearest_or_with_all():
  with pytest.raises(ConfigError, match='"ssd_mobilenet_v2_32" is neither .*; nearest: "ssd_mobilenet_v2_320"'):
    read_base('ssd_mobilenet_v2_32')
  with pytest.raises(ConfigError, match='known: .*efficientdet_d0_512.*ssd_resnet50_v1_fpn_640'):
    read_base('zzz')


def test_a_folder_without_a_config_is_refused(tmp_path):
  with pytest.raises(ConfigError, match='Expected a folder with a pipeline.config in it'):
    read_base(str(tmp_path))


def test_a_base_that_does_not_parse_shows_its_line(tmp_path):
  path = tmp_path / 'mine.config'
  path.write_text('model {\n  sssd {}\n}')

  with pytest.raises(ConfigError, match=r'mine\.config, line 2'):
    read_base(str(path))


def test_a_base_for_tf1_is_refused_with_the_successor_of_its_model(tmp_path):
  path = tmp_path / 'old.config'
  path.write_text(builtin_bases.text('ssd_mobilenet_v2_320').replace('ssd_mobilenet_v2_keras', 'ssd_mobilenet_v2'))

  with pytest.raises(ConfigError, match=r'old\.config: .*for TF 1 alone.*"ssd_mobilenet_v2_keras"'):
    read_base(str(path))


@pytest.mark.parametrize('content', [b'\xff\xfe\x00binary', b'', b'train_config { batch_size: 3 }'])
def test_a_base_without_a_model_is_refused(tmp_path, content):
  path = tmp_path / 'mine.config'
  path.write_bytes(content)

  with pytest.raises(ConfigError, match='mine.config'):
    read_base(str(path))
