"""Why images are left over."""

from types import MappingProxyType

import pytest

from components.voc_example_gen import leftovers
from components.voc_example_gen.dataset_index import DatasetIndex, Item
from components.voc_example_gen.refusals import Reason, Refusal


def reasons(images, annotated, elsewhere=MappingProxyType({}), **fields):
  items = tuple(Item(image) for image in annotated)
  index = DatasetIndex('csv', items, elsewhere=elsewhere, **fields)
  refusals, warnings = leftovers.set_aside([*annotated, *images], index)
  return {refusal.path: (refusal.reason.value, refusal.detail) for refusal in refusals}, warnings


DERIVED = {
  'a folder of masks': ('masks/1.png', ['images/1.jpg']),
  'a folder of previews of equal extension': ('preview/1.jpg', ['images/1.jpg']),
  'a folder among the annotations': ('annotations/of any name/1.png', ['images/1.jpg']),
  'a folder of any name, all of it with another extension': ('any/1.png', ['1.jpg']),
  'by its own name': ('x/1_mask.png', ['x/1.jpg']),
}


@pytest.mark.parametrize(('picture', 'annotated'), DERIVED.values(), ids=DERIVED)
def test_a_picture_made_from_an_image_is_set_aside_and_told(picture, annotated):
  found, warnings = reasons([picture], annotated)
  assert found == {picture: ('image_derived', f'taken for a mask, a depth map or a preview of {annotated[0]}')}
  assert len(warnings) == 1
  assert f'{picture} (of {annotated[0]})' in warnings[0]


NOT_DERIVED = {
  'an extension beside': ('1.png', ['1.jpg']),
  'images of another split': ('test/1.png', ['train/1.jpg']),
  'another folder of equal names': ('monday/1.jpg', ['sunday/1.jpg']),
  'masks without images': ('masks/7.png', ['images/1.jpg']),
}


@pytest.mark.parametrize(('picture', 'annotated'), NOT_DERIVED.values(), ids=NOT_DERIVED)
def test_an_image_that_nobody_annotated_is_just_that(picture, annotated):
  assert reasons([picture], annotated) == (
    {picture: ('image_not_annotated', 'no annotation names this image')},
    (),
  )


def test_an_image_that_another_format_describes():
  found, warnings = reasons(['b.jpg', 'c.jpg'], ['a.jpg'], elsewhere={'b.jpg': 'voc'})
  assert found['b.jpg'] == ('image_not_annotated', 'described in the format voc, and only csv is read')
  assert found['c.jpg'][1] == 'no annotation names this image'
  assert warnings == ('The format voc would add 1 images, which are not used, as only csv is read: b.jpg.',)


def test_where_one_format_alone_was_looked_for_only_that_is_said():
  found, _ = reasons(['b.jpg'], ['a.jpg'], elsewhere=None)
  assert found['b.jpg'][1] == 'no csv annotation names this image'


def test_an_annotation_that_cannot_be_used_may_have_named_the_image():
  found, _ = reasons(['b.jpg'], ['a.jpg'], refused=(Refusal('b.txt', Reason.ANNOTATION_MALFORMED),))
  assert found['b.jpg'][1] == 'no usable annotation names this image'


def test_without_images_left_over_there_is_nothing_to_say():
  assert reasons([], ['a.jpg']) == ({}, ())
