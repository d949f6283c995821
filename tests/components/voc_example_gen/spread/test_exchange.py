"""Rows from the workers of one stage to those of the next."""

from components.voc_example_gen.spread import exchange


def test_a_part_has_the_rows_of_all_files_in_their_order(tmp_path):
  first = exchange.save(str(tmp_path / 'deep/1'), {2: [('b', 1), ('a', 2)], 0: [(b'\0', 1.5)]})
  second = exchange.save(str(tmp_path / 'deep/2'), {2: [('\udcff', None)]})
  assert list(exchange.load([first, second], [2])) == [('b', 1), ('a', 2), ('\udcff', None)]
  assert list(exchange.load([second, first], [0, 1, 2])) == [('\udcff', None), (b'\0', 1.5), ('b', 1), ('a', 2)]


def test_a_worker_without_rows_writes_a_file_too(tmp_path):
  assert list(exchange.load([exchange.save(str(tmp_path / '1'), {})], [0])) == []
