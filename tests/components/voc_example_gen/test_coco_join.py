"""Images, annotations and categories join by their ids, or are refused by name."""

import pytest

from components.voc_example_gen import coco_join
from components.voc_example_gen.annotation import BoxRule

CAT = {'id': 7, 'name': 'cat'}


def image(identity, name):
  return {'id': identity, 'file_name': name, 'width': 64, 'height': 48}


def box(identity, category=7, **others):
  return {'image_id': identity, 'category_id': category, 'bbox': [1, 2, 20, 20], **others}


def join(images, annotations, categories=(CAT,)):
  return coco_join.join({'images': images, 'annotations': annotations, 'categories': list(categories)})


def found(joined):
  """{file name: class names} of the images that are used."""
  return {annotation.filename: [thing.label for thing in annotation.objects] for annotation in joined.annotations}


def refused(joined):
  return [(reason.value, detail) for reason, detail in joined.refused]


@pytest.mark.parametrize('first', [1, 1.0, '1', ' 1 ', '1.0'])
@pytest.mark.parametrize('second', [1, 1.0, '1', '1.0'])
def test_equal_numbers_join_however_they_are_written(first, second):
  joined = join([image(first, 'a.jpg')], [box(second, category=second)], [{'id': first, 'name': 'cat'}])
  assert found(joined) == {'a.jpg': ['cat']}
  assert joined.refused == joined.warnings == []


@pytest.mark.parametrize(
  ('first', 'second'), [('a', 'b'), ('01', '1'), (1, True), (None, None), (1.5, 1), ([1], [1]), ('', None)]
)
def test_other_ids_do_not_join(first, second):
  joined = join([image(first, 'a.jpg')], [box(second)])
  assert found(joined) == {}
  assert [reason for reason, _ in refused(joined)] == ['annotation_without_image', 'negative_in_doubt']


def test_ids_that_are_words_join():
  assert found(join([image('x-1', 'a.jpg')], [box('x-1')])) == {'a.jpg': ['cat']}


def test_two_images_with_one_id_are_refused_both():
  images = [image(1, 'a/frame.jpg'), image('1', 'b/frame.jpg'), image(2, 'c.jpg')]
  joined = join(images, [box(1), box(1), box(2)])
  assert found(joined) == {'c.jpg': ['cat']}
  assert refused(joined) == [
    (
      'annotation_ambiguous',
      f'"{name}/frame.jpg": 2 images have its id, and nothing says whose their 2 annotations are',
    )
    for name in 'ab'
  ]


def test_an_image_that_is_listed_again_is_one_image():
  joined = join([image(1, 'a.jpg'), image(1, 'a.jpg')], [box(1)])
  assert found(joined) == {'a.jpg': ['cat']}
  assert joined.refused == []


def test_an_image_is_a_negative_if_every_annotation_has_its_image():
  assert found(join([image(1, 'a.jpg'), image(2, 'b.jpg')], [box(1)])) == {'a.jpg': ['cat'], 'b.jpg': []}


@pytest.mark.parametrize(
  ('lost', 'told'),
  [(box(99), 'the image_id \'99\', which "images" does not list'), ('no object', 'no image_id'), ({}, 'no image_id')],
)
def test_an_image_is_no_negative_while_an_annotation_has_no_image(lost, told):
  joined = join([image(1, 'a.jpg'), image(2, 'b.jpg')], [box(1), lost, lost])
  assert found(joined) == {'a.jpg': ['cat']}
  assert refused(joined) == [
    ('annotation_without_image', f'2 annotations have {told}'),
    (
      'negative_in_doubt',
      '"b.jpg" has no annotations, but 2 of the file have no certain image: they may be its own',
    ),
  ]


def test_annotations_without_their_image_count_once_for_each_image():
  joined = join([image(1, 'a.jpg')], [box(1), box(8), box(8), box(9)])
  assert found(joined) == {'a.jpg': ['cat']}
  assert [reason for reason, _ in refused(joined)] == ['annotation_without_image'] * 2


@pytest.mark.parametrize('first', [0, 2])
def test_image_ids_that_are_off_by_one_refuse_every_image(first):
  joined = join([image(1, 'a.jpg'), image(2, 'b.jpg')], [box(first), box(first + 1)])
  assert found(joined) == {}
  assert [reason for reason, _ in refused(joined)] == ['annotation_ambiguous'] * 2


def test_category_ids_that_are_off_by_one_refuse_every_image():
  joined = join([image(1, 'a.jpg')], [box(1, 0), box(1, 1)], [{'id': 1, 'name': 'cat'}, {'id': 2, 'name': 'dog'}])
  assert found(joined) == {}
  assert 'the category ids of "categories" and of "annotations"' in joined.refused[0][1]


def test_an_image_is_no_negative_while_an_annotation_may_be_of_two_images():
  joined = join([image(1, 'a.jpg'), image(1, 'b.jpg'), image(2, 'c.jpg')], [box(1)])
  assert [reason for reason, _ in refused(joined)] == ['annotation_ambiguous'] * 2 + ['negative_in_doubt']


def test_a_category_with_two_names_refuses_its_images():
  joined = join(
    [image(1, 'a.jpg'), image(2, 'b.jpg')],
    [box(1), box(2, 8)],
    [CAT, {'id': '7', 'name': 'dog'}, {'id': 8, 'name': 'bird'}],
  )
  assert found(joined) == {'b.jpg': ['bird']}
  assert refused(joined) == [('annotation_ambiguous', '"a.jpg": category id 7 has the names cat, dog')]


def test_a_category_that_is_listed_again_is_one_category():
  assert found(join([image(1, 'a.jpg')], [box(1)], [CAT, CAT])) == {'a.jpg': ['cat']}


def test_a_category_that_is_not_listed_is_named():
  joined = join([image(1, 'a.jpg')], [box(1), box(1, 0), box(1, 0)])
  assert found(joined) == {'a.jpg': ['cat']}
  assert joined.annotations[0].dropped == (BoxRule.UNNAMED,) * 2
  assert joined.warnings == ['2 annotations have a category_id without a name in "categories": 0']


def test_a_class_name_may_be_a_number():
  assert found(join([image(1, 'a.jpg')], [box(1)], [{'id': 7, 'name': 5}])) == {'a.jpg': ['5']}


def test_a_bbox_of_five_numbers_is_named():
  assert join([image(1, 'a.jpg')], [box(1, bbox=[1, 2, 3, 4, 5])]).warnings == [
    '1 annotations have a bbox of 5 numbers, which is not read: their segmentation is, if any'
  ]


def test_a_bbox_of_two_corners_is_named():
  joined = join([image(1, 'a.jpg')], [box(1, bbox=[10, 20, 40, 60], area=1200)])
  assert joined.warnings == ['1 annotations have two corners as bbox, as other numbers of theirs show, and are read so']


def test_a_file_of_negatives_alone_is_named():
  joined = join([image(1, 'a.jpg'), image(2, 'b.jpg')], [])
  assert found(joined) == {'a.jpg': [], 'b.jpg': []}
  assert joined.warnings == ['2 images and not one annotation, so that all are taken as negatives']


def test_the_address_names_the_file_where_nothing_else_does():
  address = 'http://images.cocodataset.org/train2017/1.jpg'
  assert found(join([{'id': 1, 'coco_url': address}], [box(1)])) == {address: ['cat']}
