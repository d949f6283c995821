"""Every step of every format has a name that engines show."""

import functools

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


@pytest.mark.parametrize(
  ('data_format', 'has_xml', 'names'),
  [
    ('auto', False, ('Read', 'Join', 'Pair')),
    ('auto', True, ('Read', 'Pair')),
    ('voc', False, ('Read', 'Pair')),
    ('yolo', True, ('Read', 'Join', 'Pair')),
    ('images', False, ('Read', 'Join', 'Pair')),
  ],
)
def test_a_format_that_is_known_has_its_own_stages_alone(data_format, has_xml, names):
  assert spread_plan.pairing(IngestSettings(data_format=data_format), has_xml) == names


def test_a_format_whose_stages_are_not_there_is_not_planned_by_workers():
  tree = spread_listing.SpreadTree(listing.Tree('x', ()), (), 40, 20, 0, 20)
  first = functools.partial(
    spread_plan.first, tree, IngestSettings(data_format='yolo'), 'work', lambda planned: planned
  )
  assert first(names=('Read', 'Join', 'Pair'))
  assert first(names=('Read', 'Pair')) is None
