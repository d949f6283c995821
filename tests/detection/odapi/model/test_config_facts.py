import pytest

from detection.odapi.config import config_io
from detection.odapi.model import config_facts


@pytest.mark.parametrize(
  ('resizer', 'expected'),
  [
    ('fixed_shape_resizer { height: 96 width: 128 }', (96, 128)),
    ('keep_aspect_ratio_resizer { min_dimension: 64 max_dimension: 64 pad_to_max_dimension: true }', (64, 64)),
    ('keep_aspect_ratio_resizer { min_dimension: 64 max_dimension: 128 }', None),
  ],
)
def test_the_size_of_every_image_where_it_is_the_same(resizer, expected):
  config = config_io.parse(f'model {{ ssd {{ image_resizer {{ {resizer} }} }} }}')
  assert config_facts.static_size(config) == expected


@pytest.mark.parametrize('family', ['ssd', 'faster_rcnn', 'center_net'])
def test_the_number_of_classes_of_any_family(family):
  assert config_facts.num_classes(config_io.parse(f'model {{ {family} {{ num_classes: 7 }} }}')) == 7
