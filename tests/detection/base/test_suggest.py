"""A misspelt name is answered with the known one it most likely means."""

import pytest

from detection.base import suggest

FIELDS = ('train.num_steps', 'train.batch_size', 'model.num_classes', 'model.head.dropout')


@pytest.mark.parametrize(
  ('name', 'known', 'expected'),
  [
    pytest.param('cuont', ['colour', 'count'], 'count', id='letters swapped'),
    pytest.param('rad', ['green', 'red', 'blue'], 'red', id='one letter'),
    pytest.param('zzz', ['colour', 'count'], None, id='like none'),
    pytest.param('colour', [], None, id='nothing known'),
    pytest.param('train.numsteps', FIELDS, 'train.num_steps', id='the last part of a path'),
    pytest.param('training.batch_size', FIELDS, 'train.batch_size', id='the first part of a path'),
    pytest.param('dropout', FIELDS, 'model.head.dropout', id='the right field without its parents'),
  ],
)
def test_the_nearest_name(name, known, expected):
  assert suggest.nearest(name, known) == expected


def test_a_hint_names_the_nearest_with_the_path_before_it():
  assert suggest.hint('cuont', ['count', 'width'], prefix='wheels.') == 'nearest: "wheels.count"'


def test_a_hint_lists_what_is_known_if_nothing_is_near():
  assert suggest.hint('zzz', ['count', 'width']) == 'known: count, width'
  assert suggest.hint('zzz', ['count', 'width'], listed=['count']) == 'known: count'
