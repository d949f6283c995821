"""Rows from the workers of one stage to those of the next."""

from components.voc_example_gen.spread import exchange


def test_a_part_has_the_rows_of_all_files_in_their_order(tmp_path):
  first = exchange.save(str(tmp_path / 'deep/1'), {2: [('b', 1), ('a', 2)], 0: [(b'\0', 1.5)]})
  second = exchange.save(str(tmp_path / 'deep/2'), {2: [('\udcff', None)]})
  assert list(exchange.load([first, second], [2])) == [('b', 1), ('a', 2), ('\udcff', None)]
  assert list(exchange.load([second, first], [0, 1, 2])) == [('\udcff', None), (b'\0', 1.5), ('b', 1), ('a', 2)]


def test_a_worker_without_rows_writes_a_file_too(tmp_path):
  assert list(exchange.load([exchange.save(str(tmp_path / '1'), {})], [0])) == []


def test_rows_that_come_one_by_one_are_written_a_few_at_a_time(tmp_path):
  runs = exchange.Runs(str(tmp_path / 'x'), 2)
  for number in range(5):
    runs.add(number % 2, (number,))
    assert len(list(tmp_path.iterdir())) == (number + 1) // 2
  runs.flush()
  runs.flush()
  assert (runs.count, len(runs.paths)) == (5, 3)
  assert [list(exchange.load(runs.paths, [part])) for part in (0, 1)] == [[(0,), (2,), (4,)], [(1,), (3,)]]
