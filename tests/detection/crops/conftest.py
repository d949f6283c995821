import pytest

from tests.support import colour_crops


@pytest.fixture(scope='session')
def mean_colour():
  """A backbone whose features are a crop's mean colour."""
  return colour_crops.mean_colour()
