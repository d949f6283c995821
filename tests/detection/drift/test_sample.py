"""What is compared of images, and the file it is kept in."""

import numpy as np
import pytest

from detection.base.errors import DataError
from detection.crops.seen_images import SeenImages
from detection.detections import Detections
from detection.drift import sample


def found(*scores):
  return Detections(np.zeros((len(scores), 4)), np.ones(len(scores), int), np.array(scores, np.float32))


@pytest.fixture
def described():
  seen = SeenImages(['a', 'b', 'c'], [(4, 4)] * 3, [found(0.9, 0.5, 0.2), found(), found(0.3)], np.eye(3))
  return sample.of_seen(seen, 0.5)


def test_objects_are_counted_from_the_score_on_and_the_best_is_the_confidence(described):
  assert described.objects.tolist() == [2, 0, 0]
  np.testing.assert_allclose(described.confidences, [0.9, 0, 0.3])
  assert described.of(np.array([2])).confidences.tolist() == pytest.approx([0.3])


def test_a_kept_sample_is_the_same(described, tmp_path):
  path = str(tmp_path / 'kept.npz')
  sample.write(path, described)
  again = sample.read(path)
  assert again.min_score == 0.5
  for name in ('features', 'objects', 'confidences'):
    np.testing.assert_array_equal(getattr(again, name), getattr(described, name))


@pytest.mark.parametrize('content', [b'nothing of the kind', b'PK\x03\x04 cut short'])
def test_another_file_is_refused_by_name(tmp_path, content):
  (tmp_path / 'kept.npz').write_bytes(content)
  with pytest.raises(DataError, match=r'kept.npz: no reference that can be read.*--save-reference'):
    sample.read(str(tmp_path / 'kept.npz'))
