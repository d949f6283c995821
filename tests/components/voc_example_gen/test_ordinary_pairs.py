"""Pairing in the ordinary case, and when it is left to the search."""

import random

import pytest

from components.voc_example_gen import ordinary_pairs, pairing


def test_the_only_image_of_a_stem_is_paired_whatever_the_order():
  stems = [f'{number:04}' for number in range(500)]
  annotations, images = ([form.format(stem) for stem in stems] for form in ('Annotations/{}.xml', 'JPEGImages/{}.JPG'))
  random.Random(0).shuffle(images)
  expected = {f'Annotations/{stem}.xml': f'JPEGImages/{stem}.JPG' for stem in stems}
  assert ordinary_pairs.find(annotations, images + ['JPEGImages/more.jpg']) == expected
  assert pairing.pair_by_stem(annotations, images).pairs == expected


@pytest.mark.parametrize(
  ('annotations', 'images'),
  [
    pytest.param(['a.xml', 'b.xml'], ['a.jpg'], id='an image is missing'),
    pytest.param(['a.xml'], [], id='no images'),
    pytest.param(['a.xml'], ['a.jpg', 'a.png'], id='two images of a stem'),
    pytest.param(['a.xml', 'x/a.xml'], ['a.jpg'], id='two annotations of a stem'),
    pytest.param(['x/a.xml'], ['y/a.jpg'], id='folders that have nothing to do with each other'),
    pytest.param(['train/a.xml'], ['test/a.jpg'], id='another split'),
  ],
)
def test_all_else_is_left_to_the_search(annotations, images):
  assert ordinary_pairs.find(annotations, images) is None


def test_stems_with_one_hash_are_left_to_the_search(monkeypatch):
  monkeypatch.setattr(ordinary_pairs, 'hash', lambda stem: 1, raising=False)
  assert ordinary_pairs.find(['a.xml', 'b.xml'], ['a.jpg', 'b.jpg']) is None
  assert ordinary_pairs.find(['a.xml'], ['b.jpg']) is None
