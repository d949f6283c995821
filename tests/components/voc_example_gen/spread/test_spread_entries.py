"""Entries and the images that they may mean are in one part."""

import pytest

from components.voc_example_gen import matching
from components.voc_example_gen.spread import spread_listing
from components.voc_example_gen.spread.spread_entries import part_of_name
from components.voc_example_gen.spread.spread_parts import UnclearError

FOUND = {
  'a.jpg': 'a.jpg',
  'A.JPG': 'x/a.jpeg',
  'a.png': 'x/a.jpg',
  '/home/x\\y\\a.jpg': 'a.jpg',
  ' a.jpg ': 'a.jpg',
  'a': 'a.jpg',
  'a.jpg.png': 'a.jpg',
  'd%C3%A9cran.jpg': 'Décran.png',
  'Straße.jpg': 'STRASSE.jpg',
}


@pytest.mark.parametrize(('name', 'image'), FOUND.items())
def test_a_name_is_in_the_part_of_the_image_that_it_means(name, image):
  assert part_of_name(name) == spread_listing.part_of(image)
  if not name.endswith('.jpg.png'):
    assert matching.Names([image]).find('x.json', name).path == image


@pytest.mark.parametrize('name', ['v1.5', 'a%2Fb.jpg', 'x/ a.jpg', 'a.raw'])
def test_a_name_that_may_be_of_several_parts_is_unclear(name):
  with pytest.raises(UnclearError):
    part_of_name(name)
