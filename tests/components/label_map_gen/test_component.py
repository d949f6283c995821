"""LabelMapGen's wiring: mistakes show when the pipeline is built."""

import pytest
from tfx.types import channel, standard_artifacts

from components.label_map_gen.component import LabelMapGen
from detection.base.errors import ConfigError


def test_a_missing_pinned_file_fails_when_the_component_is_built(tmp_path):
  with pytest.raises(ConfigError, match='absent.pbtxt'):
    LabelMapGen(examples=channel.Channel(type=standard_artifacts.Examples), pinned=str(tmp_path / 'absent.pbtxt'))


@pytest.mark.parametrize(
  ('items', 'problem'),
  [
    pytest.param('item { id: 0 name: "cat" }', '"cat" has id 0. Expected 1 or more', id='the id of the background'),
    pytest.param('item { id: 1 name: "cat" } item { id: 1 name: "dog" }', 'the id 1 appears twice', id='an id twice'),
    pytest.param('items', 'not a label map', id='something else'),
  ],
)
def test_a_pinned_map_that_cannot_be_kept_fails_when_the_component_is_built(tmp_path, items, problem):
  path = tmp_path / 'labels.pbtxt'
  path.write_text(items)
  with pytest.raises(ConfigError, match=f'data.label_map: .*labels.pbtxt: {problem}') as caught:
    LabelMapGen(examples=channel.Channel(type=standard_artifacts.Examples), pinned=str(path))
  assert '\n' not in str(caught.value)
