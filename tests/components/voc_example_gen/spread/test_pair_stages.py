"""Every stage of every format has a name that engines show."""

import pytest

from components.voc_example_gen import listing
from components.voc_example_gen.settings import IngestSettings
from components.voc_example_gen.spread import spread_listing, spread_plan


@pytest.mark.parametrize('data_format', ['voc', 'coco', 'yolo', 'csv'])
def test_there_are_as_many_names_as_stages(data_format):
  tree = spread_listing.SpreadTree(listing.Tree('x', ()), (), 40, 20, 20, 0)
  first = spread_plan.first(tree, IngestSettings(data_format=data_format), 'work', lambda planned: planned)
  assert first.stages.data_format == data_format
  assert len(first.stages.steps) == len(first.stages.names)
  assert first.names == (*first.stages.names, 'Sort', 'Merge')
