"""A config is compared with the boxes it will be trained on."""

import numpy as np
import pytest

from detection.pipeline_config import data_checks, split_boxes
from tests.support import patching


def split(boxes, names=None, size=(640, 640), images=None):
  boxes = np.array(boxes, dtype=np.float32).reshape(-1, 4)
  count = len(boxes)
  return split_boxes.SplitBoxes(
    boxes=boxes,
    names=np.array(names or ['cat'] * count, dtype=object),
    heights=np.full(count, size[0]),
    widths=np.full(count, size[1]),
    images=count if images is None else images,
    most=count,
  )


def test_boxes_too_small_for_the_anchors_are_counted_by_class_and_size():
  config = patching.complete()
  large, tiny = [0.1, 0.1, 0.5, 0.5], [0.1, 0.1, 0.12, 0.12]

  found = data_checks.check(
    config, split([large, large, large, tiny], ['cat', 'cat', 'dog', 'dog']), {'cat': 1, 'dog': 2}
  )

  assert found.anchored == {'all': 0.75, 'small': 0.0, 'large': 1.0, 'class cat': 1.0, 'class dog': 0.5}
  assert found.below_stride == 0.25
  assert any('only 75% of the boxes have an anchor' in warning for warning in found.warnings)
  assert any('smaller than the finest stride, 8 px' in warning for warning in found.warnings)


def test_boxes_are_measured_after_resizing():
  square = patching.complete()
  kept = patching.complete('efficientdet_d0_512')
  wide = split([[0, 0, 0.5, 0.5]], size=(100, 400))

  assert data_checks.in_model_pixels(square, wide).tolist() == [[0, 0, 160, 160]]
  assert data_checks.in_model_pixels(kept, wide).tolist() == [[0, 0, 64, 256]]


def test_anchors_that_meet_every_box_are_left_alone():
  assert data_checks.check(patching.complete(), split([[0.1, 0.1, 0.5, 0.5]]), {'cat': 1}).suggestions == {}


@pytest.mark.parametrize(
  ('given', 'known', 'expected'),
  [
    pytest.param(
      split([[0, 0, 1, 1]], ['cow']), {'cat': 1}, 'not in the label map, so left out of training: cow', id='class'
    ),
    pytest.param(split([[0, 0, 1, 1]]), {'cat': 1, 'dog': 2}, 'not in the train split: dog', id='no example'),
    pytest.param(split([[0, 0, 1, 1]] * 101, images=1), {'cat': 1}, 'max_number_of_boxes is 100', id='crowd'),
    pytest.param(split([[0, 0, 1, 1]], images=1), {'cat': 1}, 'batches of 4, but 1 images', id='few images'),
  ],
)
def test_data_that_does_not_fit_is_warned_of(given, known, expected):
  found = data_checks.check(patching.complete(), given, known)

  assert any(expected in warning for warning in found.warnings)
  assert expected in data_checks.render(found)


def test_a_name_without_boxes_is_no_trouble_where_others_share_its_id():
  given = split([[0, 0, 1, 1]] * 8, ['cat'] * 8, images=8)
  assert data_checks.check(patching.complete(), given, {'object': 1, 'cat': 1}).warnings == []


def test_no_boxes_and_no_anchors_are_no_trouble():
  assert data_checks.check(patching.complete(), split([]), {}).anchored == {}
  assert (
    data_checks.check(patching.complete('centernet_resnet50_v2_512'), split([[0, 0, 1, 1]]), {'cat': 1}).anchored == {}
  )


def test_a_batch_no_gpu_holds_is_warned_of_with_one_that_fits():
  found = data_checks.check(patching.complete('efficientdet_d2_768', **{'train_config.batch_size': 128}), split([]), {})

  assert any('a batch of 128 takes some' in warning for warning in found.warnings)
  assert data_checks.check(patching.complete('ssd_mobilenet_v2_fpnlite_cpu_160'), split([]), {}).warnings == []
