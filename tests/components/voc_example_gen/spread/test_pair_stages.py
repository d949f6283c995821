"""Every step of every format has a name that engines show."""

import pytest

from components.voc_example_gen import listing
from components.voc_example_gen.settings import IngestSettings
from components.voc_example_gen.spread import pair_stages, spread_listing, spread_plan


@pytest.mark.parametrize('data_format', ['voc', 'coco', 'yolo', 'csv'])
def test_every_step_has_a_name_and_the_last_one_pairs(data_format):
  tree = spread_listing.SpreadTree(listing.Tree('x', ()), (), 40, 20, 20, 0)
  first = spread_plan.first(tree, IngestSettings(data_format=data_format), 'work', lambda planned: planned)
  assert first.stages.data_format == data_format
  names = first.stages.names
  assert len(first.stages.steps) == len(names)
  assert names == tuple(name for name in pair_stages.PAIRING if name in names)
  assert names[-1] == 'Pair'
