"""`data.tiles`, and what it refuses."""

import pytest

from detection.base.errors import ConfigError
from detection.base.settings import parse_settings
from detection.tiles.grid import Grid
from detection.tiles.settings import TileSettings


def test_the_grid_is_that_of_the_settings():
  assert TileSettings(size=320, overlap=0.25).grid == Grid(320, 0.25)


@pytest.mark.parametrize(
  ('given', 'expected'),
  [
    ({}, 'data.tiles: size'),
    ({'size': 8}, r'data.tiles: size.*received 8'),
    ({'size': 320, 'overlap': 1}, r'overlap.*received 1'),
    ({'size': 320, 'min_visible': 0}, r'min_visible.*received 0'),
    ({'size': 320, 'emtpy': 0}, r'unknown key "emtpy".*"empty"'),
  ],
)
def test_a_wrong_value_is_refused_by_name(given, expected):
  with pytest.raises(ConfigError, match=expected):
    parse_settings(TileSettings, given, 'data.tiles')
