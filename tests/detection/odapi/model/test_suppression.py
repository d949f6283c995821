"""Suppression of a whole batch finds what the OD API's loops find, in the same order, to the last bit."""

import functools

import numpy as np
import pytest
import tensorflow as tf

from detection.odapi.model import suppression

WINDOW = np.array([[0, 0, 0.9, 1], [0.1, 0, 1, 0.8]], np.float32)


def scene(count, classes, seed=0):
  """Boxes [2, count, 1, 4] and scores [2, count, classes]."""
  rng = np.random.default_rng(seed)
  centre, size = rng.uniform(0, 1, (2, count, 1, 2)), rng.uniform(0.02, 0.3, (2, count, 1, 2))
  boxes = np.concatenate([centre - size / 2, centre + size / 2], axis=-1)
  return boxes.astype(np.float32), (1 / (1 + np.exp(-rng.normal(-5, 2, (2, count, classes))))).astype(np.float32)


def original(**settings):
  from object_detection.core import post_processing

  defaults = {
    'score_thresh': 1e-8,
    'iou_thresh': 0.6,
    'max_size_per_class': 30,
    'max_total_size': 30,
    'change_coordinate_frame': True,
  }
  return functools.partial(post_processing.batch_multiclass_non_max_suppression, **{**defaults, **settings})


def crowded(boxes, scores):
  """So many copies of a few boxes that the best pairs leave too few detections."""
  boxes = boxes.copy()
  boxes[:, 40:] = boxes[:, :1]
  return boxes, np.where(np.arange(boxes.shape[1])[:, np.newaxis] < 40, scores * 1e-3, scores)


def tied(boxes, scores):
  return boxes, np.round(scores, 2)


def mostly_outside(boxes, scores):
  return boxes + np.float32(1.1) * (np.arange(boxes.shape[1]) % 8 > 0)[:, np.newaxis, np.newaxis], scores


def not_numbers(boxes, scores):
  return boxes, np.concatenate([np.full_like(scores[:1], np.nan), scores[1:]])


def own_boxes(boxes, scores):
  shifts = np.linspace(0, 0.05, scores.shape[2], dtype=np.float32)
  return boxes + shifts[:, np.newaxis], scores


def as_it_is(boxes, scores):
  return boxes, scores


@pytest.mark.parametrize('change', [as_it_is, crowded, tied, mostly_outside, not_numbers, own_boxes])
def test_detections_are_those_of_the_od_api(change):
  boxes, scores = change(*scene(900, 3))
  assert_equal(original(), boxes, scores)


@pytest.mark.parametrize(
  'settings',
  [
    pytest.param({'max_size_per_class': 2}, id='few of a class'),
    pytest.param({'max_size_per_class': 400, 'max_total_size': 400}, id='more than there are'),
    pytest.param({'score_thresh': 0.3}, id='a high threshold'),
    pytest.param({'use_hard_nms': True, 'change_coordinate_frame': False}, id='by the older kernel'),
  ],
)
def test_settings_are_kept(settings):
  assert_equal(original(**settings), *scene(300, 2, seed=1))


def test_boxes_that_are_padding_are_left_out():
  assert_equal(original(), *scene(200, 2), num_valid_boxes=tf.constant([3, 150]))


def test_what_asks_for_more_goes_to_the_od_api():
  soft = original(soft_nms_sigma=0.5)
  assert_equal(soft, *scene(50, 2))
  assert suppression.batched(assert_equal) is assert_equal


def test_a_model_has_its_own_suppression_again_afterwards():
  class Model:
    _first_stage_nms_fn = None

  model, own = Model(), original()
  model._non_max_suppression_fn = own
  with suppression.in_batches(model):
    assert model._non_max_suppression_fn is not own
  assert model._non_max_suppression_fn is own
  assert not hasattr(model, '_second_stage_nms_fn')


def assert_equal(od_api, boxes, scores, **given):
  """The OD API's results and ours are equal, and so are the fields that go along with the boxes."""
  arguments = {'clip_window': tf.constant(WINDOW), 'additional_fields': {'all': tf.constant(scores)}, **given}
  boxes, scores = tf.constant(boxes), tf.constant(scores)
  theirs = od_api(boxes, scores, **arguments)
  ours = tf.function(lambda: suppression.batched(od_api)(boxes, scores, **arguments), autograph=False)()
  for their, our in zip((*theirs[:3], theirs[4]['all'], theirs[5]), (*ours[:3], ours[4]['all'], ours[5]), strict=True):
    assert their.dtype == our.dtype
    np.testing.assert_array_equal(our, their)
