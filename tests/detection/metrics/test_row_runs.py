"""Sorting on disk against sorting in memory."""

import numpy as np
import pytest

from detection.metrics import row_runs

ROW = np.dtype([('class', 'i4'), ('score', 'f8'), ('image', 'i4'), ('number', 'i4')])


def drawn(count, scores=5):
  """Rows with many equal scores, several of an image; `number` tells them apart."""
  rng = np.random.default_rng(0)
  rows = np.zeros(count, ROW)
  rows['class'], rows['score'] = rng.integers(1, 4, count), rng.integers(0, scores, count) / scores
  rows['image'], rows['number'] = np.sort(rng.integers(0, count // 3 + 1, count)), np.arange(count)
  return rows


def written(rows, folder, files):
  """Paths of sorted runs, each with the rows of every `files`-th image."""
  paths = []
  for number in range(files):
    paths.append(str(folder / f'run-{number}'))
    row_runs.ordered(rows[rows['image'] % files == number]).tofile(paths[-1])
  return paths


def test_rows_are_in_order_of_class_score_and_image():
  rows = row_runs.ordered(drawn(200)[::-1])
  keys = [(row['class'], -row['score'], row['image']) for row in rows]
  assert keys == sorted(keys)


def test_a_part_of_a_file_is_read(tmp_path):
  rows = drawn(20)
  rows.tofile(tmp_path / 'rows')
  np.testing.assert_array_equal(row_runs.read(str(tmp_path / 'rows'), ROW, 5, 8), rows[5:8])


@pytest.mark.parametrize('most', [1, 7, 64, 1000])
@pytest.mark.parametrize('scores', [1, 5, 10**6])
def test_merged_runs_are_as_if_all_had_been_sorted_at_once(tmp_path, most, scores):
  rows = drawn(300, scores)
  blocks = list(row_runs.merged(written(rows, tmp_path, files=6), ROW, most))
  np.testing.assert_array_equal(np.concatenate(blocks), row_runs.ordered(rows))
  assert max(map(len, blocks)) <= max(most, 6)


def test_no_more_rows_are_held_than_asked_for_and_the_files_are_gone(tmp_path):
  paths = written(drawn(300), tmp_path, files=3)
  assert max(len(block) for block in row_runs.merged(paths, ROW, 30)) <= 30
  assert list(tmp_path.iterdir()) == []
