"""Class names to ids."""

import pytest

from components.label_map_gen import labels
from detection.base.errors import DataError


def test_ids_start_at_1_in_the_order_of_code_points():
  assert labels.assign_ids(['zebra', 'ant', 'Zebra', 'ärger']) == {'Zebra': 1, 'ant': 2, 'zebra': 3, 'ärger': 4}


def test_pinned_ids_stay_and_new_names_follow():
  assert labels.assign_ids(['ant', 'cat'], {'gone': 7, 'cat': 2}) == {'cat': 2, 'gone': 7, 'ant': 8}


def test_no_names_is_an_error():
  with pytest.raises(DataError, match='no class names'):
    labels.assign_ids([])


def test_one_class_takes_all_names_under_one_id():
  assert labels.one_class(['dog', 'cat', 'dog'], 'object') == {'object': 1, 'cat': 1, 'dog': 1}


def test_one_class_may_have_the_name_of_one_of_them_or_be_the_only_one():
  assert labels.one_class(['dog', 'cat'], 'dog') == {'dog': 1, 'cat': 1}
  assert labels.one_class(['dog'], 'dog') == {'dog': 1}


def test_one_class_has_its_pinned_id_and_pinned_names_of_the_data_have_none_of_their_own():
  pinned = {'cat': 2, 'gone': 4, 'object': 7}
  assert labels.one_class(['cat', 'dog'], 'object', pinned) == {'gone': 4, 'object': 7, 'cat': 7, 'dog': 7}
  assert labels.one_class(['cat'], 'thing', pinned) == {'gone': 4, 'object': 7, 'thing': 8, 'cat': 8}


def test_one_class_of_no_objects_is_an_error():
  with pytest.raises(DataError, match='no class names'):
    labels.one_class([], 'object')


@pytest.mark.parametrize(('names', 'received'), [(['dog', 'dog'], 'one: "dog"'), ([], 'none')])
def test_a_classifier_of_one_class_is_refused(names, received):
  with pytest.raises(DataError, match=f'two classes or more.*received {received}.*two_stage'):
    labels.require_several(names)
