"""Each label file is read with the nearest list of class names; what is not certain is said or refused."""

import pytest

from components.voc_example_gen import class_lists, listing
from components.voc_example_gen.refusals import Reason, RefusedFileError
from tests.support import voc_maker


def lists_in(root, files):
  return class_lists.find(listing.list_folder(str(voc_maker.write(root, files))))


NEAREST = {
  'beside': ('a/1.txt', 'a/1.jpg', {'a/classes.txt': 'own', 'b/classes.txt': 'other', 'data.yaml': 'names: [top]'}),
  'above': ('a/labels/train/1.txt', 'a/images/train/1.jpg', {'a/data.yaml': 'names: [own]', 'classes.txt': 'top'}),
  'beside the image': ('labels/1.txt', 'images/1.jpg', {'images/classes.txt': 'own', 'classes.txt': 'top'}),
  'data.yaml before classes.txt': ('1.txt', '1.jpg', {'classes.txt': 'other', 'data.yaml': 'names: [own]'}),
  'elsewhere, if nowhere near': ('a/1.txt', 'a/1.jpg', {'b/classes.txt': 'own'}),
  'elsewhere, if all agree': ('a/1.txt', 'a/1.jpg', {'b/classes.txt': 'own', 'c/classes.txt': 'own\nmore'}),
  'elsewhere, the one that can be read': ('a/1.txt', 'a/1.jpg', {'b/data.yaml': '{broken', 'c/classes.txt': 'own'}),
  'the one that can be read': ('1.txt', '1.jpg', {'data.yaml': '{broken', 'classes.txt': 'own'}),
}


@pytest.mark.parametrize(('path', 'image', 'files'), NEAREST.values(), ids=NEAREST)
def test_the_nearest_list_counts(tmp_path, path, image, files):
  lists = lists_in(tmp_path, files)
  assert lists.name(lists.of(path, image), 0) == 'own'


UNKNOWN = {
  'the nearest cannot be read': {'a/data.yaml': 'names: [cat', 'classes.txt': 'cat'},
  'lists elsewhere disagree': {'b/classes.txt': 'cat', 'c/classes.txt': 'dog'},
  'the only one cannot be read': {'b/classes.txt': ''},
}


@pytest.mark.parametrize('files', UNKNOWN.values(), ids=UNKNOWN)
def test_names_that_are_not_certain_are_refused(tmp_path, files):
  lists = lists_in(tmp_path, files)
  with pytest.raises(RefusedFileError) as refused:
    lists.name(lists.of('a/1.txt', 'a/1.jpg'), 0)
  assert refused.value.reason == Reason.CLASS_NAMES_UNKNOWN
  assert list(lists.warnings()) == [], 'the refusals say it, and no list is used'


def warnings_after(lists, *numbers, path='a/1.txt'):
  chosen = lists.of(path, path.replace('.txt', '.jpg'))
  for number in numbers:
    lists.name(chosen, number)
  return list(lists.warnings())


def test_lists_that_disagree_are_told_in_one_sentence(tmp_path):
  lists = lists_in(tmp_path, {'a/classes.txt': 'cat\ndog', 'classes.txt': 'cat\nbird\nfish'})
  (warning,) = warnings_after(lists, 0)
  assert '1 is "dog" in a/classes.txt, "bird" in classes.txt' in warning


def test_a_number_that_one_list_has_no_name_for_is_no_disagreement(tmp_path):
  files = {'a/data.yaml': 'names: {0: cat, 2: cow}\n', 'classes.txt': 'cat\ndog\ncow'}
  assert warnings_after(lists_in(tmp_path, files), 0, 2) == []


def test_lists_of_other_label_files_only_are_compared_when_these_are_read(tmp_path):
  assert warnings_after(lists_in(tmp_path, {'a/classes.txt': 'cat', 'b/classes.txt': 'dog'}), 0) == []


def test_class_numbers_beyond_the_list_are_told_with_their_boxes(tmp_path):
  (warning,) = warnings_after(lists_in(tmp_path, {'a/classes.txt': 'cat'}), 0, 7, 3, 3)
  assert warning == 'a/classes.txt has no name for 2 class numbers, whose boxes are dropped: 3 (2 boxes), 7 (1 boxes).'


def test_classes_called_by_number_are_told(tmp_path):
  lists = lists_in(tmp_path, {})
  assert lists.name(lists.of('1.txt', '1.jpg'), 3) == '3'
  assert list(lists.warnings()) == [
    '1 label files have no data.yaml, classes.txt or obj.names: classes are called by their numbers.'
  ]


def test_a_list_elsewhere_and_a_guessed_encoding_are_told(tmp_path):
  far, guessed = sorted(warnings_after(lists_in(tmp_path, {'b/classes.txt': '猫\n狗'.encode('gbk')}), 0), key=len)[::-1]
  assert 'b/classes.txt is used: a/1.txt' in far
  assert guessed.startswith('b/classes.txt is not UTF-8 and was read as GBK: 猫, 狗.')


def test_a_list_that_is_passed_over_because_it_cannot_be_read_is_told(tmp_path):
  (warning,) = warnings_after(lists_in(tmp_path, {'a/data.yaml': 'names: [cat', 'a/classes.txt': 'cat'}), 0)
  assert warning.startswith('a/data.yaml cannot be read: line 1')


def test_keypoints_come_from_data_yaml_whatever_lists_the_names(tmp_path):
  lists = lists_in(tmp_path, {'a/classes.txt': 'cat', 'data.yaml': 'kpt_shape: [4, 3]'})
  assert lists.of('a/1.txt', 'a/1.jpg').keypoints == (4, 3)


def test_a_guessed_encoding_is_told_also_where_keypoints_are_declared(tmp_path):
  files = {'a/classes.txt': '猫\n狗'.encode('gbk'), 'data.yaml': 'kpt_shape: [4, 3]'}
  (warning,) = warnings_after(lists_in(tmp_path, files), 0)
  assert 'was read as GBK' in warning


@pytest.mark.parametrize(('numbers', 'off'), [((1, 2, 2), {'a/classes.txt'}), ((0, 1, 2), set()), ((1,), set())])
def test_class_numbers_that_count_from_1_are_noticed(tmp_path, numbers, off):
  lists = lists_in(tmp_path, {'a/classes.txt': 'cat\ndog'})
  for number in numbers:
    lists.name(lists.of('a/1.txt', 'a/1.jpg'), number)
  assert lists.off_by_one() == off


def test_lists_that_several_have_used_are_told_of_as_if_one_had(tmp_path):
  files = {'a/classes.txt': 'cat\ndog', 'far/classes.txt': 'cat\ndog'}
  used = [(f'{folder}/{n}.txt', f'{folder}/{n}.jpg', n) for folder in ('a', 'b', 'c') for n in range(4)]
  one, *several, told = (lists_in(tmp_path, files) for _ in range(5))
  for number, (path, image, label) in enumerate(sorted(used)):
    for lists in (one, several[number % 3]):
      lists.name(lists.of(path, image), label)
  told.add([lists.usage for lists in several[::-1]])
  assert list(told.warnings()) == list(one.warnings())
  assert len(list(told.warnings())) == 2
  assert told.usage == one.usage


def test_class_numbers_that_several_have_used_are_added_up(tmp_path):
  one, other, told = (lists_in(tmp_path, {'a/classes.txt': 'cat\ndog'}) for _ in range(3))
  for lists, numbers in ((one, (1, 2, 2)), (other, (0,))):
    for number in numbers:
      lists.name(lists.of('a/1.txt', 'a/1.jpg'), number)
  told.add([one.usage])
  assert told.off_by_one() == {'a/classes.txt'}
  told.add([other.usage, one.usage])
  assert told.usage.used == {'a/classes.txt': {0, 1, 2}}
  assert told.usage.unnamed == {'a/classes.txt': {2: 4}}
  assert told.off_by_one() == set()
