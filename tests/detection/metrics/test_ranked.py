"""Rows class by class, best score first, in memory and on disk."""

import os

import numpy as np
import pytest

from detection.metrics import ranked, results


def portions(make, size=4):
  """The rows of 12 images, of `size` of them at a time, and the Results of all."""
  images = make.crowded(12, classes=3, detections=20)
  merged = make.merged(*images)
  rows = []
  for start in range(0, 12, size):
    numbers = np.arange(start, start + size)
    rows.append(ranked.rows(results.select(merged, numbers), numbers))
  return rows[::-1], merged


def assert_same(one, other):
  for class_id in (1, 2, 3):
    for mine, theirs in ((one.objects, other.objects), (one.detections, other.detections)):
      mine, theirs = np.concatenate(list(mine(class_id))), np.concatenate(list(theirs(class_id)))
      np.testing.assert_array_equal(mine, theirs)


def test_objects_come_by_image_and_detections_by_score(make):
  _, merged = portions(make)
  rows = ranked.of(merged)
  objects, found = (np.concatenate(list(blocks)) for blocks in (rows.objects(2), rows.detections(2)))
  assert len(objects) == np.count_nonzero(merged.object_class == 2)
  assert objects['image'].tolist() == sorted(objects['image'])
  assert objects['hits'][:, 0].sum() == merged.object_counted[merged.object_class == 2, 0].sum()
  mine = np.flatnonzero(merged.classes == 2)
  mine = mine[np.argsort(-merged.scores[mine], kind='stable')]
  for field, column in (('score', 'scores'), ('image', 'image'), ('rank', 'ranks'), ('hits', 'hits')):
    np.testing.assert_array_equal(found[field], getattr(merged, column)[mine])
  assert rows.count == len(merged.scores)


@pytest.mark.parametrize('most', [10, 100, 10**6])
def test_it_makes_no_difference_how_many_rows_are_sorted_and_read_at_once(make, monkeypatch, most):
  blocks, merged = portions(make)
  whole = ranked.of(merged)
  expected = list(whole.backwards(1))[0]
  monkeypatch.setattr(ranked, 'RUN_ROWS', most)
  monkeypatch.setattr(ranked, 'BLOCK_ROWS', 9)
  with ranked.ranked(iter(blocks)) as rows:
    assert_same(rows, whole)
    assert rows.count == whole.count
    np.testing.assert_array_equal(np.concatenate(list(rows.backwards(1))[::-1]), expected)
    assert max(len(block) for block in rows.detections(1)) == 9


def test_what_is_sorted_on_disk_is_gone_at_the_end(make, monkeypatch, tmp_path):
  monkeypatch.setattr(ranked, 'RUN_ROWS', 50)
  monkeypatch.setattr('tempfile.tempdir', str(tmp_path))
  with ranked.ranked(portions(make)[0]):
    (folder,) = tmp_path.iterdir()
    assert os.listdir(folder) == ['ranked']
  assert list(tmp_path.iterdir()) == []


def test_without_rows_there_is_no_class():
  with ranked.ranked([]) as rows:
    assert rows.count == 0
    assert [*rows.objects(1), *rows.detections(1), *rows.backwards(1)] == []


@pytest.mark.parametrize('most', [2, 1000])
def test_a_score_that_is_no_number_comes_last(make, monkeypatch, most):
  monkeypatch.setattr(ranked, 'RUN_ROWS', most)
  images = [make.image(n, found=[(make.BOX, 1, score)]) for n, score in enumerate([0.1, np.nan, 0.9, np.nan])]
  alone = [ranked.rows(make.merged(image), np.array([n])) for n, image in enumerate(images)]
  with ranked.ranked(alone) as rows:
    assert np.concatenate(list(rows.detections(1)))['image'].tolist() == [2, 0, 1, 3]
