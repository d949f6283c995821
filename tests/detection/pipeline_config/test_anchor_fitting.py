"""Anchors fitted to boxes are met by more of them."""

import numpy as np
import pytest

from detection.pipeline_config import anchor_fitting, anchors, sizes
from tests.support import patching

RANDOM = np.random.default_rng(7)


@pytest.mark.parametrize(
  'name', ['ssd_mobilenet_v2_fpnlite_320', 'ssd_mobilenet_v2_320', 'faster_rcnn_resnet50_v1_640']
)
def test_fitted_anchors_meet_more_boxes_and_keep_the_heads_shape(name):
  config = patching.complete(name)
  size = sizes.input_size(config)
  long_and_thin = np.array([[y, x, y + 0.05, x + 0.4] for y, x in RANDOM.uniform(0, 0.55, (200, 2))]) * size

  suggested = anchor_fitting.fit(config, long_and_thin)
  fitted = patching.complete(name, **suggested)

  before, after = (anchors.best_overlap(c, long_and_thin) for c in (config, fitted))
  assert (after >= 0.5).mean() > (before >= 0.5).mean() + 0.2
  assert [len(grid.shapes) for grid in anchors.grids(fitted)] == [len(grid.shapes) for grid in anchors.grids(config)]


def test_kmeans_finds_the_clusters():
  values = np.concatenate([RANDOM.normal(centre, 0.01, 50) for centre in (-1, 0, 2)])

  np.testing.assert_allclose(anchor_fitting.kmeans(values, 3), [-1, 0, 2], atol=0.05)


def test_nothing_is_fitted_without_boxes_or_anchors():
  assert anchor_fitting.fit(patching.base(), np.zeros([0, 4])) == {}
  assert anchor_fitting.fit(patching.base('centernet_resnet50_v2_512'), np.ones([1, 4])) == {}
