"""LabelMapGen's wiring: mistakes show when the pipeline is built."""

import pytest
from tfx.types import channel, standard_artifacts

from components.label_map_gen.component import LabelMapGen
from detection.base.errors import ConfigError


def test_a_missing_pinned_file_fails_when_the_component_is_built(tmp_path):
  with pytest.raises(ConfigError, match='absent.pbtxt'):
    LabelMapGen(examples=channel.Channel(type=standard_artifacts.Examples), pinned=str(tmp_path / 'absent.pbtxt'))
