"""Portions of images: written, read again, and ranked together."""

import dataclasses

import numpy as np
import pytest

from detection.metrics import coco, portions, ranked, results
from detection.metrics.slices import Parting


def stored(make, folder, size, images=9):
  """Portions of every few of the images, in files, and the Results of all."""
  single = [results.of_image(*image) for image in make.crowded(images, classes=2, detections=15)]
  uris = []
  for start in range(size):
    uris.append(str(folder / f'{start}.npz'))
    portions.of(results.merge(single[start::size]), 0.5).save(uris[-1])
  return portions.Stored(uris), results.merge(single)


def test_what_is_saved_is_read_again(make, tmp_path):
  (again,), merged = stored(make, tmp_path, size=1)
  made = portions.of(merged, 0.5)
  for part, read in ((made.results, again.results), (made.assignment, again.assignment), (made.voc, again.voc)):
    for field in dataclasses.fields(part):
      np.testing.assert_array_equal(getattr(part, field.name), getattr(read, field.name))


@pytest.mark.parametrize('run_rows', [20, 10**6])
def test_images_are_numbered_by_name_in_whatever_portion_they_are(make, tmp_path, monkeypatch, run_rows):
  monkeypatch.setattr(ranked, 'RUN_ROWS', run_rows)
  parts, merged = stored(make, tmp_path, size=3)
  parting = Parting()
  with portions.rank(parts, parting) as rows:
    whole = portions.of(merged, 0.5).ranked()
    for mine, theirs in ((rows.objects(1), whole.objects(1)), (rows.detections(1), whole.detections(1))):
      mine, theirs = np.concatenate(list(mine)), np.concatenate(list(theirs))
      for field in set(ranked.ROW.names) - {'parts'}:
        np.testing.assert_array_equal(mine[field], theirs[field])
    assert coco.accumulate(rows, [1, 2]).metrics() == coco.accumulate(merged, [1, 2]).metrics()
  assert (parting.images, parting.objects) == (9, merged.object_counted[:, 0].sum())


def test_names_are_in_order_of_their_characters(make):
  names = ['Z.jpg', 'a.jpg', 'ä.jpg', '中.jpg', '😀.jpg', '\ud800.jpg']  # the last one is no valid text
  single = [portions.of(make.merged(make.image(name, found=[(make.BOX, 1, 0.5)])), 0.5) for name in names[::-1]]
  with portions.rank(portions.Held(single), Parting()) as rows:
    (block,) = rows.detections(1)
  order = sorted(names)
  assert sorted(block['image'].tolist()) == list(range(6))
  assert results.merge(portion.results for portion in single).names.tolist() == order


def test_an_image_in_two_portions_is_refused(make):
  portion = portions.of(make.merged(make.image(1)), 0.5)
  with pytest.raises(ValueError, match='000001.jpg: the image is in two parts'):  # noqa: SIM117
    with portions.rank(portions.Held([portion, portion]), Parting()):
      pass


def test_without_portions_there_is_nothing_to_rank():
  with portions.rank(portions.Stored([]), Parting()) as rows:
    assert rows.count == 0
