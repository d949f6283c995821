"""The images of annotation files that hold many, and what two files say about one image."""

import pytest

from components.voc_example_gen import entries
from components.voc_example_gen.annotation import Annotation, Object

CAT, DOG = Object('cat', 1, 1, 9, 9), Object('dog', 2, 2, 8, 8)


def named(name, *objects):
  return Annotation(tuple(objects), filename=name)


def refused(index):
  return {refusal.path: refusal.reason.value for refusal in index.refused}


def objects(index):
  return {item.image: item.annotation.objects for item in index.items}


def test_files_that_say_the_same_are_no_fault_and_the_split_of_one_counts():
  files = [
    ('all.csv', [named('1.jpg', CAT), named('2.jpg', DOG)]),
    ('test.csv', [named('2.jpg', DOG)]),
    ('train.csv', [named('1.jpg', CAT)]),
  ]
  index = entries.match('csv', files, ['images/1.jpg', 'images/2.jpg'])
  assert objects(index) == {'images/1.jpg': (CAT,), 'images/2.jpg': (DOG,)}
  assert [item.split_hint for item in index.items] == ['train', 'test']
  assert refused(index) == {'test.csv': 'annotation_repeated', 'train.csv': 'annotation_repeated'}
  assert not any(refusal.is_bad for refusal in index.refused)


def test_the_annotation_that_says_more_is_used():
  index = entries.match('coco', [('a.json', [named('1.jpg')]), ('b.json', [named('1.jpg', CAT)])], ['1.jpg'])
  assert objects(index) == {'1.jpg': (CAT,)}
  assert refused(index) == {'a.json': 'annotation_repeated'}


def test_files_that_contradict_each_other_are_refused():
  index = entries.match('coco', [('a.json', [named('1.jpg', DOG)]), ('b.json', [named('1.jpg', CAT)])], ['1.jpg'])
  assert objects(index) == {'1.jpg': (DOG,)}
  assert refused(index) == {'b.json': 'annotation_twice'}
  assert index.refused[0].detail == '"1.jpg" is annotated more than once: otherwise in a.json, which is used'


def test_an_image_listed_once_an_object_has_all_its_objects():
  index = entries.match('coco', [('a.json', [named('1.jpg', CAT), named('1.jpg', DOG)])], ['1.jpg'])
  assert objects(index) == {'1.jpg': (CAT, DOG)}
  assert index.refused == ()


def test_an_image_whose_name_one_file_spells_in_two_ways_has_all_its_objects():
  index = entries.match('coco', [('a.json', [named('1.jpg', CAT), named('images/1.jpg', DOG)])], ['images/1.jpg'])
  assert objects(index) == {'images/1.jpg': (CAT, DOG)}
  assert refused(index) == {}


@pytest.mark.parametrize('names', [('1.png', '1.jpg'), ('1.jpg', '1.png')], ids=' before '.join)
def test_an_entry_of_another_file_of_the_same_stem_adds_nothing_to_the_image(names):
  objects_of = {'1.jpg': CAT, '1.png': DOG}
  index = entries.match('coco', [('a.json', [named(name, objects_of[name]) for name in names])], ['1.jpg'])
  assert objects(index) == {'1.jpg': (CAT,)}
  assert [(refusal.reason.value, refusal.detail) for refusal in index.refused] == [
    ('annotation_without_image', 'names "1.png", which is not in the folder; 1.jpg has another entry')
  ]


def test_an_image_that_was_converted_after_labelling_is_found():
  index = entries.match('coco', [('a.json', [named('1.png', CAT)])], ['1.jpg'])
  assert objects(index) == {'1.jpg': (CAT,)}


def test_an_image_of_two_splits_is_held_out_and_that_is_said():
  files = [('train.csv', [named('1.jpg', CAT)]), ('val.csv', [named('1.jpg', CAT)])]
  index = entries.match('csv', files, ['1.jpg'])
  assert [item.split_hint for item in index.items] == ['eval']
  assert index.warnings == ('1 images are listed for two splits, of which the held-out one counts: 1.jpg.',)


def test_a_name_that_fits_several_images_is_refused_and_one_that_a_folders_name_decides_is_told():
  files = [('a.json', [named('1.jpg', CAT), named('2.jpg', CAT)])]
  index = entries.match('coco', files, ['left/1.jpg', 'right/1.jpg', 'images/2.jpg', 'other/2.jpg'])
  assert objects(index) == {'images/2.jpg': (CAT,)}
  assert refused(index) == {'a.json': 'annotation_ambiguous'}
  assert index.warnings == (
    '1 file names fit several images, and the name of the folder decided: images/2.jpg, not other/2.jpg.',
  )
