"""The anchors computed here are the OD API's own."""

import numpy as np
import pytest

from detection.pipeline_config import anchors, sizes
from tests.support import patching

RANDOM = np.random.default_rng(7)


def some_boxes(count, shortest, longest, window):
  sides = np.exp(RANDOM.uniform(np.log(shortest), np.log(longest), (count, 2)))
  corners = RANDOM.uniform(0, 1, (count, 2)) * (window - sides)
  return np.concatenate([corners, corners + sides], axis=1)


@pytest.mark.slow
@pytest.mark.parametrize(
  ('name', 'maps'),
  [
    ('ssd_mobilenet_v2_fpnlite_320', [(40, 40), (20, 20), (10, 10), (5, 5), (3, 3)]),
    ('ssd_mobilenet_v2_320', [(19, 19), (10, 10), (5, 5), (3, 3), (2, 2), (1, 1)]),
    ('faster_rcnn_resnet50_v1_640', [(40, 40)]),
  ],
)
def test_the_best_overlap_is_that_with_the_od_apis_own_anchors(name, maps):
  from detection.odapi import compat

  compat.apply()
  from object_detection.builders import anchor_generator_builder

  config = patching.complete(name)
  height = sizes.input_size(config)
  generator = anchor_generator_builder.build(anchors.generator(config))
  two_stage = name.startswith('faster')
  made = generator.generate(maps, **({} if two_stage else {'im_height': height, 'im_width': height}))
  theirs = np.concatenate([grid.get().numpy() for grid in made])
  if two_stage:  # in pixels; those that stick out are not trained
    theirs = theirs[(theirs[:, :2] >= 0).all(axis=1) & (theirs[:, 2:] <= height).all(axis=1)]
  else:
    theirs = theirs * height
  boxes = some_boxes(300, 8, 0.9 * height, height)

  overlap = anchors.best_overlap(config, boxes)

  np.testing.assert_allclose(overlap, iou(boxes, theirs).max(axis=1), atol=1e-4)


def iou(boxes, others):
  low = np.maximum(boxes[:, None, :2], others[None, :, :2])
  high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
  common = (high - low).clip(0).prod(axis=2)
  areas = [(b[:, 2:] - b[:, :2]).prod(axis=1) for b in (boxes, others)]
  return common / (areas[0][:, None] + areas[1][None] - common)


@pytest.mark.parametrize(
  ('name', 'cells', 'shapes'),
  [
    ('ssd_mobilenet_v2_fpnlite_320', [(40, 40), (20, 20), (10, 10), (5, 5), (3, 3)], [6] * 5),
    ('ssd_mobilenet_v2_320', [(19, 19), (10, 10), (5, 5), (3, 3), (2, 2), (1, 1)], [3, 6, 6, 6, 6, 6]),
    ('faster_rcnn_resnet50_v1_640', [(40, 40)], [12]),
  ],
)
def test_each_feature_map_has_a_grid_of_anchors(name, cells, shapes):
  made = anchors.grids(patching.base(name))

  assert [grid.cells for grid in made] == cells
  assert [len(grid.shapes) for grid in made] == shapes


def test_an_anchor_on_the_box_overlaps_it_wholly():
  grid = anchors.grids(patching.base())[0]
  height, width = grid.shapes[0]
  y, x = np.array(grid.offset) + 5 * np.array(grid.stride)
  box = [[y - height / 2, x - width / 2, y + height / 2, x + width / 2]]

  assert anchors.best_overlap(patching.base(), np.array(box)) == [pytest.approx(1)]


def test_a_model_without_anchors_has_no_overlap():
  config = patching.base('centernet_resnet50_v2_512')

  assert anchors.grids(config) is None
  assert anchors.best_overlap(config, np.ones([1, 4])) is None
