"""One spelling for names."""

import posixpath

import pytest

from components.voc_example_gen import spelling


@pytest.mark.parametrize(
  ('name', 'plain'), [('d%C3%A9cran', 'décran'), ('a%20b', 'a b'), ('50%', '50%'), ('a%FFb', 'a%FFb'), ('a+b', 'a+b')]
)
def test_percent_encoding_is_undone_where_it_is_utf8(name, plain):
  assert spelling.decoded(name) == plain


def test_names_are_compared_without_case_folders_and_the_ways_to_write_an_accent():
  assert spelling.file_name(' C:\\x\\E\u0301COLE.JPG ') == spelling.file_name('/data/\u00e9cole.jpg')
  assert spelling.stem('a/B.tar.gz') == 'b.tar'


@pytest.mark.parametrize(
  'path', ['a.JPG', 'x/a.tar.gz', 'x.y/a', '.a', 'x/.a', 'x/..a', 'a..b', 'a.', '..', '', 'x/', '.a.b']
)
def test_extensions_are_those_of_the_system(path):
  assert spelling.split_suffix(path) == posixpath.splitext(path)
  assert spelling.suffix_of(path) == posixpath.splitext(path)[1].lower()


def test_equal_names_are_counted_from_the_start():
  assert spelling.common(['a', 'b', 'c'], ['a', 'b', 'd', 'e']) == 2


def test_a_message_names_the_first_three():
  assert spelling.some('abc') == 'a, b, c'
  assert spelling.some('abcde') == 'a, b, c and 2 more'
