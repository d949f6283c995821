import pytest

from detection.base.errors import ConfigError
from detection.odapi.config import config_io
from tests.support.shared_data import NO_ZOO_CONFIGS, ZOO_CONFIGS

TEXT = (
  'model { ssd { num_classes: 3 feature_extractor { type: "ssd_mobilenet_v2_keras" } } } train_config { batch_size: 8 }'
)


def test_text_comes_back_as_it_went():
  config = config_io.parse(TEXT)

  assert config.model.ssd.num_classes == 3
  assert config_io.parse(config_io.dump(config)) == config
  assert config_io.dump(config_io.parse(config_io.dump(config))) == config_io.dump(config)


@pytest.mark.skipif(not ZOO_CONFIGS, reason=NO_ZOO_CONFIGS)
@pytest.mark.parametrize('path', ZOO_CONFIGS, ids=lambda path: path.stem)
def test_every_zoo_config_comes_back_as_it_went(path):
  config = config_io.parse(path.read_text(), path.name)

  assert config_io.parse(config_io.dump(config)) == config


@pytest.mark.parametrize(
  ('text', 'expected'),
  [
    pytest.param(
      'model {\n  ssd {\n    num_clases: 3 } }', ['a.config, line 3, column 5', 'num_classes'], id='misspelt'
    ),
    pytest.param('model { ssd {', ['a.config, line 1', 'Expected "}"'], id='cut short'),
    pytest.param('train_config { batch_size: "four" }', ['line 1', "Couldn't parse integer"], id='wrong type'),
    pytest.param('<annotation/>', ['line 1, column 1'], id='another format'),
  ],
)
def test_a_config_that_does_not_parse_shows_line_and_column(text, expected):
  with pytest.raises(ConfigError) as caught:
    config_io.parse(text, 'a.config')

  for words in expected:
    assert words in str(caught.value)
  assert '\n' not in str(caught.value)
