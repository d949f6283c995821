"""Non-maximum suppression of a whole batch at once, with the results of the OD API's, which loops image by class.

Suppression goes from the best score down, and what comes later changes nothing before it. So the best pairs of box and
class are enough, as long as they yield as many detections as are asked for; only where they do not, all pairs are gone
through. One `tf.image.combined_non_max_suppression` does it. It is given ranks in place of scores: they tell where a
detection came from, and break ties as the OD API does, by class and then by box.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import tensorflow as tf
from object_detection.core import post_processing

_BEST = 1024  # pairs of box and class that are looked at first, of each image
_MOST_RANKS = 2**24 - 1  # whole numbers that float32 tells apart
# Attributes in which the OD API's models keep their suppression.
_ATTRIBUTES = ('_non_max_suppression_fn', '_first_stage_nms_fn', '_second_stage_nms_fn')
_PLAIN = {
  'use_static_shapes': False,
  'use_class_agnostic_nms': False,
  'use_partitioned_nms': False,
  'use_combined_nms': False,
  'soft_nms_sigma': 0.0,
}
_KEYPOINTS = 'keypoints'

Suppression = Callable[..., tuple]


@contextlib.contextmanager
def in_batches(model: Any) -> Iterator[None]:
  """While the block traces a graph, the model suppresses a batch at once, wherever that gives the same detections."""
  own = {name: value for name in _ATTRIBUTES if (value := getattr(model, name, None)) is not None}
  for name, value in own.items():
    setattr(model, name, batched(value))
  try:
    yield
  finally:
    for name, value in own.items():
      setattr(model, name, value)


def batched(original: Suppression) -> Suppression:
  """A function that takes and returns what `batch_multiclass_non_max_suppression` of the OD API does.

  Args:
    original: functools.partial of it with the settings. It is called where they, or what is to be suppressed, ask for
      more than boxes by class: masks, keypoints, soft or class-agnostic suppression.
  """
  if not isinstance(original, functools.partial):
    return original
  if original.func is not post_processing.batch_multiclass_non_max_suppression:
    return original
  own = original.keywords

  def suppress(boxes: tf.Tensor, scores: tf.Tensor, **given: Any) -> tuple:
    settings = {**own, **given}
    plain = all(settings.get(name, value) == value for name, value in _PLAIN.items())
    extra = settings.get('additional_fields') or {}
    missing = settings.get('clip_window') is None or not settings.get('max_total_size')
    if not plain or missing or settings.get('masks') is not None or _KEYPOINTS in extra or scores.shape[2] is None:
      return original(boxes, scores, **given)
    return _suppress(boxes, scores, settings, extra)

  return suppress


@dataclasses.dataclass(frozen=True)
class _Pairs:
  """All pairs of box and class of a batch.

  boxes: [B, N, q, 4]; q is 1, or the number of classes where each class has boxes of its own.
  scores: [B, N * C], box by box.
  classes: C.
  threshold: pairs with this score, or a lower one, are left out.
  """

  boxes: tf.Tensor
  scores: tf.Tensor
  classes: int
  threshold: float

  def best(self, number: tf.Tensor) -> _Best:
    """The best `number` pairs of each image."""
    scores, place = tf.math.top_k(self.scores, number)
    # As the OD API: what a negative score has is suppressed, but does not count. NaN is below every threshold.
    counts = (scores > self.threshold) & (scores >= 0)
    return _Best(scores, place, tf.where(counts, tf.cast(tf.range(number, 0, -1), tf.float32), 0.0))

  def boxes_at(self, place: tf.Tensor) -> tf.Tensor:
    """The boxes [B, M, 4] at places [B, M] in `scores`."""
    if self.boxes.shape[2] == 1:
      return tf.gather(self.boxes[:, :, 0], place // self.classes, batch_dims=1)
    return tf.gather(tf.reshape(self.boxes, [tf.shape(self.boxes)[0], -1, 4]), place, batch_dims=1)


class _Best(NamedTuple):
  """The best R pairs of each image, the best first; all [B, R].

  scores, place: which, and where they are in _Pairs.scores.
  rank: R for the best, 1 for the last, 0 for those that are left out.
  """

  scores: tf.Tensor
  place: tf.Tensor
  rank: tf.Tensor


class _Kept(NamedTuple):
  """What suppression left: places [B, M] in _Pairs.scores, the best first; and whether there is something, [B, M]."""

  place: tf.Tensor
  is_there: tf.Tensor


def _suppress(
  boxes: tf.Tensor, scores: tf.Tensor, settings: Mapping[str, Any], extra: Mapping[str, tf.Tensor]
) -> tuple:
  num_valid = settings.get('num_valid_boxes')
  if num_valid is not None:
    is_valid = tf.range(tf.shape(scores)[1])[tf.newaxis] < num_valid[:, tf.newaxis]
    scores = tf.where(is_valid[..., tf.newaxis], scores, scores.dtype.min)
  flat = tf.reshape(scores, [tf.shape(scores)[0], -1])
  pairs = _Pairs(boxes, flat, scores.shape[2], settings['score_thresh'])
  window = tf.convert_to_tensor(settings['clip_window'])
  window = (window if window.shape.rank == 2 else window[tf.newaxis])[:, tf.newaxis]

  best, is_enough = _among_best(pairs, settings, window)
  place, is_there = tf.cond(is_enough, lambda: best, lambda: _among_all(pairs, settings))
  found, is_there = _clipped(pairs.boxes_at(place), window, is_there)
  if settings.get('change_coordinate_frame'):
    size = window[..., 2:] - window[..., :2]
    found = (found - tf.tile(window[..., :2], [1, 1, 2])) * tf.tile(1.0 / size, [1, 1, 2])
  label, own_scores = place % pairs.classes, tf.gather(flat, place, batch_dims=1)
  # The order of the OD API: by score, then by class, then by box. What is not there comes last.
  by_class = tf.argsort(label, stable=True)
  by_score = tf.gather(tf.where(is_there, -own_scores, 1.0), by_class, batch_dims=1)
  first = tf.argsort(by_score, stable=True)[:, : settings['max_total_size']]
  order = tf.ensure_shape(tf.gather(by_class, first, batch_dims=1), [None, settings['max_total_size']])
  is_found = tf.gather(is_there, order, batch_dims=1)

  def ordered(values: tf.Tensor) -> tf.Tensor:
    kept = tf.gather(values, order, batch_dims=1)
    there = tf.reshape(is_found, tf.concat([tf.shape(is_found), tf.ones([kept.shape.rank - 2], tf.int32)], axis=0))
    return tf.where(there, kept, tf.zeros_like(kept))

  fields = {name: ordered(tf.gather(extra[name], place // pairs.classes, batch_dims=1)) for name in sorted(extra)}
  number = tf.reduce_sum(tf.cast(is_found, tf.int32), axis=1)
  return ordered(found), ordered(own_scores), ordered(tf.cast(label, tf.float32)), None, fields or None, number


def _among_best(pairs: _Pairs, settings: Mapping[str, Any], window: tf.Tensor) -> tuple[_Kept, tf.Tensor]:
  """(what is left of the best pairs, whether these are the detections that would be left of all)"""
  total = tf.shape(pairs.scores)[1]
  number = tf.minimum(_BEST, total)
  best = pairs.best(number)
  # Twice as many as are asked for: some may lie outside the window.
  kept = _of_pairs(pairs, best, settings, 2 * settings['max_total_size'])
  _, is_found = _clipped(pairs.boxes_at(kept.place), window, kept.is_there)
  # A pair that is not among the best may have the last one's score, and a lower class.
  is_above = tf.gather(pairs.scores, kept.place, batch_dims=1) > best.scores[:, -1:]
  is_full = tf.reduce_sum(tf.cast(is_found & is_above, tf.int32), axis=1) >= settings['max_total_size']
  has_all = ((number == total) | (best.rank[:, -1] == 0)) & ~kept.is_there[:, -1]
  return kept, tf.reduce_all(is_full | has_all)


def _among_all(pairs: _Pairs, settings: Mapping[str, Any]) -> _Kept:
  """What is left of all pairs."""
  most = max(pairs.classes * settings['max_size_per_class'], settings['max_total_size'])
  batch, total = tf.unstack(tf.shape(pairs.scores))
  best = pairs.best(tf.minimum(total, _MOST_RANKS))
  if pairs.boxes.shape[2] != 1:  # those of a second stage, which are few
    return _of_pairs(pairs, best, settings, most)
  rows = tf.zeros_like(best.place) + tf.range(batch)[:, tf.newaxis]
  ranks = tf.scatter_nd(tf.stack([rows, best.place], axis=2), best.rank, [batch, total])
  return _kept(pairs.boxes, tf.reshape(ranks, [batch, -1, pairs.classes]), best, settings, most)


def _of_pairs(pairs: _Pairs, best: _Best, settings: Mapping[str, Any], most: int) -> _Kept:
  """What is left of the best pairs, each with its box."""
  ranks = best.rank[..., tf.newaxis] * tf.one_hot(best.place % pairs.classes, pairs.classes)
  return _kept(pairs.boxes_at(best.place)[:, :, tf.newaxis], ranks, best, settings, most)


def _kept(boxes: tf.Tensor, ranks: tf.Tensor, best: _Best, settings: Mapping[str, Any], most: int) -> _Kept:
  """Suppresses.

  Args:
    boxes: [B, X, 1, 4].
    ranks: [B, X, C], of the boxes; 0 for none.
    best: the pairs that have these ranks.
    settings: of suppression.
    most: M, how many are kept of all classes.
  """
  _, kept, _, _ = tf.image.combined_non_max_suppression(
    boxes,
    ranks,
    max_output_size_per_class=settings['max_size_per_class'],
    max_total_size=most,
    iou_threshold=settings['iou_thresh'],
    score_threshold=0.5,
    clip_boxes=False,
  )
  is_there = kept > 0
  behind = tf.where(is_there, tf.shape(best.place)[1] - tf.cast(kept, tf.int32), 0)
  return _Kept(tf.gather(best.place, behind, batch_dims=1), is_there)


def _clipped(boxes: tf.Tensor, window: tf.Tensor, is_there: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
  """(boxes [B, M, 4] cut to the window [B, 1, 4], `is_there` where anything of them is inside)"""
  low, high = tf.tile(window[..., :2], [1, 1, 2]), tf.tile(window[..., 2:], [1, 1, 2])
  inside = tf.maximum(tf.minimum(boxes, high), low)
  sides = inside[..., 2:] - inside[..., :2]
  return inside, is_there & (sides[..., 0] * sides[..., 1] > 0)
