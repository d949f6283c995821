"""Which method divides a folder, and what no method may do."""

import pytest

from detection.base.errors import DataError
from tests.support.named_images import assign_names, names


def test_copies_in_train_leave_where_the_folder_gives_the_splits():
  files = ['train/a.jpg', 'train/b.jpg', 'test/c.jpg', 'valid/d.jpg']
  digests = {'train/a.jpg': '1', 'train/b.jpg': '2', 'test/c.jpg': '3', 'valid/d.jpg': '1'}
  result = assign_names(files, digests=digests, method='folders', keep_test=True)
  assert result.split_of == {'train/b.jpg': 'train', 'test/c.jpg': 'test', 'valid/d.jpg': 'eval'}
  assert [(r.path, r.reason.value) for r in result.left_out] == [('train/a.jpg', 'copy_in_other_split')]


def test_images_that_are_all_the_same_cannot_be_divided():
  with pytest.raises(DataError, match='at least two different annotated images'):
    assign_names(names(10), digests=dict.fromkeys(names(10), 'same'))


def test_a_train_folder_alone_is_divided_by_hash_and_that_is_said():
  result = assign_names([f'train/{name}' for name in names(50)], method='auto')
  assert result.method == 'hash'
  assert result.warnings == ('The split method folders gives 50 images to train and none to another split.',)


@pytest.mark.parametrize('method', ['folders', 'imagesets'])
def test_a_method_that_does_not_fit_the_folder_says_so(method):
  with pytest.raises(DataError, match=f'data.split.method {method}: expected'):
    assign_names(names(5), method=method)
