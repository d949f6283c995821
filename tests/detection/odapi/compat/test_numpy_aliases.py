import numpy as np

from detection.odapi import compat


def test_the_pascal_evaluators_metrics_take_floats_and_no_ground_truth():
  compat.apply()
  from object_detection.utils import metrics

  precision, recall = metrics.compute_precision_recall(np.array([0.9, 0.8]), np.array([1.0, 0.0]), 1)
  assert precision.tolist() == [1.0, 0.5]
  assert recall.tolist() == [1.0, 1.0]
  assert np.isnan(metrics.compute_average_precision(None, None))
